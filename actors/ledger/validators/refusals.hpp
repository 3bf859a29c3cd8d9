#pragma once

#include "actors/ledger/module.hpp"

namespace bpci::ledger::validators {

inline constexpr refusal_kind already_a_validator{"already_a_validator", ec::conflict};
inline constexpr refusal_kind not_a_validator{"not_a_validator", ec::not_found};
inline constexpr refusal_kind tombstoned_for_good{"tombstoned", ec::not_permitted};
inline constexpr refusal_kind bond_below_minimum{"bond_below_minimum", ec::invalid_argument};
inline constexpr refusal_kind bond_too_small{"bond_too_small", ec::conflict};
inline constexpr refusal_kind too_many_validators{"too_many_validators", ec::busy};
inline constexpr refusal_kind too_many_unbondings{"too_many_unbondings", ec::busy};
inline constexpr refusal_kind last_validator{"last_validator", ec::conflict};
inline constexpr refusal_kind not_jailed{"not_jailed", ec::conflict};
inline constexpr refusal_kind still_jailed{"still_jailed", ec::conflict};
inline constexpr refusal_kind nothing_to_withdraw{"nothing_to_withdraw", ec::conflict};
inline constexpr refusal_kind amount_must_not_be_zero{"amount_must_not_be_zero",
                                                      ec::invalid_argument};

} // namespace bpci::ledger::validators
