#include "actors/genesis_block.hpp"

#include "actors/consensus/signing.hpp"
#include "actors/consensus/validator_set.hpp"

namespace bpci {

ledger::header_hashes hashes_of_genesis(const std::vector<consensus::validator>& validators) {
  const consensus::block nothing;
  return {consensus::transactions_root(nothing), consensus::evidence_root(nothing),
          consensus::validators_hash(validators), consensus::parent_seals_root(nothing)};
}

consensus::chain_head genesis_head(const ledger::genesis& x) {
  consensus::chain_head out;
  out.head = ledger::genesis_header(x, hashes_of_genesis(x.validators));
  out.id = consensus::block_id(out.head);
  out.validators = out.next = x.validators;
  return out;
}

} // namespace bpci
