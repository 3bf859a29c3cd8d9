#include "actors/governance/proposal.hpp"

#include "actors/governance/refusals.hpp"
#include "actors/governance/tally.hpp"
#include "messages/codec/json.hpp"
#include "messages/codec/utf8.hpp"
#include "messages/governance/signing.hpp"
#include "runtime/crypto/hash.hpp"
#include "runtime/crypto/keys.hpp"

#include <algorithm>
#include <initializer_list>

namespace bpci::governance {

namespace {

namespace json = boost::json;

constexpr std::string_view emergency_type = "EmergencyAction";
constexpr std::string_view custom_begin = "Custom(";

/// How much of a digest makes an id.
constexpr std::size_t id_digits = 40;

/// A member that has to be there, under one of these names.
using any_of = std::initializer_list<std::string_view>;

bool is_empty(const json::value& x) {
  return x.is_null() || (x.is_string() && x.get_string().empty());
}

result<void> need(const json::object& in, any_of names) {
  for (const auto name : names)
    if (const auto* found = in.if_contains(name); found && !is_empty(*found)) return {};
  std::string listed;
  for (const auto name : names)
    listed.append(listed.empty() ? "" : " or ").append(name);
  return refuse(content_not_allowed, listed + " is missing");
}

result<void> need_all(const json::object& in, std::initializer_list<any_of> members) {
  for (const auto& names : members)
    if (auto ok = need(in, names); !ok) return ok;
  return {};
}

result<void> check_membership(const json::object& in) {
  if (auto ok = need_all(in, {{"node_id"}, {"action"}}); !ok) return ok;
  const auto* node = in.at("node_id").if_string();
  if (!node || !is_valid_id(std::string_view{*node}))
    return refuse(content_not_allowed, "node_id: 1 to 64 of A-Z a-z 0-9 . _ : -");
  constexpr std::array<std::string_view, 4> actions = {"Admit", "Remove", "Suspend", "Reinstate"};
  const auto* action = in.at("action").if_string();
  if (!action || std::ranges::find(actions, std::string_view{*action}) == actions.end())
    return refuse(content_not_allowed, "action: Admit, Remove, Suspend or Reinstate");
  return {};
}

/// Values have several names in document 2.
result<void> check_setting(const json::object& in, std::string_view what) {
  return need_all(in, {{what}, {"new_value", "proposed_value", "value"}});
}

result<void> check_members(std::string_view type, const json::object& in) {
  if (type == "NetworkParameter") return check_setting(in, "parameter");
  if (type == "NodeMembership") return check_membership(in);
  if (type == "ProtocolUpgrade") return need_all(in, {{"version"}});
  if (type == "SecurityPolicy") return check_setting(in, "policy");
  if (type == "ResourceAllocation") return need_all(in, {{"resource"}, {"amount"}, {"recipient"}});
  if (type == emergency_type) return need_all(in, {{"action"}, {"reason"}});
  if (in.empty()) return refuse(content_not_allowed, "it is empty");
  return {};
}

/// As an integer that every reader keeps exact.
bool is_time(timestamp_ms x) {
  return x.get() >= 0 && x.get() <= codec::json_integer_max;
}

void fill_in(proposal& x, const bridge_rules& rules, timestamp_ms now) {
  const auto emergency = is_emergency(x);
  x.created_at = now;
  if (x.voting_deadline == timestamp_ms{})
    x.voting_deadline =
        timestamp_ms{now.get() + (emergency ? rules.emergency_ms : deadline_default_ms)};
  if (x.required_threshold == 0) x.required_threshold = std::max(rules.threshold, threshold_min);
  x.minimum_votes = std::max(x.minimum_votes, rules.min_voters);
  if (!emergency) return;
  x.required_threshold = std::max(x.required_threshold, emergency_threshold_min);
  x.minimum_participation = std::max(x.minimum_participation, emergency_participation_min);
}

result<void> check_names(const proposal& x) {
  if (!is_valid_id(x.proposal_id))
    return fail(ec::invalid_argument, "proposal_id: 1 to 64 of A-Z a-z 0-9 . _ : -");
  if (x.proposal_id == "active") // the path of the list of active rounds
    return fail(ec::invalid_argument, "proposal_id: 'active' is no proposal's");
  if (!x.proposer_node.empty() && !is_valid_id(x.proposer_node))
    return fail(ec::invalid_argument, "proposer_node: 1 to 64 of A-Z a-z 0-9 . _ : -");
  if (!is_time(x.created_at)) return fail(ec::invalid_argument, "created_at");
  if (!is_time(x.voting_deadline)) return fail(ec::invalid_argument, "voting_deadline");
  if (x.proposer_node.empty() != x.signature.empty())
    return refuse(signature_wrong, "proposer_node and signature belong together");
  return {};
}

/// Nobody but its signer could change these.
result<void> check_signed_terms(const proposal& x, const bridge_rules& rules) {
  if (x.voting_deadline == timestamp_ms{} || x.required_threshold == 0)
    return refuse(terms_missing, "a signed proposal names voting_deadline and required_threshold");
  if (x.minimum_votes < rules.min_voters)
    return refuse(minimum_not_allowed,
                  "minimum_votes: at least " + std::to_string(rules.min_voters));
  return {};
}

} // namespace

const std::array<std::string_view, 6> plain_types = {"NetworkParameter",   "NodeMembership",
                                                     "ProtocolUpgrade",    "SecurityPolicy",
                                                     "ResourceAllocation", emergency_type};

bool is_emergency(const proposal& x) noexcept {
  return x.proposal_type == emergency_type;
}

result<void> check_type(std::string_view type) {
  if (std::ranges::find(plain_types, type) != plain_types.end()) return {};
  if (type.starts_with(custom_begin) && type.ends_with(')')) {
    type.remove_prefix(custom_begin.size());
    type.remove_suffix(1);
    if (is_valid_id(type)) return {};
  }
  std::string known;
  for (const auto one : plain_types)
    known.append(one).append(", ");
  return refuse(type_unknown, known + "Custom(id)");
}

result<void> check_content(std::string_view type, const std::string& content) {
  if (content.size() > content_bytes_max)
    return refuse(content_too_large, std::to_string(content.size()) + " bytes, the limit is "
                                         + std::to_string(content_bytes_max));
  if (!codec::is_utf8(content)) return refuse(content_not_allowed, "it is not UTF-8");
  const auto parsed = codec::parse_json(content);
  if (!parsed) return refuse(content_not_allowed, parsed.error().detail);
  const auto* object = parsed->if_object();
  if (!object) return refuse(content_not_allowed, "a JSON object is needed");
  return check_members(type, *object);
}

result<proposal> prepare(proposal x, const bridge_rules& rules, timestamp_ms now) {
  if (!rules.enabled)
    return refuse(bridge_disabled, "enable_consensus_bridge is false at this node");
  if (auto ok = check_type(x.proposal_type); !ok) return ok.error();
  if (auto ok = check_content(x.proposal_type, x.content); !ok) return ok.error();
  if (x.signature.empty()) {
    if (x.proposal_id.empty())
      x.proposal_id = "prop-" + crypto::to_hex(asked_for(x)).substr(0, id_digits);
    fill_in(x, rules, now);
  }
  if (auto ok = check_names(x); !ok) return ok.error();
  if (auto ok = check_signed_terms(x, rules); !ok) return ok.error();
  if (is_emergency(x) && x.voting_deadline.get() > now.get() + rules.emergency_ms)
    return refuse(deadline_too_far, "an emergency is decided within "
                                        + std::to_string(rules.emergency_ms / 1'000) + " s");
  return x;
}

result<void> check_terms(const proposal& x, std::uint64_t voters, timestamp_ms now) {
  if (x.voting_deadline <= now)
    return refuse(deadline_passed, "by the cluster's clock it is " + std::to_string(now.get()));
  if (x.voting_deadline.get() > now.get() + deadline_max_ms)
    return refuse(deadline_too_far, "at most 366 days ahead");
  const auto least = is_emergency(x) ? emergency_threshold_min : threshold_min;
  if (x.required_threshold < least || x.required_threshold > whole)
    return refuse(threshold_not_allowed,
                  std::to_string(least) + " to " + std::to_string(whole) + " basis points");
  if (x.minimum_participation > whole)
    return refuse(minimum_not_allowed, "minimum_participation: at most the whole");
  if (is_emergency(x) && x.minimum_participation < emergency_participation_min)
    return refuse(minimum_not_allowed, "minimum_participation: at least "
                                           + std::to_string(emergency_participation_min)
                                           + " basis points in an emergency");
  if (x.minimum_votes == 0) return refuse(minimum_not_allowed, "minimum_votes: at least 1");
  if (x.minimum_votes > voters)
    return refuse(too_few_voters,
                  std::to_string(voters) + " of " + std::to_string(x.minimum_votes));
  return {};
}

bool is_signed(const bytes& message, const bytes& signature, const bytes& key) {
  crypto::public_key by;
  if (key.size() != by.bytes.size()) return false;
  std::ranges::copy(key, by.bytes.begin()); // examined when it was registered
  const auto x = crypto::signature_from_bytes(signature);
  return x && crypto::verify(by, message, *x);
}

bytes asked_for(const proposal& x) {
  auto what = x;
  // Of a signed one the same again has the same times, or it is another.
  if (x.signature.empty()) what.created_at = {};
  const auto digest = crypto::sha256(signing_bytes(what));
  return {digest.begin(), digest.end()};
}

} // namespace bpci::governance
