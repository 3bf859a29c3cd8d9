#pragma once

#include "messages/governance/rounds.hpp"
#include "messages/governance/signing.hpp"
#include "runtime/crypto/keys.hpp"

#include <array>
#include <initializer_list>
#include <string>
#include <utility>

/// BPI nodes that propose and vote, each with a key that follows from its name.
namespace bpci::governance::testing {

inline crypto::key_pair keys_of(const std::string& node) {
  const auto seed = crypto::sha256(crypto::as_bytes(node));
  return crypto::from_seed(seed);
}

inline bytes to_bytes(const auto& x) {
  return {x.begin(), x.end()};
}

inline bytes public_key_of(const std::string& node) {
  return to_bytes(keys_of(node).pub.bytes);
}

inline bytes signed_by(const std::string& node, const bytes& message) {
  return to_bytes(crypto::sign(keys_of(node).secret, message).bytes);
}

inline proposal signed_proposal(proposal x) {
  x.signature = signed_by(x.proposer_node, signing_bytes(x));
  return x;
}

/// Of ann, about max_block_size, until 10,000.
inline proposal a_proposal(std::uint64_t minimum_votes = 3, std::uint64_t threshold = 6'700) {
  proposal x;
  x.proposal_id = "prop-1";
  x.proposer_node = "ann";
  x.proposal_type = "NetworkParameter";
  x.content = R"({"parameter": "max_block_size", "new_value": 2048})";
  x.created_at = timestamp_ms{500};
  x.voting_deadline = timestamp_ms{10'000};
  x.minimum_votes = minimum_votes;
  x.required_threshold = threshold;
  return x;
}

inline crypto::digest digest_of(const proposal& x) {
  return crypto::sha256(signing_bytes(x));
}

/// `by` signs with the key of `key_of`, who is usually the same.
inline vote a_vote(const proposal& of, const std::string& by, decision what,
                   const std::string& reasoning = {}, const std::string& key_of = {}) {
  vote x{of.proposal_id, by, what, reasoning, timestamp_ms{700}, {}};
  x.signature = signed_by(key_of.empty() ? by : key_of, signing_bytes(x, digest_of(of)));
  return x;
}

inline open_round an_opening(const proposal& what,
                             std::initializer_list<std::pair<const char*, std::uint64_t>> voters) {
  open_round x;
  x.what = what;
  if (!what.proposer_node.empty()) x.proposer_key = public_key_of(what.proposer_node);
  x.electorate_version = 7;
  for (const auto& [node, weight] : voters)
    x.voters.push_back({node, weight, public_key_of(node)});
  x.asked = to_bytes(digest_of(what));
  return x;
}

} // namespace bpci::governance::testing
