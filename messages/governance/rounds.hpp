#pragma once

#include "messages/describe.hpp"
#include "messages/ids.hpp"

#include <boost/describe/enum.hpp>

#include <optional>
#include <string>
#include <vector>

/// The consensus bridge (document 2, "Distributed Consensus"): proposals, on which BPI nodes vote.
/// What the durable entities `round/<proposal id>` and `electorate/main` hold, and what they are
/// told (docs/governance.md). Weights are thousandths, shares are basis points.
///
/// Not to be confused with messages/ledger/governance.hpp: there validators set parameters of a
/// chain, by transactions.
namespace bpci::governance {

/// The largest `content`, and the longest `reasoning`, in bytes.
inline constexpr std::size_t content_bytes_max = 16'384;
inline constexpr std::size_t reasoning_bytes_max = 1'024;

/// How many voters there are at most; and the largest weight of one, in thousandths.
inline constexpr std::size_t voters_max = 1'000;
inline constexpr std::uint64_t weight_max = 1'000'000'000;

BOOST_DEFINE_FIXED_ENUM_CLASS(decision, std::uint8_t, Approve, Reject, Abstain)

/// `Expired` is document 2's ConsensusTimeout: too few have voted in time.
BOOST_DEFINE_FIXED_ENUM_CLASS(standing, std::uint8_t, Active, Approved, Rejected, Expired)

// -- what is signed (messages/governance/signing.hpp) ------------------------------------

/// A proposal, as its proposer signed it; nothing in the cluster changes it.
struct proposal {
  std::string proposal_id;   ///< An id, the proposer's name for it.
  std::string proposer_node; ///< A registered BPI node; empty: an admin of the cluster.
  std::string proposal_type; ///< `NetworkParameter`..., or `Custom(id)`.
  std::string content;       ///< The text of a JSON object, byte by byte as it was signed.
  timestamp_ms created_at;   ///< By the proposer's clock.
  timestamp_ms voting_deadline;
  std::uint64_t minimum_votes = 0;
  std::uint64_t required_threshold = 0;    ///< Basis points of the electorate's weight.
  std::uint64_t minimum_participation = 0; ///< Basis points of the electorate's weight.
  bytes signature;                         ///< Ed25519; empty for an admin's proposal.

  bool operator==(const proposal&) const = default;
};
BPCI_MESSAGE(proposal, proposal_id, proposer_node, proposal_type, content, created_at,
             voting_deadline, minimum_votes, required_threshold, minimum_participation, signature)

struct vote {
  std::string proposal_id;
  std::string voter_node;
  governance::decision decision{};
  std::string reasoning;
  timestamp_ms timestamp; ///< By the voter's clock; for the record only.
  bytes signature;        ///< Ed25519.

  bool operator==(const vote&) const = default;
};
BPCI_MESSAGE(vote, proposal_id, voter_node, decision, reasoning, timestamp, signature)

// -- round/<proposal id> ---------------------------------------------------------------------

/// One of a frozen electorate.
struct voter {
  std::string node;
  std::uint64_t weight = 0;
  bytes key; ///< 32 bytes: the one that was registered when the round was opened.

  bool operator==(const voter&) const = default;
};
BPCI_MESSAGE(voter, node, weight, key)

/// A command: begin the vote. From: BRIDGE, which has read the electorate. Answer: round_record.
/// Errors: conflict (another proposal has this id), bad_signature, invalid_argument with the
/// refusal's name ahead in the detail ("deadline_passed: ...").
struct open_round {
  proposal what;
  bytes proposer_key; ///< 32 bytes, as registered; empty for an admin's proposal.
  std::string admin;  ///< Who made it, if it was an admin.
  std::uint64_t electorate_version = 0;
  std::vector<voter> voters;
  bytes asked; ///< SHA-256 of what was asked for: the same again is the same proposal.

  bool operator==(const open_round&) const = default;
};
BPCI_MESSAGE(open_round, what, proposer_key, admin, electorate_version, voters, asked)

/// What the votes of a round come to. All weights are those of the frozen electorate.
struct tally {
  std::uint64_t voters = 0;
  std::uint64_t total_weight = 0;
  std::uint64_t votes = 0; ///< Abstentions are votes, too.
  std::uint64_t approve_weight = 0;
  std::uint64_t reject_weight = 0;
  std::uint64_t abstain_weight = 0;

  bool operator==(const tally&) const = default;
};
BPCI_MESSAGE(tally, voters, total_weight, votes, approve_weight, reject_weight, abstain_weight)

/// How far a round that has ended is anchored on the ledger (messages/ledger/anchors.hpp): under
/// the subject `audit` and the proposal's id, by the account of the cluster's validator.
struct anchoring {
  std::string root;         ///< Of the Merkle tree of result and votes, in hex.
  std::uint64_t leaves = 0; ///< Of that tree.
  std::string transaction;  ///< The latest one that was sent, in hex.
  std::uint64_t tries = 0;  ///< Transactions that were sent.
  height at;                ///< The block that holds it; 0: none yet.

