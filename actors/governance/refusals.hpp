#pragma once

#include "messages/error.hpp"

#include <string>
#include <string_view>

/// Every refusal of the consensus bridge that has a name of its own: it stands ahead in the detail
/// of a failure, "not_a_voter: ...", and in the record of refused votes. The names are part of the
/// interface.
namespace bpci::governance {

struct refusal_kind {
  std::string_view name;
  ec code;
};

// Of proposals.
inline constexpr refusal_kind bridge_disabled{"bridge_disabled", ec::not_permitted};
inline constexpr refusal_kind type_unknown{"type_unknown", ec::invalid_argument};
inline constexpr refusal_kind content_not_allowed{"content_not_allowed", ec::invalid_argument};
inline constexpr refusal_kind content_too_large{"content_too_large", ec::too_large};
inline constexpr refusal_kind deadline_passed{"deadline_passed", ec::invalid_argument};
inline constexpr refusal_kind deadline_too_far{"deadline_too_far", ec::invalid_argument};
inline constexpr refusal_kind terms_missing{"terms_missing", ec::invalid_argument};
inline constexpr refusal_kind threshold_not_allowed{"threshold_not_allowed", ec::invalid_argument};
inline constexpr refusal_kind minimum_not_allowed{"minimum_not_allowed", ec::invalid_argument};
inline constexpr refusal_kind too_few_voters{"too_few_voters", ec::conflict};
inline constexpr refusal_kind too_many_rounds{"too_many_rounds", ec::busy};
inline constexpr refusal_kind proposal_id_taken{"proposal_id_taken", ec::conflict};
inline constexpr refusal_kind proposer_unknown{"proposer_unknown", ec::unknown_node};

// Of both.
inline constexpr refusal_kind signature_wrong{"bad_signature", ec::bad_signature};

// Of votes.
inline constexpr refusal_kind round_unknown{"round_unknown", ec::not_found};
inline constexpr refusal_kind not_a_voter{"not_a_voter", ec::not_permitted};
inline constexpr refusal_kind voted_otherwise{"voted_otherwise", ec::conflict};
inline constexpr refusal_kind voting_closed{"voting_closed", ec::conflict};

// Of weights.
inline constexpr refusal_kind weight_not_allowed{"weight_not_allowed", ec::invalid_argument};
inline constexpr refusal_kind too_many_voters{"too_many_voters", ec::too_large};
inline constexpr refusal_kind node_unknown{"node_unknown", ec::unknown_node};

/// "not_a_voter: more about it".
inline failure refuse(const refusal_kind& why, std::string_view more = {}) {
  auto detail = std::string{why.name};
  if (!more.empty()) detail.append(": ").append(more);
  return fail(why.code, std::move(detail));
}

} // namespace bpci::governance
