#include "actors/governance/bridge_actor.hpp"

#include "actors/governance/electorate.hpp"
#include "actors/governance/refusals.hpp"
#include "actors/governance/result_notice.hpp"
#include "actors/governance/round.hpp"
#include "actors/governance/round_store.hpp"
#include "actors/governance/tally.hpp"
#include "actors/governance/telemetry.hpp"
#include "messages/codec/json.hpp"
#include "messages/codec/utf8.hpp"
#include "messages/governance/signing.hpp"
#include "messages/oracle/relay.hpp"
#include "runtime/crypto/hash.hpp"
#include "runtime/entity/call.hpp"
#include "runtime/log/log.hpp"
#include "runtime/storage/sql.hpp"
#include "runtime/time/clock.hpp"

#include <algorithm>
#include <array>

namespace bpci::governance {

namespace {

using std::chrono::milliseconds;
using look_atom = caf::atom_constant<caf::atom("look")>;
using count_atom = caf::atom_constant<caf::atom("count")>;

/// How long BRIDGE waits for a query and for an entity, and how much longer for ROUTER, which
/// answers in time unless it dies. Two entities and a query are asked for one HTTP answer.
constexpr auto query_max = milliseconds{2'000};
constexpr auto entity_max = milliseconds{3'000};
constexpr auto entity_grace = milliseconds{500};

/// Votes are open to everybody: this many are under way at once, more are refused with `busy`.
constexpr std::size_t votes_in_flight_max = 256;

/// Rounds that may be active, of all proposers and of one.
constexpr std::uint64_t active_max = 1'000;
constexpr std::uint64_t active_of_proposer_max = 32;

constexpr std::uint64_t page_default = 50;
constexpr std::uint64_t page_max = 200;
constexpr std::uint64_t refusals_shown = 100;

constexpr auto look_every = milliseconds{1'000};
constexpr auto count_every = milliseconds{15'000};

/// Rounds told of at one look; how far a look reaches back, for what was committed late; and how
/// many are remembered as told, which is more than a minute's worth of the rounds that can be
/// active.
constexpr std::size_t told_at_once_max = 256;
constexpr std::int64_t look_back_ms = 10'000;
constexpr std::size_t told_max = 8'192;

std::uint64_t rows_of(std::uint64_t limit) {
  return limit == 0 ? page_default : std::min(limit, page_max);
}

template <class T>
auto refuse_with(caf::typed_response_promise<T> answer) {
  return [answer](const failure& why) mutable { answer.deliver(to_caf(why)); };
}

template <class T, class Value>
void give(caf::typed_response_promise<T>& answer, Value what) {
  answer.deliver(std::move(what));
}

/// The name of the refusal that stands ahead in the detail of this failure; empty: nothing was
/// decided on the proposal.
std::string_view refusal_name(const failure& why) {
  const auto detail = std::string_view{why.detail};
  const auto name = detail.substr(0, detail.find(':'));
  for (const auto& kind :
       {bridge_disabled, type_unknown, content_not_allowed, content_too_large, deadline_passed,
        deadline_too_far, terms_missing, threshold_not_allowed, minimum_not_allowed, too_few_voters,
        too_many_rounds, proposal_id_taken, proposer_unknown, signature_wrong})
    if (kind.name == name && kind.code == why.code) return kind.name;
  return {};
}

/// From the content, signature included: the same vote again, after a lost answer, is the same
/// command.
std::string key_of(const vote& x) {
  const auto content = codec::to_msgpack(x);
  constexpr std::size_t digits = 32;
  return "vote/" + x.voter_node + "/" + crypto::to_hex(crypto::sha256(content)).substr(0, digits);
}

result<void> check_shape(const vote& x) {
  if (!is_valid_id(x.proposal_id)) return fail(ec::invalid_argument, "proposal_id");
  if (!is_valid_id(x.voter_node)) return fail(ec::invalid_argument, "voter_node");
  if (x.reasoning.size() > reasoning_bytes_max)
    return fail(ec::too_large,
                "reasoning: at most " + std::to_string(reasoning_bytes_max) + " bytes");
  if (!codec::is_utf8(x.reasoning)) return fail(ec::invalid_argument, "reasoning: no UTF-8");
  return {};
}

/// The refusal that a vote_answer names.
failure refusal_of(const vote_answer& x) {
  for (const auto& kind : {not_a_voter, signature_wrong, voted_otherwise, voting_closed})
    if (kind.name == x.refusal) return refuse(kind, x.detail);
  return fail(ec::internal, x.refusal);
}

} // namespace

/// A proposal on its way to its round.
struct bridge_actor::opening {
  open_round order;
  caf::typed_response_promise<round_record> answer;
  std::vector<seat> seats;
};

bridge_actor::bridge_actor(caf::actor_config& cfg, bridge_options how)
    : actor_base(cfg), how_(std::move(how)) {}

caf::behavior bridge_actor::make_behavior() {
  delayed_send(this, look_every, look_atom::value);
  delayed_send(this, look_every, count_atom::value);
  return {
      [this](const submit_proposal& x) { return propose(x); },
      [this](const submit_vote& x) { return vote_on(x); },
      [this](const set_weight& x) { return weigh(x); },
      [this](const read_electorate&) { return electorate(); },
      [this](const list_rounds& x) { return list(x); },
      [this](const list_refused_proposals& x) { return list(x); },
      [this](const find_round& x) { return find(x); },
      [this](const get_bridge_stats&) { return stats(); },
      [this](const get_bridge_health&) { return health(); },
      [this](look_atom) { look_for_news(); },
      [this](count_atom) { count_rounds(); },
  };
}

template <class Answer, class Command, class Ok, class Bad>
void bridge_actor::ask_entity(std::string kind, std::string id, std::string key,
                              const Command& what, bytes identity, Ok ok, Bad bad) {
  const auto router = how_.find(path::router);
  if (!router) return bad(fail(ec::unavailable, "the router"));
  auto order =
      entity::make_command({std::move(kind), std::move(id)}, std::move(key), what, entity_max);
  order.identity = std::move(identity);
  ask<entity::response>(
      router, entity_max + entity_grace, std::move(order),
      [ok, bad](const entity::response& x) mutable {
        auto answer = entity::answer_of<Answer>(x);
        if (!answer) return bad(answer.error());
        ok(*answer, x.repeated);
      },
      bad);
}

// -- proposals ---------------------------------------------------------------------------

caf::result<round_record> bridge_actor::propose(const submit_proposal& x) {
  auto asked = asked_for(x.what);
  auto what = prepare(x.what, how_.rules, wall_now());
  opening next{{}, make_response_promise<round_record>(), {}};
  if (!what) {
    turn_down(next.answer, x.what, what.error());
    return next.answer;
  }
  next.order.what = std::move(*what);
  next.order.admin = x.what.signature.empty() ? x.admin : std::string{};
  next.order.asked = std::move(asked);
  const auto answer = next.answer;
  ask_entity<electorate_record>(
      electorate_kind, electorate_id, {}, read_electorate{}, {},
      [this, next](const electorate_record& found, bool) mutable {
        next.order.electorate_version = found.version;
        next.seats = found.seats;
        freeze(std::move(next));
      },
      refuse_with(answer));
  return answer;
}

/// On record before it is answered, as an admin's proposal is. What no database can record is
/// refused all the same, with the line of the log.
void bridge_actor::turn_down(caf::typed_response_promise<round_record> answer, const proposal& what,
                             const failure& why) {
  log::warn("proposal-refused", {{"proposal", what.proposal_id},
                                 {"proposer", what.proposer_node},
                                 {"code", bpci::name(why.code)},
                                 {"why", why.detail}});
  const auto name = refusal_name(why);
  const auto pool = how_.find(path::pool);
  if (name.empty() || what.signature.empty() || !pool) return give(answer, to_caf(why));
  storage::run<void>(this, pool, query_max,
                     [what, name](pqxx::work& tx) {
                       store::keep_refused(tx, what, name);
                       return result<void>{};
                     })
      .then([answer, why]() mutable { answer.deliver(to_caf(why)); },
            [answer, why](const failure&) mutable { answer.deliver(to_caf(why)); });
}

/// Adds the keys that are registered now. Who is no longer registered cannot vote.
void bridge_actor::freeze(opening what) {
  const auto pool = how_.find(path::pool);
  if (!pool) return give(what.answer, to_caf(ec::unavailable, "the database"));
  std::vector<std::string> names;
  for (const auto& one : what.seats)
    names.push_back(one.node);
  const auto& proposer = what.order.what.proposer_node;
  if (!proposer.empty()) names.push_back(proposer);
  struct found {
    std::map<std::string, bytes> keys;
    store::active_rounds active;
  };
  storage::run<found>(
      this, pool, query_max,
      [names, proposer](pqxx::work& tx) {
        return found{store::find_keys(tx, names), store::count_active(tx, proposer)};
      })
      .then(
          [this, what](const found& x) mutable {
            auto& order = what.order;
            const auto& by = order.what.proposer_node;
            const auto key = x.keys.find(by);
            if (!by.empty() && key == x.keys.end())
              return turn_down(what.answer, order.what, refuse(proposer_unknown, by));
            if (x.active.all >= active_max || x.active.of_proposer >= active_of_proposer_max)
              return refuse_unless_known(what, refuse(too_many_rounds));
            if (!by.empty()) order.proposer_key = key->second;
            for (const auto& one : what.seats)
              if (const auto voter_key = x.keys.find(one.node); voter_key != x.keys.end())
                order.voters.push_back({one.node, one.weight, voter_key->second});
            open(std::move(what));
          },
          refuse_with(what.answer));
}

void bridge_actor::open(opening what) {
  if (what.order.voters.size() < how_.rules.min_voters)
    return refuse_unless_known(
        what, refuse(too_few_voters, std::to_string(what.order.voters.size()) + " of "
                                         + std::to_string(how_.rules.min_voters)));
  const auto id = what.order.what.proposal_id;
  auto answer = what.answer;
  ask_entity<round_record>(
      round_kind, id, "open", what.order, what.order.asked,
      [this, id, answer](const round_record& x, bool repeated) mutable {
        if (!repeated) return give(answer, x);
        // Its first answer says how it stood at the beginning.
        ask_entity<round_record>(
            round_kind, id, {}, read_round{}, {},
            [answer](const round_record& now, bool) mutable { answer.deliver(now); },
            refuse_with(answer));
      },
      [this, answer, proposed = what.order.what](const failure& why) {
        // ROUTER knows the key, and the content is another.
        const auto taken = why.code == ec::conflict && !why.detail.starts_with("too_few_voters");
        turn_down(answer, proposed, taken ? refuse(proposal_id_taken) : why);
      });
}

/// What was taken before is answered again, whatever has changed since.
void bridge_actor::refuse_unless_known(const opening& what, const failure& why) {
  auto refuse_it = [this, why, proposed = what.order.what, answer = what.answer](const failure&) {
    turn_down(answer, proposed, why);
  };
  ask_entity<round_record>(
      round_kind, what.order.what.proposal_id, {}, read_round{}, {},
      [asked = what.order.asked, answer = what.answer, refuse_it](const round_record& x,
                                                                  bool) mutable {
        if (x.asked == asked)
          give(answer, x);
        else
          refuse_it({});
      },
      refuse_it);
}

// -- votes -------------------------------------------------------------------------------

caf::result<vote_receipt> bridge_actor::vote_on(const submit_vote& x) {
  if (auto ok = check_shape(x.what); !ok) return to_caf(ok.error());
  if (votes_in_flight_ >= votes_in_flight_max)
    return to_caf(ec::busy, "too many votes are under way");
  ++votes_in_flight_;
  auto answer = make_response_promise<vote_receipt>();
  ask_entity<vote_answer>(
      round_kind, x.what.proposal_id, key_of(x.what), cast_vote{x.what}, {},
      [this, what = x.what, answer](const vote_answer& got, bool repeated) mutable {
        --votes_in_flight_;
        if (!got.refusal.empty()) return give(answer, to_caf(refusal_of(got)));
        answer.deliver(vote_receipt{what.proposal_id, what.voter_node, what.decision, got.weight,
                                    got.known || repeated, got.round.standing, got.round.tally});
      },
      [this, answer](const failure& why) mutable {
        --votes_in_flight_;
        answer.deliver(to_caf(why));
      });
  return answer;
}

// -- weights -----------------------------------------------------------------------------

/// Only who is registered gets a weight; anybody can be taken out.
caf::result<electorate_record> bridge_actor::weigh(const set_weight& x) {
  const auto pool = how_.find(path::pool);
  if (!pool) return to_caf(ec::unavailable, "the database");
  auto answer = make_response_promise<electorate_record>();
  using keys = std::map<std::string, bytes>;
  storage::run<keys>(this, pool, query_max,
                     [node = x.node](pqxx::work& tx) { return store::find_keys(tx, {node}); })
      .then(
          [this, x, answer](const keys& found) mutable {
            if (found.empty() && x.weight > 0)
              return give(answer, to_caf(refuse(node_unknown, x.node)));
            // To set it twice is to set it once, so any key will do.
            ask_entity<electorate_record>(
                electorate_kind, electorate_id, "weight/" + std::to_string(random_u64()), x, {},
                [answer](const electorate_record& now, bool) mutable { answer.deliver(now); },
                refuse_with(answer));
          },
          refuse_with(answer));
  return answer;
}

caf::result<electorate_record> bridge_actor::electorate() {
  auto answer = make_response_promise<electorate_record>();
  ask_entity<electorate_record>(
      electorate_kind, electorate_id, {}, read_electorate{}, {},
      [answer](const electorate_record& x, bool) mutable { answer.deliver(x); },
      refuse_with(answer));
  return answer;
}

// -- reading -----------------------------------------------------------------------------

template <class Answer, class Query>
caf::result<Answer> bridge_actor::read(Query what) {
  const auto pool = how_.find(path::pool);
  if (!pool) return to_caf(ec::unavailable, "the database");
  auto answer = make_response_promise<Answer>();
  storage::run<Answer>(this, pool, query_max, std::move(what))
      .then([answer](Answer x) mutable { answer.deliver(std::move(x)); }, refuse_with(answer));
  return answer;
}

caf::result<round_page> bridge_actor::list(const list_rounds& x) {
  auto known = standing{};
  if (!x.standing.empty() && !boost::describe::enum_from_string(x.standing.c_str(), known))
    return to_caf(ec::invalid_argument, "state: Active, Approved, Rejected or Expired");
  auto what = x;
  what.limit = rows_of(x.limit);
  return read<round_page>([what](pqxx::work& tx) { return store::list_rounds(tx, what); });
}

caf::result<refused_proposal_page> bridge_actor::list(const list_refused_proposals& x) {
  auto what = x;
  what.limit = rows_of(x.limit);
  return read<refused_proposal_page>(
      [what](pqxx::work& tx) { return store::list_refused(tx, what); });
}

/// The round first; then its ballots, and the refusals, of which it may know more by then.
caf::result<round_detail> bridge_actor::find(const find_round& x) {
  auto answer = make_response_promise<round_detail>();
  auto out = std::make_shared<round_detail>();
  auto with_refusals = [out, answer](const refusal_page& page, bool) mutable {
    out->refusals = page.refusals;
    answer.deliver(std::move(*out));
  };
  auto with_ballots = [this, x, out, answer, with_refusals](const ballot_page& page, bool) mutable {
    out->ballots = page.ballots;
    out->next = page.next;
    ask_entity<refusal_page>(round_kind, x.proposal_id, {}, list_refusals{{}, refusals_shown}, {},
                             with_refusals, refuse_with(answer));
  };
  auto with_round = [this, x, out, answer, with_ballots](const round_record& round, bool) mutable {
    out->round = round;
    if (round.standing == standing::Active) out->lacking = lacking_for(round.what, round.tally);
    ask_entity<ballot_page>(round_kind, x.proposal_id, {}, list_ballots{x.after, x.limit}, {},
                            with_ballots, refuse_with(answer));
  };
  ask_entity<round_record>(round_kind, x.proposal_id, {}, read_round{}, {}, with_round,
                           refuse_with(answer));
  return answer;
}

caf::result<bridge_stats> bridge_actor::stats() {
  return read<bridge_stats>(store::read_stats);
}

caf::result<bridge_health> bridge_actor::health() {
  const auto pool = how_.find(path::pool);
  if (!pool) return to_caf(ec::unavailable, "the database");
  auto answer = make_response_promise<bridge_health>();
  auto out = std::make_shared<bridge_health>();
  out->min_consensus_nodes = how_.rules.min_voters;
  out->vote_threshold = std::max(how_.rules.threshold, threshold_min);
  out->emergency_threshold = std::max(out->vote_threshold, emergency_threshold_min);
  out->emergency_participation = emergency_participation_min;
  out->emergency_ms = static_cast<std::uint64_t>(how_.rules.emergency_ms);
  out->published = published_;
  auto with_count = [this, out, answer](const store::active_rounds& x) mutable {
    out->active = x.all;
    const auto enough = out->voters >= how_.rules.min_voters;
    out->status = !how_.rules.enabled ? "disabled" : enough ? "ok" : "too_few_voters";
    answer.deliver(std::move(*out));
  };
  auto with_electorate = [this, pool, out, answer, with_count](const electorate_record& x, bool) {
    out->voters = x.seats.size();
    for (const auto& one : x.seats)
      out->total_weight += one.weight;
    out->electorate_version = x.version;
    storage::run<store::active_rounds>(this, pool, query_max, [](pqxx::work& tx) {
      return store::count_active(tx, {});
    }).then(with_count, refuse_with(answer));
  };
  ask_entity<electorate_record>(electorate_kind, electorate_id, {}, read_electorate{}, {},
                                with_electorate, refuse_with(answer));
  return answer;
}

// -- notices -----------------------------------------------------------------------------

/// Every member looks for itself, so what happens to a round is told wherever BPI nodes are
/// connected, whoever owns the round.
void bridge_actor::look_for_news() {
  const auto again = [this] { delayed_send(this, look_every, look_atom::value); };
  const auto pool = how_.find(path::pool);
  if (!pool) return again();
  storage::run<store::news>(
      this, pool, query_max,
      [since = since_](pqxx::work& tx) { return store::read_news(tx, since, told_at_once_max); })
      .then(
          [this, again](const store::news& found) {
            for (const auto& one : found.opened)
              publish(proposal_topic, one.what.proposal_id, proposal_body(one));
            for (const auto& one : found.ended)
              publish(result_topic, one.what.proposal_id, result_body(one));
            std::optional<timestamp_ms> page_end;
            if (found.opened.size() == told_at_once_max) page_end = found.opened.back().opened_at;
            if (found.ended.size() == told_at_once_max)
              page_end = std::min(page_end.value_or(found.now), *found.ended.back().closed_at);
            since_ = next_look(page_end, found.now);
            again();
          },
          [again](const failure&) { again(); });
}

/// A full page is gone on with where it ended; else the next look overlaps this one.
timestamp_ms bridge_actor::next_look(std::optional<timestamp_ms> page_end, timestamp_ms now) const {
  if (!page_end) return timestamp_ms{now.get() - look_back_ms};
  // Where more than a page has ended in one millisecond, the rest of it can be listed, but is not
  // told.
  return *page_end > since_ ? *page_end : timestamp_ms{page_end->get() + 1};
}

void bridge_actor::publish(const char* topic, const std::string& id, bytes body) {
  const auto name = std::string{topic} + "/" + id;
  if (told_.contains(name)) return;
  const auto relay = how_.find(path::relay);
  if (!relay) return; // the next look finds it again
  // Without a sender: a RELAY that refuses it would end this actor by its answer.
  caf::anon_send(relay, oracle::publish_notice{topic, std::move(body)});
  told_.insert(name);
  told_in_order_.push_back(name);
  if (told_in_order_.size() > told_max) {
    told_.erase(told_in_order_.front());
    told_in_order_.pop_front();
  }
  ++published_;
  telemetry::published(topic);
}

void bridge_actor::count_rounds() {
  const auto again = [this] { delayed_send(this, count_every, count_atom::value); };
  const auto pool = how_.find(path::pool);
  if (!pool) return again();
  storage::run<bridge_stats>(this, pool, query_max, store::read_stats)
      .then(
          [again](const bridge_stats& x) {
            telemetry::rounds(x.active, x.participation);
            again();
          },
          [again](const failure&) { again(); });
}

std::string bridge_actor::describe() const {
  return codec::to_text({{"votes_in_flight", votes_in_flight_},
                         {"published", published_},
                         {"news_since", since_.get()}});
}

} // namespace bpci::governance
