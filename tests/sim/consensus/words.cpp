#include "words.hpp"

#include "actors/consensus/certificates.hpp"
#include "actors/consensus/evidence.hpp"

namespace bpci::consensus::sim {

namespace {

/// Remembers nothing from run to run: it checks for all of them.
verifier checker() {
  static const model_signer anybody{0};
  return {chain_name, anybody};
}

} // namespace

bool is_sealed(const certificate& seals, height at, const hash& id,
               const std::vector<validator>& by) {
  auto check = checker();
  return seals.at == at && seals.block_id == id
         && check_certificate(seals, validator_set{by}, check).has_value();
}

bool is_sealed(const sealed_block& x, const std::vector<validator>& by) {
  return is_sealed(x.seals, x.what.head.at, block_id(x.what.head), by);
}

std::optional<address> accused_by(const evidence& x) {
  auto found = offence_of(x);
  if (!found) return std::nullopt;
  return found->by;
}

height place_of(const evidence& x) {
  auto found = offence_of(x);
  return found ? found->at : height{};
}

bool is_proven(const evidence& x, const std::vector<validator>& of) {
  auto check = checker();
  return check_evidence(x, validator_set{of}, check).has_value();
}

} // namespace bpci::consensus::sim
