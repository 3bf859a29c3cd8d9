#include "actors/consensus/signing.hpp"

#include "messages/codec/canonical.hpp"
#include "runtime/crypto/hash.hpp"
#include "runtime/crypto/merkle.hpp"

namespace bpci::consensus {

namespace {

/// About what four heights of a hundred validators need.
constexpr std::size_t known_max = 4'096;

enum class vote_kind : std::uint8_t { proposal = 1, prepare = 2, commit = 3, round_change = 4 };

template <class Vote>
bytes signed_part(const std::string& chain_id, vote_kind kind, const Vote& x) {
  codec::canonical_writer out;
  out(std::string{"bpci/consensus/vote/1"})(chain_id)(kind);
  for_each_field(x, [&](const char*, const auto& field) {
    if constexpr (!std::is_same_v<std::decay_t<decltype(field)>, signature>) out(field);
  });
  return out.take();
}

template <class T>
std::vector<bytes> leaves_of(const std::vector<T>& all) {
  std::vector<bytes> out;
  out.reserve(all.size());
  for (const auto& x : all)
    out.push_back(codec::to_canonical(x));
  return out;
}

} // namespace

bytes signing_bytes(const std::string& chain_id, const proposal& x) {
  return signed_part(chain_id, vote_kind::proposal, x);
}

bytes signing_bytes(const std::string& chain_id, const prepare& x) {
  return signed_part(chain_id, vote_kind::prepare, x);
}

bytes signing_bytes(const std::string& chain_id, const commit& x) {
  return signed_part(chain_id, vote_kind::commit, x);
}

bytes signing_bytes(const std::string& chain_id, const round_change& x) {
  return signed_part(chain_id, vote_kind::round_change, x);
}

hash block_id(const header& x) {
  return crypto::sha256(codec::canonical_writer{}(std::string{"bpci/consensus/block/1"})(x).take());
}

hash transactions_root(const block& x) {
  return crypto::root(x.transactions);
}

hash evidence_root(const block& x) {
  return crypto::root(leaves_of(x.misbehaviour));
}

hash parent_seals_root(const block& x) {
  auto leaves = leaves_of(x.late_seals);
  leaves.insert(leaves.begin(), codec::to_canonical(x.parent_seals));
  return crypto::root(leaves);
}

hash justification_hash(const std::vector<round_change>& changes,
                        const std::vector<prepare>& prepares) {
  codec::canonical_writer out;
  out(std::string{"bpci/consensus/justification/1"})(changes)(prepares);
  return crypto::sha256(out.take());
}

commit commit_of(const certificate& what, const seal& by) {
  return {what.at, what.round, what.block_id, by.by, by.sig};
}

bool verifier::good(const address& by, bytes what, const signature& sig) {
  auto key = key_of(what, sig);
  if (known_.contains(key)) return true;
  if (!keys_->verify(by, what, sig)) return false;
  remember(key);
  return true;
}

void verifier::remember(const hash& key) {
  if (known_.size() >= known_max) known_.clear();
  known_.insert(key);
}

/// `what` names the signer, so it need not be hashed again.
hash verifier::key_of(const bytes& what, const signature& sig) {
  return crypto::sha256_joined({what, sig});
}

} // namespace bpci::consensus
