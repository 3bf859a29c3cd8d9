#pragma once

#include "messages/governance/rounds.hpp"

/// What the gateways ask of BRIDGE of their node (actors/governance/bridge_actor.hpp). Errors of
/// all: unavailable, restarted, timeout.
namespace bpci::governance {

namespace path {
inline constexpr auto bridge = "/governance/bridge";
} // namespace path

/// "Put this to the vote." What may be left out is zero or empty: the id (made of the rest), and
/// for an admin's proposal deadline, threshold and minimums. Answer: round_record, as the round
/// stands now: the same proposal again is the same round. Errors: those of open_round;
/// not_permitted (the bridge is disabled), unknown_node (who proposes is not registered), conflict
/// ("too_few_voters:
/// ..."), busy (too many rounds are active).
struct submit_proposal {
  proposal what;
  std::string admin; ///< Who asks, for a proposal without a signature.

  bool operator==(const submit_proposal&) const = default;
};
BPCI_MESSAGE(submit_proposal, what, admin)

/// Answer: vote_receipt; the same vote again is answered the same. Errors, with the refusal's name
/// ahead in the detail: not_permitted (`not_a_voter`), bad_signature (`bad_signature`), conflict
/// (`voted_otherwise`, `voting_closed`); not_found, invalid_argument, busy.
struct submit_vote {
  vote what;

  bool operator==(const submit_vote&) const = default;
};
BPCI_MESSAGE(submit_vote, what)

struct vote_receipt {
  std::string proposal_id;
  std::string voter_node;
  governance::decision decision{};
  std::uint64_t weight = 0;
  bool known = false; ///< It had been counted before.
  governance::standing standing{};
  governance::tally tally;

  bool operator==(const vote_receipt&) const = default;
};
BPCI_MESSAGE(vote_receipt, proposal_id, voter_node, decision, weight, known, standing, tally)

/// Newest first. Answer: round_page. Errors: invalid_argument.
struct list_rounds {
  std::string standing; ///< `Active`...; empty: any.
  std::string type;     ///< Empty: any.
  std::string after;    ///< The `next` of the page before.
  std::uint64_t limit = 0;

  bool operator==(const list_rounds&) const = default;
};
BPCI_MESSAGE(list_rounds, standing, type, after, limit)

struct round_page {
  std::vector<round_record> rounds;
  std::string next; ///< Empty: this is the last page.

  bool operator==(const round_page&) const = default;
};
BPCI_MESSAGE(round_page, rounds, next)

/// Answer: round_detail. Errors: not_found.
struct find_round {
  std::string proposal_id;
  std::string after; ///< Ballots behind this one.
  std::uint64_t limit = 0;

  bool operator==(const find_round&) const = default;
};
BPCI_MESSAGE(find_round, proposal_id, after, limit)

/// What an active round still needs to be approved; all zero: nothing.
struct lacking {
  std::uint64_t votes = 0;
  std::uint64_t approve_weight = 0;
  std::uint64_t weight = 0; ///< Of any vote, for the participation.

  bool operator==(const lacking&) const = default;
};
BPCI_MESSAGE(lacking, votes, approve_weight, weight)

struct round_detail {
  round_record round;
  governance::lacking lacking;
  std::vector<ballot> ballots;
  std::string next; ///< Of the ballots.
  std::vector<refused_vote> refusals;

  bool operator==(const round_detail&) const = default;
};
BPCI_MESSAGE(round_detail, round, lacking, ballots, next, refusals)

/// What BPI nodes proposed and could not be put to the vote, newest first. Answer:
/// refused_proposal_page. Errors: invalid_argument.
struct list_refused_proposals {
  std::string after; ///< The `next` of the page before.
  std::uint64_t limit = 0;

  bool operator==(const list_refused_proposals&) const = default;
};
BPCI_MESSAGE(list_refused_proposals, after, limit)

/// A name that no id can have is empty here.
struct refused_proposal {
  std::uint64_t no = 0;
  timestamp_ms at; ///< By the database's clock.
  std::string proposal_id;
  std::string proposer_node;   ///< As the proposal says.
  bool is_of_proposer = false; ///< It was signed by the key under which that node is registered.
  std::string proposal_type;
  timestamp_ms voting_deadline;
  std::string digest;  ///< SHA-256 of its signing bytes, in hex.
  std::string refusal; ///< `deadline_passed`...

  bool operator==(const refused_proposal&) const = default;
};
BPCI_MESSAGE(refused_proposal, no, at, proposal_id, proposer_node, is_of_proposer, proposal_type,
             voting_deadline, digest, refusal)

struct refused_proposal_page {
  std::vector<refused_proposal> proposals;
  std::string next; ///< Empty: this is the last page.

  bool operator==(const refused_proposal_page&) const = default;
};
BPCI_MESSAGE(refused_proposal_page, proposals, next)

/// Of the whole cluster, ever. Answer: bridge_stats.
struct get_bridge_stats {
  bool operator==(const get_bridge_stats&) const = default;
};
BPCI_MESSAGE(get_bridge_stats)

struct bridge_stats {
  std::uint64_t rounds = 0;
  std::uint64_t active = 0;
  std::uint64_t approved = 0;
  std::uint64_t rejected = 0;
  std::uint64_t expired = 0;
  std::uint64_t votes = 0;
  std::uint64_t votes_refused = 0;
  std::uint64_t emergencies = 0;
  std::uint64_t participation = 0; ///< Basis points: the mean of the rounds that have ended.
  std::uint64_t duration_ms = 0;   ///< The mean from opening to end.

  bool operator==(const bridge_stats&) const = default;
};
BPCI_MESSAGE(bridge_stats, rounds, active, approved, rejected, expired, votes, votes_refused,
             emergencies, participation, duration_ms)

/// Answer: bridge_health.
struct get_bridge_health {
  bool operator==(const get_bridge_health&) const = default;
};
BPCI_MESSAGE(get_bridge_health)

/// Whether a proposal would be taken now, and what it would be taken with.
struct bridge_health {
  std::string status; ///< `ok`, `disabled` or `too_few_voters`.
  std::uint64_t voters = 0;
  std::uint64_t total_weight = 0;
  std::uint64_t electorate_version = 0;
  std::uint64_t active = 0;
  std::uint64_t min_consensus_nodes = 0;
  std::uint64_t vote_threshold = 0;          ///< Basis points, where a proposal names none.
  std::uint64_t emergency_threshold = 0;     ///< Basis points, at least.
  std::uint64_t emergency_participation = 0; ///< Basis points, at least.
  std::uint64_t emergency_ms = 0;            ///< The longest deadline of an emergency.
  std::uint64_t published = 0;               ///< Notices that this member has told its BPI nodes.

  bool operator==(const bridge_health&) const = default;
};
BPCI_MESSAGE(bridge_health, status, voters, total_weight, electorate_version, active,
             min_consensus_nodes, vote_threshold, emergency_threshold, emergency_participation,
             emergency_ms, published)

} // namespace bpci::governance
