#pragma once

#include "messages/ledger/account.hpp"

#include <string>

/// The module `coins`: accounts, balances and supply of GEN, NEX, FLX and AUR.
namespace bpci::ledger::coins {

// -- transactions ------------------------------------------------------------------------

/// The sender gives coins to somebody else. `to` may be a fund of the treasury.
struct transfer {
  account to{};
  coin what;

  bool operator==(const transfer&) const = default;
};
BPCI_MESSAGE(transfer, to, what)

// -- events ------------------------------------------------------------------------------

struct moved {
  account from{};
  account to{};
  coin what;

  bool operator==(const moved&) const = default;
};
BPCI_MESSAGE(moved, from, to, what)

/// The supply has grown: by the genesis alone.
struct minted {
  account to{};
  coin what;

  bool operator==(const minted&) const = default;
};
BPCI_MESSAGE(minted, to, what)

/// The supply has shrunk: by the slashing of a validator alone.
struct burned {
  account from{};
  coin what;

  bool operator==(const burned&) const = default;
};
BPCI_MESSAGE(burned, from, what)

// -- state -------------------------------------------------------------------------------

/// What an account has. One that has nothing and never sent a transaction is not stored.
struct holdings {
  std::uint64_t nonce = 0; ///< of its next transaction
  amount<bpci::gen> gen;
  amount<bpci::nex> nex;
  amount<bpci::flx> flx;
  amount<bpci::aur> aur;

  bool operator==(const holdings&) const = default;
};
BPCI_MESSAGE(holdings, nonce, gen, nex, flx, aur)

/// All that exists of each token: the sum over all accounts.
struct supply {
  amount<bpci::gen> gen;
  amount<bpci::nex> nex;
  amount<bpci::flx> flx;
  amount<bpci::aur> aur;

  bool operator==(const supply&) const = default;
};
BPCI_MESSAGE(supply, gen, nex, flx, aur)

// -- questions ---------------------------------------------------------------------------

/// Answer: account_answer.
struct get_account {
  account who{};

  bool operator==(const get_account&) const = default;
};
BPCI_MESSAGE(get_account, who)

struct account_answer {
  holdings has;
  /// The sum of the balances, each times its tier multiplier: decimal, in smallest units of AUR. A
  /// text, since it may be beyond 64 bits.
  std::string tier_value;

  bool operator==(const account_answer&) const = default;
};
BPCI_MESSAGE(account_answer, has, tier_value)

/// Answer: supply.
struct get_supply {
  bool operator==(const get_supply&) const = default;
};
BPCI_MESSAGE(get_supply)

} // namespace bpci::ledger::coins
