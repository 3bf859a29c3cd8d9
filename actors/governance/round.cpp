#include "actors/governance/round.hpp"

#include "actors/governance/proposal.hpp"
#include "actors/governance/refusals.hpp"
#include "actors/governance/tally.hpp"
#include "actors/governance/telemetry.hpp"
#include "messages/governance/signing.hpp"
#include "runtime/crypto/hash.hpp"
#include "runtime/crypto/keys.hpp"
#include "runtime/entity/durable.hpp"
#include "runtime/log/log.hpp"

#include <algorithm>
#include <cstdio>

namespace bpci::governance {

namespace {

constexpr std::string_view ballot_prefix = "e/";
constexpr std::string_view refusal_prefix = "x/";

constexpr std::uint64_t page_default = 100;
constexpr std::uint64_t page_max = 500;

std::string ballot_key(const std::string& voter) {
  return std::string{ballot_prefix} + voter;
}

std::string refusal_key(std::uint64_t number) {
  char text[24];
  std::snprintf(text, sizeof text, "x/%016llx", static_cast<unsigned long long>(number));
  return text;
}

std::uint64_t rows_of(std::uint64_t limit) {
  return limit == 0 ? page_default : std::min(limit, page_max);
}

/// What a voter says; the same again may be signed anew.
bool says_the_same(const vote& a, const vote& b) {
  return a.decision == b.decision && a.reasoning == b.reasoning;
}

struct round {
  static constexpr std::string_view kind = round_kind;
  static constexpr std::uint32_t schema = 1;
  using state = round_record;
  using commands = boost::mp11::mp_list<open_round, cast_vote, note_anchor, entity::timer_fired>;
  using questions = boost::mp11::mp_list<read_round, list_ballots, list_refusals>;

  // -- opening ---------------------------------------------------------------------------

  static result<round_record> on(state& s, const open_round& x, entity::context& c) {
    if (is_open(s)) {
      if (s.asked == x.asked) return s;
      return refuse(proposal_id_taken, "another proposal has the id " + c.self().id);
    }
    if (auto ok = check(x, c); !ok) return ok.error();
    const auto message = signing_bytes(x.what);
    if (!x.what.signature.empty() && !is_signed(message, x.what.signature, x.proposer_key))
      return refuse(signature_wrong, "of the proposal");
    s.what = x.what;
    s.admin = x.admin;
    s.digest = crypto::to_hex(crypto::sha256(message));
    s.asked = x.asked;
    s.opened_at = c.now();
    s.electorate_version = x.electorate_version;
    for (const auto& one : x.voters)
      enrol(s, one, c);
    c.start_timer(deadline_timer, s.what.voting_deadline, 0, entity::catch_up::once);
    log::info("round-opened", {{"proposal", c.self().id},
                               {"type", s.what.proposal_type},
                               {"proposer", s.what.proposer_node},
                               {"voters", s.tally.voters}});
    return s;
  }

  // -- voting ----------------------------------------------------------------------------

  static std::optional<entity::item_range> items_for(const state&, const cast_vote& x) {
    if (!is_valid_id(x.what.voter_node)) return {};
    return entity::item_range{{}, 0, {ballot_key(x.what.voter_node)}};
  }

  static result<vote_answer> on(state& s, const cast_vote& x, entity::context& c) {
    if (!is_open(s)) return refuse(round_unknown, c.self().id);
    if (auto ok = check_shape(x.what, c); !ok) return ok.error();
    if (c.items().empty()) return turn_away_stranger(s, x.what, c);
    auto mine = entity::read_item<ballot>(c.items().front());
    if (!mine) return mine.error();
    if (!is_signed(message_of(s, x.what), x.what.signature, mine->who.key))
      return turn_away(s, *mine, x.what, signature_wrong, c);
    if (mine->vote) {
      if (says_the_same(*mine->vote, x.what)) return vote_answer{{}, {}, true, mine->who.weight, s};
      return turn_away(s, *mine, x.what, voted_otherwise, c);
    }
    if (s.standing != standing::Active || c.now() >= s.what.voting_deadline)
      return turn_away(s, *mine, x.what, voting_closed, c);
    mine->vote = x.what;
    mine->counted_at = c.now();
    c.put_item(ballot_key(x.what.voter_node), *mine);
    add(s.tally, x.what.decision, mine->who.weight);
    close_if(s, decide(s.what, s.tally), c);
    return vote_answer{{}, {}, false, mine->who.weight, s};
  }

  // -- the deadline ----------------------------------------------------------------------

  static result<round_record> on(state& s, const entity::timer_fired&, entity::context& c) {
    if (!is_open(s) || s.standing != standing::Active) return s;
    if (c.now() < s.what.voting_deadline)
      c.start_timer(deadline_timer, s.what.voting_deadline, 0, entity::catch_up::once);
    else
      close_if(s, decide_at_deadline(s.what, s.tally), c);
    return s;
  }

  // -- the ledger ------------------------------------------------------------------------

  static result<round_record> on(state& s, const note_anchor& x, entity::context&) {
    if (!is_open(s)) return refuse(round_unknown);
    if (s.standing == standing::Active) return fail(ec::conflict, "the round goes on");
    if (s.anchor && s.anchor->root != x.what.root) return fail(ec::conflict, "another root");
    if (!s.anchor || s.anchor->at == height{}) s.anchor = x.what;
    return s;
  }

