#define CAF_SUITE wire_governance

#include "messages/governance/signing.hpp"
#include "runtime/crypto/keys.hpp"
#include "tests/wire/golden.hpp"
#include "tests/wire/samples.hpp"

#include <caf/test/unit_test.hpp>

// What the signatures of proposals and votes cover (docs/governance.md). The key is that of the
// seed 00..1f, as in all golden files.

using namespace bpci;
using namespace bpci::governance;
using namespace bpci::wire;

namespace {

crypto::key_pair client_keys() {
  std::array<std::uint8_t, 32> seed{};
  for (std::size_t i = 0; i < seed.size(); ++i)
    seed[i] = static_cast<std::uint8_t>(i);
  return crypto::from_seed(seed);
}

bytes signature_of(const bytes& message) {
  const auto out = crypto::sign(client_keys().secret, message);
  return {out.bytes.begin(), out.bytes.end()};
}

proposal sample_proposal() {
  proposal x;
  x.proposal_id = "prop-001";
  x.proposer_node = "oracle-001";
  x.proposal_type = "Custom(fees)";
  x.content = "{\"text\": \"gr\u00fc\u00df\", \"value\": 2048}";
  x.created_at = timestamp_ms{1'735'600'000'123};
  x.voting_deadline = timestamp_ms{1'735'689'599'000};
  x.minimum_votes = 5;
  x.required_threshold = 6'700;
  x.minimum_participation = 7'500;
  return x;
}

vote sample_vote() {
  return {"prop-001",
          "validator-001",
          decision::Abstain,
          "Improves scalability \u2713",
          timestamp_ms{1'735'600'001'456},
          {}};
}

crypto::digest sample_digest() {
  return crypto::sha256(signing_bytes(sample_proposal()));
}

void check_signed(const std::string& name, const bytes& covered) {
  CAF_CHECK(matches_golden(name + ".signing.hex", to_hex_lines(covered)));
  const auto signature = signature_of(covered);
  CAF_CHECK(matches_golden(name + ".signature.hex", to_hex_lines(signature)));
  CAF_CHECK(signed_by(client_key(), covered, signature));
}

} // namespace

CAF_TEST(a proposal is signed over its canonical bytes) {
  check_signed("proposal", signing_bytes(sample_proposal()));
}

CAF_TEST(a vote is signed over its canonical bytes and the digest of its proposal) {
  check_signed("vote", signing_bytes(sample_vote(), sample_digest()));
}

CAF_TEST(every member of a proposal is covered) {
  const auto whole = signing_bytes(sample_proposal());
  const auto differs = [&](auto change) {
    auto x = sample_proposal();
    change(x);
    return signing_bytes(x) != whole;
  };
  CAF_CHECK(differs([](proposal& x) { x.proposal_id += "2"; }));
  CAF_CHECK(differs([](proposal& x) { x.proposer_node += "2"; }));
  CAF_CHECK(differs([](proposal& x) { x.proposal_type = "NetworkParameter"; }));
  CAF_CHECK(differs([](proposal& x) { x.content += " "; }));
  CAF_CHECK(differs([](proposal& x) { x.created_at = {}; }));
  CAF_CHECK(differs([](proposal& x) { x.voting_deadline = {}; }));
  CAF_CHECK(differs([](proposal& x) { ++x.minimum_votes; }));
  CAF_CHECK(differs([](proposal& x) { ++x.required_threshold; }));
  CAF_CHECK(differs([](proposal& x) { ++x.minimum_participation; }));
}

CAF_TEST(every member of a vote is covered) {
  const auto digest = sample_digest();
  const auto whole = signing_bytes(sample_vote(), digest);
  const auto differs = [&](auto change) {
    auto x = sample_vote();
    change(x);
    return signing_bytes(x, digest) != whole;
  };
  CAF_CHECK(differs([](vote& x) { x.proposal_id += "2"; }));
  CAF_CHECK(differs([](vote& x) { x.voter_node += "2"; }));
  CAF_CHECK(differs([](vote& x) { x.decision = decision::Approve; }));
  CAF_CHECK(differs([](vote& x) { x.reasoning.clear(); }));
  CAF_CHECK(differs([](vote& x) { x.timestamp = {}; }));
  auto other = digest;
  other[31] ^= 1;
  CAF_CHECK(signing_bytes(sample_vote(), other) != whole);
}

CAF_TEST(bytes cannot move from one member of a vote to the next unseen) {
  const auto digest = sample_digest();
  auto one = sample_vote();
  auto other = sample_vote();
  one.proposal_id = "ab";
  one.voter_node = "c";
  other.proposal_id = "a";
  other.voter_node = "bc";
  CAF_CHECK(signing_bytes(one, digest) != signing_bytes(other, digest));
}
