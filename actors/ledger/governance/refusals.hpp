#pragma once

#include "actors/ledger/module.hpp"

namespace bpci::ledger::governance {

inline constexpr refusal_kind only_governance{"only_governance", ec::not_permitted};
inline constexpr refusal_kind not_a_validator{"not_a_validator", ec::not_permitted};
inline constexpr refusal_kind title_not_allowed{"title_not_allowed", ec::invalid_argument};
inline constexpr refusal_kind call_too_large{"call_too_large", ec::too_large};
inline constexpr refusal_kind call_unknown{"call_unknown", ec::unsupported};
inline constexpr refusal_kind too_many_proposals{"too_many_proposals", ec::busy};
inline constexpr refusal_kind proposal_unknown{"proposal_unknown", ec::not_found};
inline constexpr refusal_kind proposal_closed{"proposal_closed", ec::conflict};
inline constexpr refusal_kind not_in_electorate{"not_in_electorate", ec::not_permitted};
inline constexpr refusal_kind already_voted{"already_voted", ec::conflict};
inline constexpr refusal_kind parameter_unknown{"parameter_unknown", ec::not_found};
inline constexpr refusal_kind parameter_out_of_bounds{"parameter_out_of_bounds",
                                                      ec::invalid_argument};
inline constexpr refusal_kind version_not_newer{"version_not_newer", ec::invalid_argument};
inline constexpr refusal_kind height_too_near{"height_too_near", ec::invalid_argument};
inline constexpr refusal_kind nothing_scheduled{"nothing_scheduled", ec::conflict};
inline constexpr refusal_kind not_halted{"not_halted", ec::conflict};

} // namespace bpci::ledger::governance
