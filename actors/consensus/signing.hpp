#pragma once

#include "actors/consensus/engine.hpp"

#include <set>
#include <string>

/// What is hashed and what is signed. Every preimage begins with a tag of its own and is canonical
/// (messages/codec/canonical.hpp), so none can be read as another:
///
///     signed:  "bpci/consensus/vote/1" | chain id | u8 kind | the fields before `sig`
///     hashed:  "bpci/consensus/<what>/1" | the value
///
/// Texts carry their length. The roots are those of RFC 9162, so that one item can be proven.
namespace bpci::consensus {

[[nodiscard]] bytes signing_bytes(const std::string& chain_id, const proposal& x);
[[nodiscard]] bytes signing_bytes(const std::string& chain_id, const prepare& x);
[[nodiscard]] bytes signing_bytes(const std::string& chain_id, const commit& x);
[[nodiscard]] bytes signing_bytes(const std::string& chain_id, const round_change& x);

[[nodiscard]] hash block_id(const header& x);
[[nodiscard]] hash transactions_root(const block& x);
[[nodiscard]] hash evidence_root(const block& x);
/// Over the certificate of the parent and the late seals, in this order.
[[nodiscard]] hash parent_seals_root(const block& x);
[[nodiscard]] hash justification_hash(const std::vector<round_change>& changes,
                                      const std::vector<prepare>& prepares);

/// The commit that a seal is the signature of.
[[nodiscard]] commit commit_of(const certificate& what, const seal& by);

/// Checks signatures on one chain. Remembers some that were good, by all that was signed together
/// with the signature, so that what is sent again or quoted costs a hash and not a check of a
/// curve. Never one that was bad, so nobody can fill it but validators.
class verifier {
public:
  verifier(std::string chain_id, const signer& keys)
      : chain_id_(std::move(chain_id)), keys_(&keys) {}

  [[nodiscard]] const std::string& chain_id() const noexcept { return chain_id_; }

  /// Whether `x.sig` is x.by's. Whether x.by has a say is another question.
  template <class Vote>
  [[nodiscard]] bool operator()(const Vote& x) {
    return good(x.by, signing_bytes(chain_id_, x), x.sig);
  }

  /// What the holder of the key has just signed is good, and need not be checked when it comes
  /// back.
  template <class Vote>
  void trust(const Vote& x) {
    remember(key_of(signing_bytes(chain_id_, x), x.sig));
  }

private:
  bool good(const address& by, bytes what, const signature& sig);
  void remember(const hash& key);
  [[nodiscard]] static hash key_of(const bytes& what, const signature& sig);

  std::string chain_id_;
  const signer* keys_;
  std::set<hash> known_;
};

/// Signs `x` in place.
template <class Vote>
void sign_with(const signer& keys, const std::string& chain_id, Vote& x) {
  x.by = keys.self();
  x.sig = keys.sign(signing_bytes(chain_id, x));
}

} // namespace bpci::consensus
