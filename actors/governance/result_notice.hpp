#pragma once

#include "messages/governance/rounds.hpp"

/// How BPI nodes are told what is voted on, and what a round has come to. Pure.
namespace bpci::governance {

/// The topics of the notices.
inline constexpr auto proposal_topic = "consensus.proposal";
inline constexpr auto result_topic = "consensus.result";

/// A JSON object: `proposal`, with all members that its digest covers and its signature, `digest`
/// (hex), `voters` and `total_weight`. So a voter can read what he signs without a token.
bytes proposal_body(const round_record& opened);

/// A JSON object: `proposal_id`, `proposal_type`, `digest` (hex), `outcome` (`Approved`,
/// `Rejected`, `Expired`), `closed_at`, `required_threshold` (basis points) and `tally`. It says
/// what the cluster has counted; whoever wants to count for himself asks for the votes, which are
/// signed.
bytes result_body(const round_record& ended);

} // namespace bpci::governance