  // -- questions -------------------------------------------------------------------------

  static result<round_record> on(const state& s, const read_round&) {
    if (!is_open(s)) return refuse(round_unknown);
    return s;
  }

  static std::optional<entity::item_range> items_for(const state&, const list_ballots& x) {
    return entity::item_range{ballot_key(x.after), rows_of(x.limit)};
  }

  static result<ballot_page> on(const state& s, const list_ballots& x, const entity::items& read) {
    if (!is_open(s)) return refuse(round_unknown);
    ballot_page out;
    for (const auto& one : read) {
      if (!one.key.starts_with(ballot_prefix)) return out; // behind them the refusals begin
      auto row = entity::read_item<ballot>(one);
      if (!row) return row.error();
      out.ballots.push_back(std::move(*row));
    }
    if (read.size() == rows_of(x.limit)) out.next = out.ballots.back().who.node;
    return out;
  }

  static std::optional<entity::item_range> items_for(const state& s, const list_refusals& x) {
    if (s.refused == 0) return {};
    return entity::item_range{x.after.empty() ? std::string{refusal_prefix} : x.after,
                              rows_of(x.limit)};
  }

  static result<refusal_page> on(const state& s, const list_refusals& x,
                                 const entity::items& read) {
    if (!is_open(s)) return refuse(round_unknown);
    refusal_page out;
    for (const auto& one : read) {
      auto row = entity::read_item<refused_vote>(one);
      if (!row) return row.error();
      out.refusals.push_back(std::move(*row));
    }
    if (!read.empty() && read.size() == rows_of(x.limit)) out.next = read.back().key;
    return out;
  }

private:
  static bool is_open(const state& s) { return !s.what.proposal_id.empty(); }

  static result<void> check(const open_round& x, const entity::context& c) {
    if (x.what.proposal_id != c.self().id) return fail(ec::invalid_argument, "proposal_id");
    if (x.voters.size() > voters_max) return refuse(too_many_voters);
    for (const auto& one : x.voters)
      if (!is_valid_id(one.node) || one.weight == 0 || one.weight > weight_max)
        return refuse(weight_not_allowed, one.node);
    return check_terms(x.what, x.voters.size(), c.now());
  }

  static void enrol(state& s, const voter& who, entity::context& c) {
    ++s.tally.voters;
    s.tally.total_weight += who.weight;
    c.put_item(ballot_key(who.node), ballot{who, {}, {}, 0});
  }

  /// Not put on record: it is no vote.
  static result<void> check_shape(const vote& x, const entity::context& c) {
    if (x.proposal_id != c.self().id) return fail(ec::invalid_argument, "proposal_id");
    if (!is_valid_id(x.voter_node)) return fail(ec::invalid_argument, "voter_node");
    if (x.reasoning.size() > reasoning_bytes_max)
      return fail(ec::too_large,
                  "reasoning: at most " + std::to_string(reasoning_bytes_max) + " bytes");
    if (x.signature.size() != crypto::signature::size)
      return refuse(signature_wrong, "a signature has 64 bytes");
    return {};
  }

  static bytes message_of(const state& s, const vote& x) {
    return signing_bytes(x, crypto::digest_from_hex(s.digest).value());
  }

  static void close_if(state& s, standing now, entity::context& c) {
    if (now == standing::Active) return;
    s.standing = now;
    s.closed_at = c.now();
    c.stop_timer(deadline_timer);
    telemetry::round_ended(now); // before the commit: one that has to be repeated is told of twice
    log::info("round-ended", {{"proposal", c.self().id},
                              {"standing", boost::describe::enum_to_string(now, "")},
                              {"votes", s.tally.votes},
                              {"participation_bp", participation(s.tally)}});
  }

  static result<vote_answer> turn_away_stranger(state& s, const vote& x, entity::context& c) {
    if (s.refused_strangers >= refused_strangers_max) return refuse(not_a_voter, x.voter_node);
    ++s.refused_strangers;
    return put_on_record(s, x, not_a_voter, c);
  }

  static result<vote_answer> turn_away(state& s, ballot& mine, const vote& x,
                                       const refusal_kind& why, entity::context& c) {
    if (mine.refused >= refused_per_voter_max) return refuse(why, x.voter_node);
    ++mine.refused;
    c.put_item(ballot_key(x.voter_node), mine);
    return put_on_record(s, x, why, c);
  }

  static result<vote_answer> put_on_record(state& s, const vote& x, const refusal_kind& why,
                                           entity::context& c) {
    const refused_vote row{++s.refused, std::string{why.name}, c.now(), x};
    c.put_item(refusal_key(row.number), row);
    telemetry::vote_refused(why.name);
    log::warn("vote-refused",
              {{"proposal", c.self().id}, {"voter", x.voter_node}, {"why", why.name}});
    return vote_answer{row.refusal, x.voter_node, false, 0, s};
  }
};

} // namespace

entity::kind_ptr make_round_kind() {
  return entity::make_kind<round>();
}

} // namespace bpci::governance
