#include "actors/ledger/state/proof.hpp"

#include "actors/ledger/state/node.hpp"
#include "messages/codec/canonical.hpp"
#include "runtime/crypto/hash.hpp"

namespace bpci::ledger {

namespace {

/// The root that follows when `from` stands at the end of the path.
hash climb(hash from, const hash& path, const std::vector<hash>& siblings) {
  for (auto depth = siblings.size(); depth-- > 0;)
    from = state::bit(path, depth) ? state::inner_hash(siblings[depth], from)
                                   : state::inner_hash(from, siblings[depth]);
  return from;
}

bool share(const hash& a, const hash& b, std::size_t depth) {
  for (std::size_t i = 0; i < depth; ++i)
    if (state::bit(a, i) != state::bit(b, i)) return false;
  return true;
}

} // namespace

result<state_proof> decode_state_proof(std::span<const std::uint8_t> data) {
  if (data.size() > state_proof_bytes_max)
    return fail(ec::too_large,
                "a state proof has at most " + std::to_string(state_proof_bytes_max) + " bytes");
  auto out = codec::from_canonical<state_proof>(data);
  if (out && out->siblings.size() > state::depth_max)
    return fail(ec::malformed, "a state proof has at most 256 siblings");
  return out;
}

bool verify_inclusion(const hash& root, std::string_view key, std::span<const std::uint8_t> value,
                      const state_proof& proof) {
  if (proof.siblings.size() > state::depth_max || proof.other) return false;
  auto path = path_of(key);
  return climb(state::leaf_hash(path, crypto::sha256(value)), path, proof.siblings) == root;
}

bool verify_exclusion(const hash& root, std::string_view key, const state_proof& proof) {
  if (proof.siblings.size() > state::depth_max) return false;
  auto path = path_of(key);
  if (!proof.other) return climb(hash{}, path, proof.siblings) == root;
  const auto& other = *proof.other;
  if (other.path == path || !share(other.path, path, proof.siblings.size())) return false;
  return climb(state::leaf_hash(other.path, other.value_hash), path, proof.siblings) == root;
}

} // namespace bpci::ledger
