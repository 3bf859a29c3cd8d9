#define CAF_SUITE governance_proposal

#include "actors/governance/proposal.hpp"
#include "actors/governance/tally.hpp"
#include "helpers.hpp"

#include <caf/test/unit_test.hpp>

/// Which proposals can be voted on.
namespace bpci::governance {

namespace {

using namespace testing;

constexpr auto now = timestamp_ms{1'000};

proposal by_admin(const std::string& type, const std::string& content) {
  proposal x;
  x.proposal_type = type;
  x.content = content;
  return x;
}

/// "ok", or the refusal's name.
std::string refusal_of(const auto& x) {
  if (x) return "ok";
  const auto& detail = x.error().detail;
  return detail.substr(0, detail.find(':'));
}

std::string prepared(const proposal& x, const bridge_rules& rules = {}) {
  return refusal_of(prepare(x, rules, now));
}

std::string admitted(const std::string& type, const std::string& content) {
  return prepared(by_admin(type, content));
}

} // namespace

CAF_TEST(each type of proposal needs its members) {
  struct row {
    const char* type;
    const char* content;
    const char* verdict;
  };
  for (const auto& x : std::initializer_list<row>{
           {"NetworkParameter", R"({"parameter": "max_block_size", "new_value": 2048})", "ok"},
           {"NetworkParameter", R"({"parameter": "max_connections", "value": 2000})", "ok"},
           {"NetworkParameter", R"({"parameter": "p", "proposed_value": false})", "ok"},
           {"NetworkParameter", R"({"parameter": "max_block_size"})", "content_not_allowed"},
           {"NetworkParameter", R"({"parameter": "", "value": 1})", "content_not_allowed"},
           {"NodeMembership", R"({"node_id": "bank-1", "action": "Admit"})", "ok"},
           {"NodeMembership", R"({"node_id": "bank 1", "action": "Admit"})", "content_not_allowed"},
           {"NodeMembership", R"({"node_id": "bank-1", "action": "Kill"})", "content_not_allowed"},
           {"ProtocolUpgrade", R"({"version": "1.1"})", "ok"},
           {"ProtocolUpgrade", R"({})", "content_not_allowed"},
           {"SecurityPolicy", R"({"policy": "encryption", "value": "High"})", "ok"},
           {"SecurityPolicy", R"({"value": "High"})", "content_not_allowed"},
           {"ResourceAllocation", R"({"resource": "cpu", "amount": 4, "recipient": "bank-1"})",
            "ok"},
           {"ResourceAllocation", R"({"resource": "cpu", "amount": 4})", "content_not_allowed"},
           {"EmergencyAction", R"({"action": "halt", "reason": "a key was stolen"})", "ok"},
           {"EmergencyAction", R"({"action": "halt"})", "content_not_allowed"},
           {"Custom(treasury.v2)", R"({"anything": [1, 2]})", "ok"},
           {"Custom(treasury.v2)", R"({})", "content_not_allowed"},
           {"Custom()", R"({"a": 1})", "type_unknown"},
           {"Custom(a b)", R"({"a": 1})", "type_unknown"},
           {"networkparameter", R"({"parameter": "p", "value": 1})", "type_unknown"},
           {"NetworkParameter", R"(["parameter", "value"])", "content_not_allowed"},
           {"NetworkParameter", R"({"parameter": )", "content_not_allowed"},
           {"NetworkParameter", "{\"parameter\": \"\xff\", \"value\": 1}", "content_not_allowed"},
       }) {
    CAF_MESSAGE(x.type << " " << x.content);
    CAF_CHECK_EQUAL(admitted(x.type, x.content), x.verdict);
  }
}

CAF_TEST(a content that is too large is refused) {
  auto content = R"({"a": ")" + std::string(content_bytes_max, 'x') + "\"}";
  CAF_CHECK_EQUAL(admitted("Custom(a)", content), "content_too_large");
}

CAF_TEST(what an admin leaves out is filled in) {
  const auto x = prepare(by_admin("NetworkParameter", R"({"parameter": "p", "value": 1})"),
                         {.min_voters = 4, .threshold = 6'800}, now)
                     .value();
  CAF_CHECK(x.proposal_id.starts_with("prop-"));
  CAF_CHECK(is_valid_id(x.proposal_id));
  CAF_CHECK_EQUAL(x.created_at, now);
  CAF_CHECK_EQUAL(x.voting_deadline, timestamp_ms{now.get() + deadline_default_ms});
  CAF_CHECK_EQUAL(x.required_threshold, 6'800u);
  CAF_CHECK_EQUAL(x.minimum_votes, 4u);
  const auto low =
      prepare(by_admin("ProtocolUpgrade", R"({"version": "2"})"), {.threshold = 5'100}, now)
          .value();
  CAF_CHECK_EQUAL(low.required_threshold, threshold_min);
}

CAF_TEST(the id of a proposal without one follows from what it asks for and not from when) {
  const auto id = [](const proposal& x, std::int64_t at) {
    return prepare(x, {}, timestamp_ms{at}).value().proposal_id;
  };
  const auto upgrade = by_admin("ProtocolUpgrade", R"({"version": "2"})");
  const auto other = by_admin("ProtocolUpgrade", R"({"version": "3"})");
  CAF_CHECK_EQUAL(id(upgrade, 1'000), id(upgrade, 2'000));
  CAF_CHECK(id(upgrade, 1'000) != id(other, 1'000));
}

CAF_TEST(a signed proposal names its own terms) {
  CAF_CHECK_EQUAL(prepared(signed_proposal(a_proposal())), "ok");
  CAF_CHECK_EQUAL(prepared(signed_proposal(a_proposal(3, 0))), "terms_missing");
  auto endless = a_proposal();
  endless.voting_deadline = {};
  CAF_CHECK_EQUAL(prepared(signed_proposal(endless)), "terms_missing");
  CAF_CHECK_EQUAL(prepared(signed_proposal(a_proposal(2))), "minimum_not_allowed");
  CAF_CHECK_EQUAL(prepared(a_proposal()), "bad_signature");
  const auto given = signed_proposal(a_proposal());
  CAF_CHECK(prepare(given, {}, now).value() == given);
}

CAF_TEST(an emergency is short and needs more) {
  const auto content = R"({"action": "halt", "reason": "a key was stolen"})";
  auto x = prepare(by_admin("EmergencyAction", content), {}, now).value();
  CAF_CHECK(is_emergency(x));
  CAF_CHECK_EQUAL(x.voting_deadline, timestamp_ms{61'000});
  CAF_CHECK_EQUAL(x.required_threshold, emergency_threshold_min);
  CAF_CHECK_EQUAL(x.minimum_participation, emergency_participation_min);
  CAF_CHECK_EQUAL(refusal_of(check_terms(x, 3, now)), "ok");
  x.required_threshold = 7'499;
  CAF_CHECK_EQUAL(refusal_of(check_terms(x, 3, now)), "threshold_not_allowed");
  auto late = by_admin("EmergencyAction", content);
  late.voting_deadline = timestamp_ms{61'001};
  CAF_CHECK_EQUAL(prepared(late), "deadline_too_far");
}

CAF_TEST(terms that could not be met or would not be safe are refused) {
  const auto verdict = [](proposal x, std::uint64_t voters = 3) {
    return refusal_of(check_terms(x, voters, now));
  };
  auto x = a_proposal();
  CAF_CHECK_EQUAL(verdict(x), "ok");
  CAF_CHECK_EQUAL(verdict(x, 2), "too_few_voters");
  CAF_CHECK_EQUAL(verdict(a_proposal(3, 6'666)), "threshold_not_allowed");
  CAF_CHECK_EQUAL(verdict(a_proposal(3, 6'667)), "ok");
  CAF_CHECK_EQUAL(verdict(a_proposal(3, 10'000)), "ok");
  CAF_CHECK_EQUAL(verdict(a_proposal(3, 10'001)), "threshold_not_allowed");
  x.voting_deadline = now;
  CAF_CHECK_EQUAL(verdict(x), "deadline_passed");
  x.voting_deadline = timestamp_ms{now.get() + deadline_max_ms + 1};
  CAF_CHECK_EQUAL(verdict(x), "deadline_too_far");
  x = a_proposal();
  x.minimum_participation = 10'001;
  CAF_CHECK_EQUAL(verdict(x), "minimum_not_allowed");
}

CAF_TEST(a bridge that is switched off takes nothing) {
  const auto verdict = prepared(signed_proposal(a_proposal()), {.enabled = false});
  CAF_CHECK_EQUAL(verdict, "bridge_disabled");
}

} // namespace bpci::governance