  bool operator==(const anchoring&) const = default;
};
BPCI_MESSAGE(anchoring, root, leaves, transaction, tries, at)

/// A command: from ANCHORER. What is in a block is not changed any more. Answer: round_record.
/// Errors: not_found, conflict (the round goes on, or has another root).
struct note_anchor {
  anchoring what;

  bool operator==(const note_anchor&) const = default;
};
BPCI_MESSAGE(note_anchor, what)

/// The state of a round, without its voters and votes. One without a proposal id was never opened.
struct round_record {
  proposal what;
  std::string admin;
  std::string digest; ///< SHA-256 of the proposal's signing bytes, in hex: what voters sign.
  bytes asked;
  governance::standing standing{};
  timestamp_ms opened_at; ///< By the database's clock.
  std::optional<timestamp_ms> closed_at;
  std::uint64_t electorate_version = 0;
  governance::tally tally;
  std::uint64_t refused = 0;           ///< Refused votes that are on record.
  std::uint64_t refused_strangers = 0; ///< Of these, those of nodes outside the electorate.
  std::optional<anchoring> anchor;

  bool operator==(const round_record&) const = default;
};
BPCI_MESSAGE(round_record, what, admin, digest, asked, standing, opened_at, closed_at,
             electorate_version, tally, refused, refused_strangers, anchor)

/// A command. From: BRIDGE. Answer: vote_answer; also for most refusals, which are put on record.
/// Errors: not_found (no such round), and what is refused without a record, because there are
/// enough of its kind already.
struct cast_vote {
  vote what;

  bool operator==(const cast_vote&) const = default;
};
BPCI_MESSAGE(cast_vote, what)

/// Whether the vote counts, and how the round stands then.
struct vote_answer {
  std::string refusal; ///< `not_a_voter`...; empty: it counts.
  std::string detail;
  bool known = false;       ///< It had been counted before.
  std::uint64_t weight = 0; ///< Of the voter.
  round_record round;

  bool operator==(const vote_answer&) const = default;
};
BPCI_MESSAGE(vote_answer, refusal, detail, known, weight, round)

/// A question. Answer: round_record. Errors: not_found.
struct read_round {
  bool operator==(const read_round&) const = default;
};
BPCI_MESSAGE(read_round)

/// A question: who may vote, and how they did, in the order of their names. Answer: ballot_page.
struct list_ballots {
  std::string after; ///< The `next` of the page before.
  std::uint64_t limit = 0;

  bool operator==(const list_ballots&) const = default;
};
BPCI_MESSAGE(list_ballots, after, limit)

/// A voter, and the vote that counts.
struct ballot {
  voter who;
  std::optional<governance::vote> vote;
  std::optional<timestamp_ms> counted_at;
  std::uint64_t refused = 0; ///< Votes in this name that were refused and are on record.

  bool operator==(const ballot&) const = default;
};
BPCI_MESSAGE(ballot, who, vote, counted_at, refused)

struct ballot_page {
  std::vector<ballot> ballots;
  std::string next;

  bool operator==(const ballot_page&) const = default;
};
BPCI_MESSAGE(ballot_page, ballots, next)

/// A question: which votes were refused, oldest first. Answer: refusal_page.
struct list_refusals {
  std::string after;
  std::uint64_t limit = 0;

  bool operator==(const list_refusals&) const = default;
};
BPCI_MESSAGE(list_refusals, after, limit)

struct refused_vote {
  std::uint64_t number = 0;
  std::string refusal;
  timestamp_ms at;
  governance::vote vote;

  bool operator==(const refused_vote&) const = default;
};
BPCI_MESSAGE(refused_vote, number, refusal, at, vote)

struct refusal_page {
  std::vector<refused_vote> refusals;
  std::string next;

  bool operator==(const refusal_page&) const = default;
};
BPCI_MESSAGE(refusal_page, refusals, next)

// -- electorate/main ---------------------------------------------------------------------------

struct seat {
  std::string node;
  std::uint64_t weight = 0; ///< Thousandths: 1500 is 1.5.
  timestamp_ms set_at;
  std::string set_by;

  bool operator==(const seat&) const = default;
};
BPCI_MESSAGE(seat, node, weight, set_at, set_by)

/// The state of the electorate, and the answer to set_weight and read_electorate.
struct electorate_record {
  std::uint64_t version = 0; ///< Rises with each change.
  std::vector<seat> seats;   ///< In the order of the names.

  bool operator==(const electorate_record&) const = default;
};
BPCI_MESSAGE(electorate_record, version, seats)

/// A command, and from the gateway to BRIDGE, which makes sure that the node is registered. A
/// weight of 0 takes the node out. Answer: electorate_record. Errors: invalid_argument, too_large
/// (there are voters_max), unknown_node.
struct set_weight {
  std::string node;
  std::uint64_t weight = 0;
  std::string who;

  bool operator==(const set_weight&) const = default;
};
BPCI_MESSAGE(set_weight, node, weight, who)

/// A question, and from the gateway to BRIDGE. Answer: electorate_record.
struct read_electorate {
  bool operator==(const read_electorate&) const = default;
};
BPCI_MESSAGE(read_electorate)

} // namespace bpci::governance
