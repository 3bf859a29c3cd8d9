#define CAF_SUITE client_consensus

#include "gateways/clients/cpp/consensus.hpp"
#include "messages/governance/signing.hpp"

#include <caf/test/unit_test.hpp>

/// Proposals and votes as a BPI node signs them.
namespace bpci::client {

namespace {

crypto::key_pair keys() {
  std::array<std::uint8_t, 32> seed{};
  seed.fill(7);
  return crypto::from_seed(seed);
}

bool holds(const bytes& message, const bytes& signature) {
  return crypto::verify(keys().pub, message, crypto::signature_from_bytes(signature).value());
}

governance::proposal a_proposal() {
  governance::proposal x;
  x.proposal_id = "prop-1";
  x.proposer_node = "bank-a";
  x.proposal_type = "ProtocolUpgrade";
  x.content = R"({"version": "2"})";
  return x;
}

} // namespace

CAF_TEST(a proposal is signed as it stands) {
  auto x = sign(a_proposal(), keys());
  CAF_CHECK(holds(governance::signing_bytes(x), x.signature));
  CAF_CHECK(digest_of(x) == digest_of(a_proposal()));
  x.content = "{}";
  CAF_CHECK(!holds(governance::signing_bytes(x), x.signature));
}

CAF_TEST(a vote holds for its proposal and for no other) {
  const auto mine = digest_of(a_proposal());
  const auto x = sign(governance::vote{"prop-1", "bank-a", governance::decision::Reject, "no",
                                       timestamp_ms{5}, {}},
                      mine, keys());
  CAF_CHECK(holds(governance::signing_bytes(x, mine), x.signature));
  auto other = a_proposal();
  other.content = "{}";
  CAF_CHECK(!holds(governance::signing_bytes(x, digest_of(other)), x.signature));
}

} // namespace bpci::client
