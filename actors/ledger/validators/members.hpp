#pragma once

#include "actors/ledger/keys.hpp"
#include "actors/ledger/module.hpp"
#include "messages/ledger/validators.hpp"

#include <limits>

/// The records of the module `validators`, for the files of this folder.
///
/// | key                            | value                                          |
/// |--------------------------------|------------------------------------------------|
/// | `validators/member/` address   | member                                         |
/// | `validators/sets`              | validator_sets                                 |
/// | `validators/waiting`           | waiting_list: whose weight is still to change  |
/// | `validators/membership`        | membership: how many are or want to be in      |
namespace bpci::ledger::validators {

// -- parameters ------------------------------------------------------------------------

/// One weight is one GEN.
inline constexpr std::uint64_t gen_per_weight = 1'000'000'000;

/// How many heights presence is judged by (consensus.md, section 4).
inline constexpr std::size_t downtime_window = 100;

inline constexpr std::uint64_t hour_ms = 3'600'000;
inline constexpr std::uint64_t day_ms = 24 * hour_ms;

/// The bounds keep a bond slashable for longer than any evidence holds, whatever is voted: the most
/// of `evidence_*` is the least of `unbonding_*`. And they keep the weight of a set far above 3,
/// below which no change is less than a third.
inline constexpr parameter validators_max{"validators.max", 100, 4, 256};
inline constexpr parameter bond_min{"validators.bond_min", 1'000 * gen_per_weight,
                                    100 * gen_per_weight, 10'000'000 * gen_per_weight};
inline constexpr parameter unbonding_heights{"validators.unbonding_heights", 10'000, 10'000,
                                             10'000'000};
inline constexpr parameter unbonding_ms{"validators.unbonding_ms", 21 * day_ms, 7 * day_ms,
                                        365 * day_ms};
inline constexpr parameter evidence_heights{"validators.evidence_heights", 10'000, 100, 10'000};
inline constexpr parameter evidence_ms{"validators.evidence_ms", 7 * day_ms, hour_ms, 7 * day_ms};
inline constexpr parameter jail_ms{"validators.jail_ms", 600'000, 60'000, 30 * day_ms};
inline constexpr parameter downtime_min_bp{"validators.downtime_min_bp", 5'000, 500, 9'000};
inline constexpr parameter downtime_slash_bp{"validators.downtime_slash_bp", 100, 0, 1'000};
inline constexpr parameter double_sign_slash_bp{"validators.double_sign_slash_bp", 500, 100,
                                                10'000};

/// Those who are validators, are to become some and are on their way out, all together: beyond that
/// nobody joins, so that the sets always fit into a value of the state.
inline constexpr std::size_t validators_in_motion_max = 512;

/// Withdrawals under way at the same time, for one validator.
inline constexpr std::size_t unbondings_max = 7;

// -- records ---------------------------------------------------------------------------

using consensus::address;

/// Holds the coins of all bonds, those on their way out included.
account bond_account();

inline std::string member_key(const address& who) {
  return key_with("validators/member/", who);
}

std::optional<member> find_member(const reader& state, const address& who);

/// A record that says nothing is removed.
void put_member(draft& state, const address& who, const member& x);

validator_sets read_sets(const reader& state);
void put_sets(draft& state, const validator_sets& x);

waiting_list read_waiting(const reader& state);
void put_waiting(draft& state, const waiting_list& x);

std::uint64_t count_members(const reader& state);
void change_count(draft& state, std::int64_t by);

/// What its bond and its standing entitle it to.
std::uint64_t wanted_weight(const member& x);

/// Its weight is to change: behind all others, or before them where it can't be trusted any more.
enum class urgency : std::uint8_t { in_turn, at_once };
void enqueue(draft& state, const address& who, urgency when);

/// Whether anybody is to remain if `who` goes.
bool others_remain(const reader& state, const address& who);

// -- the parts of the module -------------------------------------------------------------

/// Slashes for the block's evidence and for absence (discipline.cpp).
void punish(context& c);

/// Moves the set towards what is wanted, and bonds towards their release (turnover.cpp).
void turn_over(context& c);

/// Whether these coins have been unbonding long enough.
bool released(const context& c, const unbonding& x);

} // namespace bpci::ledger::validators
