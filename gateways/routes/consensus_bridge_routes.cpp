#include "gateways/routes/consensus_bridge_routes.hpp"

#include "gateways/api/admin_action.hpp"
#include "gateways/governance/terms_text.hpp"
#include "gateways/routes/asking.hpp"
#include "gateways/routes/body.hpp"
#include "messages/governance/bridge.hpp"
#include "runtime/crypto/token.hpp"
#include "runtime/log/log.hpp"

namespace bpci::gateway {

namespace {

using http::permission;
namespace json = boost::json;
namespace vote_bridge = bpci::governance;

constexpr auto bridge_path = vote_bridge::path::bridge;

/// BRIDGE asks two entities and the database, each with a deadline; less than
/// listen.request_timeout_secs by default.
constexpr auto bridge_answer_max = std::chrono::milliseconds{9'000};

template <class Reply, class Message, class Ok>
void ask_bridge(api_actor& self, Message what, Ok ok, refusal bad) {
  auto target = self.shared().find(bridge_path);
  if (!target) return bad({ec::restarted, bridge_path});
  self.ask<Reply>(target, bridge_answer_max, std::move(what), std::move(ok), std::move(bad));
}

result<json::object> read_object(const call& what) {
  auto body = codec::parse_json(what.request.body);
  if (!body) return body.error();
  auto* object = body->if_object();
  if (!object) return fail(ec::invalid_argument, "the body: expected an object");
  return std::move(*object);
}

/// Older names of members (document 2).
void rename(json::object& in, std::string_view older, std::string_view name) {
  if (const auto* value = in.if_contains(older); value && !in.contains(name)) {
    auto copy = *value;
    in[name] = std::move(copy);
  }
}

std::string text_of(const json::object& in, std::string_view name) {
  const auto* found = in.if_contains(name);
  const auto* text = found ? found->if_string() : nullptr;
  return text ? std::string{*text} : std::string{};
}

// -- proposals -------------------------------------------------------------------------------

/// The text that is voted on: of a string as it stands, which is what a signer sends; of a value
/// its compact serialisation.
void take_content(json::object& in) {
  auto* content = in.if_contains("content");
  if (content && !content->is_string()) *content = json::string{codec::to_text(*content)};
}

result<vote_bridge::proposal> read_proposal(json::object& in) {
  take_content(in);
  for (const auto* name : {"created_at", "voting_deadline"})
    if (auto ok = replace_time(in, name); !ok) return ok.error();
  for (const auto* name : {"required_threshold", "minimum_participation"})
    if (auto ok = replace_share(in, name); !ok) return ok.error();
  return codec::from_json<vote_bridge::proposal>(in);
}

/// A round as lists show it: what was asked for is nobody's business.
json::object shown(const vote_bridge::round_record& x) {
  auto out = codec::to_json(x).as_object();
  out.erase("asked");
  return out;
}

/// For a path that is open to whoever signs, and was called without a signature: calls `then` with
/// the call as one of whoever holds the token, or refuses it.
void with_caller(api_actor& self, const call_ptr& what, std::function<void(const call_ptr&)> then) {
  constexpr std::string_view scheme = "Bearer ";
  const auto given = what->request.headers.get("Authorization");
  if (!given.starts_with(scheme))
    return what->fail({ec::not_authenticated, "neither a signature nor a token"});
  self.shared().records->find_token(
      self, crypto::hash_token(given.substr(scheme.size())),
      [what, then = std::move(then)](const result<std::optional<std::string>>& label) {
        if (!label) return what->fail(label.error());
        if (!*label) return what->fail({ec::not_authenticated, "the token is not known"});
        auto known = std::make_shared<call>(*what);
        known->caller = (*label)->empty() ? "a token without a label" : **label;
        const log::correlation_scope whose{what->request.id};
        then(known);
      });
}

/// Of an admin: on record before it is tried.
void propose_as_admin(api_actor& self, const call_ptr& what, const json::object& in,
                      vote_bridge::proposal wanted) {
  auto why = text_of(in, "reason");
  if (why.empty()) why = "a proposal of " + wanted.proposal_type;
  const auto target = "proposal " + wanted.proposal_id;
  carry_out(self, what, {"propose", target, std::move(why)}, without_record::refuse,
            [&self, wanted = std::move(wanted)](const admin_action_ptr& deed) {
              ask_bridge<vote_bridge::round_record>(
                  self, vote_bridge::submit_proposal{wanted, deed->who()},
                  [deed](const vote_bridge::round_record& x) { deed->done(shown(x)); },
                  [deed](const failure& why_not) { deed->failed(why_not); });
            });
}

/// Open to whoever signs; without a signature an admin has to ask.
void propose(api_actor& self, const call_ptr& what) {
  auto in = read_object(*what);
  if (!in) return what->fail(in.error());
  auto wanted = read_proposal(*in);
  if (!wanted) return what->fail(wanted.error());
  if (wanted->signature.empty()) {
    return with_caller(self, what,
                       [&self, in = std::move(*in), wanted = std::move(*wanted)](
                           const call_ptr& known) { propose_as_admin(self, known, in, wanted); });
  }
  ask_bridge<vote_bridge::round_record>(
      self, vote_bridge::submit_proposal{std::move(*wanted), {}},
      [what](const vote_bridge::round_record& x) { what->ok(shown(x)); }, refuse(what));
}

// -- votes -----------------------------------------------------------------------------------

/// Open: the signature says who votes, and whether they may.
void vote(api_actor& self, const call_ptr& what) {
  auto in = read_object(*what);
  if (!in) return what->fail(in.error());
  rename(*in, "vote", "decision");
  rename(*in, "voter", "voter_node");
  if (auto ok = replace_time(*in, "timestamp"); !ok) return what->fail(ok.error());
  if (!in->contains("decision"))
    return what->fail({ec::invalid_argument, "vote: Approve, Reject or Abstain"});
  auto said = codec::from_json<vote_bridge::vote>(*in);
  if (!said) return what->fail(said.error());
  ask_bridge<vote_bridge::vote_receipt>(
      self, vote_bridge::submit_vote{std::move(*said)},
      [what](const vote_bridge::vote_receipt& x) { what->ok(codec::to_json(x)); }, refuse(what));
}

// -- reading ---------------------------------------------------------------------------------

void list(api_actor& self, const call_ptr& what, std::string standing) {
  auto limit = page_limit(*what);
  if (!limit) return what->fail(limit.error());
  ask_bridge<vote_bridge::round_page>(
      self,
      vote_bridge::list_rounds{std::move(standing), what->parameter("type"),
                               what->parameter("after"), *limit},
      [what](const vote_bridge::round_page& page) {
        json::array rows;
        for (const auto& one : page.rounds)
          rows.push_back(shown(one));
        what->ok({{"rounds", std::move(rows)}, {"next", page.next}});
      },
      refuse(what));
}

void active(api_actor& self, const call_ptr& what) {
  list(self, what, "Active");
}

void history(api_actor& self, const call_ptr& what) {
  list(self, what, what->parameter("state"));
}

void refused(api_actor& self, const call_ptr& what) {
  auto limit = page_limit(*what);
  if (!limit) return what->fail(limit.error());
  ask_bridge<vote_bridge::refused_proposal_page>(
      self, vote_bridge::list_refused_proposals{what->parameter("after"), *limit},
      [what](const vote_bridge::refused_proposal_page& x) { what->ok(codec::to_json(x)); },
      refuse(what));
}

/// Who has not voted yet, of the ballots of this page.
json::array missing(const vote_bridge::round_detail& x) {
  json::array out;
  for (const auto& one : x.ballots)
    if (!one.vote) out.push_back(json::string{one.who.node});
  return out;
}

json::array votes(const vote_bridge::round_detail& x) {
  json::array out;
  for (const auto& one : x.ballots) {
    if (!one.vote) continue;
    auto row = codec::to_json(*one.vote).as_object();
    row["weight"] = codec::to_json(one.who.weight);
    row["key"] = codec::to_json(one.who.key);
    row["counted_at"] = codec::to_json(one.counted_at);
    out.push_back(std::move(row));
  }
  return out;
}

void show(api_actor& self, const call_ptr& what) {
  auto limit = what->number("limit");
  if (!limit) return what->fail(limit.error());
  const auto id = std::string{what->parameters.get("id")};
  if (!is_valid_id(id)) return what->fail({ec::not_found, "round_unknown"});
  ask_bridge<vote_bridge::round_detail>(
      self, vote_bridge::find_round{id, what->parameter("after"), *limit},
      [what](const vote_bridge::round_detail& x) {
        auto out = shown(x.round);
        out["votes"] = votes(x);
        out["next"] = x.next;
        out["refused_votes"] = codec::to_json(x.refusals);
        const auto is_active = x.round.standing == vote_bridge::standing::Active;
        auto still = codec::to_json(x.lacking).as_object();
        still["voters"] = is_active ? missing(x) : json::array{};
        out["missing"] = std::move(still);
        what->ok(std::move(out));
      },
      refuse(what));
}

void stats(api_actor& self, const call_ptr& what) {
  self.forward<vote_bridge::bridge_stats>(what, bridge_path, vote_bridge::get_bridge_stats{},
                                          bridge_answer_max, as_json);
}

void health(api_actor& self, const call_ptr& what) {
  self.forward<vote_bridge::bridge_health>(what, bridge_path, vote_bridge::get_bridge_health{},
                                           bridge_answer_max, as_json);
}

// -- weights ---------------------------------------------------------------------------------

/// The weight of a seat in thousandths and as people write it.
json::object seat_json(const vote_bridge::seat& x) {
  return {{"node_id", x.node},
          {"weight", weight_text(x.weight)},
          {"weight_thousandths", codec::to_json(x.weight)},
          {"set_at", x.set_at.get()},
          {"set_by", x.set_by}};
}

json::value weights_json(const vote_bridge::electorate_record& x) {
  json::array rows;
  for (const auto& one : x.seats)
    rows.push_back(seat_json(one));
  return {{"version", codec::to_json(x.version)}, {"weights", std::move(rows)}};
}

void list_weights(api_actor& self, const call_ptr& what) {
  self.forward<vote_bridge::electorate_record>(what, bridge_path, vote_bridge::read_electorate{},
                                               bridge_answer_max, weights_json);
}

void set_weight(api_actor& self, const call_ptr& what) {
  auto in = read_object(*what);
  if (!in) return what->fail(in.error());
  const auto node = text_of(*in, "node_id");
  if (!is_valid_id(node))
    return what->fail({ec::invalid_argument, "node_id: 1 to 64 of A-Z a-z 0-9 . _ : -"});
  const auto* given = in->if_contains("weight");
  const auto weight =
      given ? read_weight(*given) : fail(ec::invalid_argument, "weight: is missing");
  if (!weight) return what->fail(weight.error());
  const auto target = "weight of " + node + " " + weight_text(*weight);
  carry_out(self, what, {"set-weight", target, text_of(*in, "reason")}, without_record::refuse,
            [&self, node, weight = *weight](const admin_action_ptr& deed) {
              ask_bridge<vote_bridge::electorate_record>(
                  self, vote_bridge::set_weight{node, weight, deed->who()},
                  [deed](const vote_bridge::electorate_record& x) { deed->done(weights_json(x)); },
                  [deed](const failure& why) { deed->failed(why); });
            });
}

} // namespace

std::vector<route> consensus_bridge_routes() {
  return {
      {{.method = "POST",
        .pattern = "/api/v1/consensus/proposals",
        .need = permission::open,
        .summary = "Put a proposal to the vote: signed by a BPI node, or with an admin's token"},
       propose},
      {{.method = "POST",
        .pattern = "/api/v1/consensus/votes",
        .need = permission::open,
        .summary = "Vote on a proposal, signed by a BPI node of its electorate"},
       vote},
      {{.method = "GET",
        .pattern = "/api/v1/consensus/rounds/active",
        .need = permission::read,
        .summary = "Proposals that are being voted on, newest first"},
       active},
      {{.method = "GET",
        .pattern = "/api/v1/consensus/rounds",
        .need = permission::read,
        .summary = "All proposals, newest first; by state and type"},
       history},
      {{.method = "GET",
        .pattern = "/api/v1/consensus/rounds/{id}",
        .need = permission::read,
        .summary = "One proposal: its tally, votes, refused votes, and what is still missing"},
       show},
      {{.method = "GET",
        .pattern = "/api/v1/consensus/refused",
        .need = permission::read,
        .summary = "What BPI nodes proposed and could not be put to the vote, newest first"},
       refused},
      {{.method = "GET",
        .pattern = "/api/v1/consensus/stats",
        .need = permission::read,
        .summary = "How many proposals there were, and what they came to"},
       stats},
      {{.method = "GET",
        .pattern = "/api/v1/consensus/health",
        .need = permission::open,
        .summary = "Whether the consensus bridge takes proposals, and by which rules"},
       health},
      {{.method = "GET",
        .pattern = "/api/v1/consensus/weights",
        .need = permission::read,
        .summary = "Who may vote, and with which weight"},
       list_weights},
      {{.method = "PUT",
        .pattern = "/api/v1/consensus/weights",
        .need = permission::admin,
        .summary = "Set the weight of a registered BPI node; 0 takes it out"},
       set_weight},
      {{.method = "POST",
        .pattern = "/api/v1/consensus/weights",
        .need = permission::admin,
        .summary = "The same, for clients without PUT"},
       set_weight},
  };
}

} // namespace bpci::gateway
