#pragma once

#include "actors/ledger/module.hpp"
#include "messages/ledger/coins.hpp"

/// Accounts as the other modules use them. All coins move through here, so that the sum of all
/// accounts is the supply, always.
///
/// | key                       | value    |
/// |---------------------------|----------|
/// | `coins/account/` account  | holdings |
/// | `coins/supply`            | supply   |
namespace bpci::ledger::coins {

/// Zeros for an account that is not there.
holdings get_holdings(const reader& state, const account& who);

/// Whose holdings the key is of; none: it is another's.
std::optional<account> account_of_key(std::string_view key);

supply get_total(const reader& state);

/// In smallest units; 0 for a token that there is not.
std::uint64_t units_of(const holdings& x, token what);
std::uint64_t units_of(const supply& x, token what);

/// Refuses: token_unknown, amount_must_not_be_zero, receiver_must_differ, balance_too_small.
verdict move(context& c, const account& from, const account& to, const coin& what);

/// Makes coins: called by the genesis alone. Refuses: token_unknown, amount_must_not_be_zero,
/// supply_out_of_range.
verdict mint(context& c, const account& to, const coin& what);

/// Destroys coins: called by slashing alone. Refuses: token_unknown, amount_must_not_be_zero,
/// balance_too_small.
verdict burn(context& c, const account& from, const coin& what);

/// Takes the fee, which `from` is known to have, to the treasury, and counts the transaction.
void charge(draft& state, const account& from, const account& treasury, amount<flx> fee);

} // namespace bpci::ledger::coins
