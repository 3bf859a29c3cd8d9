#pragma once

#include "messages/consensus/block.hpp"
#include "messages/ledger/account.hpp"

#include <optional>
#include <string>
#include <vector>

/// The module `validators`: who decides, and what they stake on deciding honestly. A validator's
/// account is its address; its weight is its bond in whole GEN.
namespace bpci::ledger::validators {

// -- transactions ------------------------------------------------------------------------

/// The sender becomes a validator, or one again after `leave`.
struct join {
  amount<gen> bond;

  bool operator==(const join&) const = default;
};
BPCI_MESSAGE(join, bond)

/// More weight.
struct add_bond {
  amount<gen> more;

  bool operator==(const add_bond&) const = default;
};
BPCI_MESSAGE(add_bond, more)

/// Less weight; these coins can be withdrawn when they have been unbonding long enough.
struct unbond {
  amount<gen> less;

  bool operator==(const unbond&) const = default;
};
BPCI_MESSAGE(unbond, less)

/// No longer a validator; the whole bond unbonds.
struct leave {
  bool operator==(const leave&) const = default;
};
BPCI_MESSAGE(leave)

/// A jailed validator is back.
struct unjail {
  bool operator==(const unjail&) const = default;
};
BPCI_MESSAGE(unjail)

/// Takes out all that has been unbonding long enough.
struct withdraw {
  bool operator==(const withdraw&) const = default;
};
BPCI_MESSAGE(withdraw)

// -- events ------------------------------------------------------------------------------

/// The weight of a validator from height `from` on; 0: it is none any more.
struct weight_changed {
  consensus::address who{};
  std::uint64_t weight = 0;
  height from;

  bool operator==(const weight_changed&) const = default;
};
BPCI_MESSAGE(weight_changed, who, weight, from)

/// Why a validator lost a part of its bond, or not.
BOOST_DEFINE_FIXED_ENUM_CLASS(offence, std::uint8_t, double_sign, downtime)

/// The coins are burned.
struct slashed {
  consensus::address who{};
  offence what{};
  amount<gen> lost;
  bool tombstoned = false;   ///< never a validator again
  timestamp_ms jailed_until; ///< 0: with `tombstoned`

  bool operator==(const slashed&) const = default;
};
BPCI_MESSAGE(slashed, who, what, lost, tombstoned, jailed_until)

/// Evidence without consequences, and why: "expired", "tombstoned", "no_validator".
struct evidence_ignored {
  consensus::address who{};
  height at;
  std::string why;

  bool operator==(const evidence_ignored&) const = default;
};
BPCI_MESSAGE(evidence_ignored, who, at, why)

// -- state -------------------------------------------------------------------------------

/// Coins on their way out; slashed like the bond as long as they are.
struct unbonding {
  amount<gen> units;
  std::optional<height> since; ///< when the weight had been lowered: two blocks more it counts
  std::optional<timestamp_ms> began; ///< the time of the first block after these two

  bool operator==(const unbonding&) const = default;
};
BPCI_MESSAGE(unbonding, units, since, began)

struct member {
  amount<gen> bond;
  bool leaving = false;
  bool jailed = false;
  bool tombstoned = false;
  timestamp_ms jailed_until;
  height counted_from; ///< the first height at which its presence counts
  std::vector<ledger::validators::unbonding> unbonding;

  bool operator==(const member&) const = default;
};
BPCI_MESSAGE(member, bond, leaving, jailed, tombstoned, jailed_until, counted_from, unbonding)

/// What the block of height `changed` has decided holds from `changed + 2` on.
struct validator_sets {
  std::vector<consensus::validator> now;    ///< sorted by id
  std::vector<consensus::validator> before; ///< at `changed + 1`
  height changed;

  bool operator==(const validator_sets&) const = default;
};
BPCI_MESSAGE(validator_sets, now, before, changed)

/// Whose weight is not yet what it is to be, in the order in which they are served.
struct waiting_list {
  std::vector<consensus::address> who;

  bool operator==(const waiting_list&) const = default;
};
BPCI_MESSAGE(waiting_list, who)

/// How many are or want to be validators.
struct membership {
  std::uint64_t count = 0;

  bool operator==(const membership&) const = default;
};
BPCI_MESSAGE(membership, count)

// -- questions ---------------------------------------------------------------------------

/// Answer: validator_sets.
struct get_sets {
  bool operator==(const get_sets&) const = default;
};
BPCI_MESSAGE(get_sets)

/// Answer: member.
struct get_member {
  consensus::address who{};

  bool operator==(const get_member&) const = default;
};
BPCI_MESSAGE(get_member, who)

/// Answer: waiting_list.
struct get_waiting {
  bool operator==(const get_waiting&) const = default;
};
BPCI_MESSAGE(get_waiting)

} // namespace bpci::ledger::validators
