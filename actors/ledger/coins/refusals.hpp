#pragma once

#include "actors/ledger/module.hpp"

/// Why coins are not moved.
namespace bpci::ledger::coins {

inline constexpr refusal_kind token_unknown{"token_unknown", ec::invalid_argument};
inline constexpr refusal_kind amount_must_not_be_zero{"amount_must_not_be_zero",
                                                      ec::invalid_argument};
inline constexpr refusal_kind receiver_must_differ{"receiver_must_differ", ec::invalid_argument};
inline constexpr refusal_kind receiver_is_closed{"receiver_is_closed", ec::not_permitted};
inline constexpr refusal_kind balance_too_small{"balance_too_small", ec::conflict};
inline constexpr refusal_kind supply_out_of_range{"supply_out_of_range", ec::invalid_argument};

} // namespace bpci::ledger::coins
