#pragma once

#include "actors/ledger/module.hpp"

namespace bpci::ledger::treasury {

inline constexpr refusal_kind only_governance{"only_governance", ec::not_permitted};
inline constexpr refusal_kind fund_unknown{"fund_unknown", ec::invalid_argument};
inline constexpr refusal_kind reason_too_long{"reason_too_long", ec::too_large};
inline constexpr refusal_kind receiver_is_closed{"receiver_is_closed", ec::not_permitted};

} // namespace bpci::ledger::treasury
