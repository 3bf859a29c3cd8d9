#pragma once

#include "messages/governance/rounds.hpp"
#include "runtime/entity/kind.hpp"

/// The kind `round`: one proposal, the electorate that was frozen for it, its votes and its
/// outcome. Pure. Its state stands in the table `governance_round` (round_store.hpp), which lists
/// are read from.
///
/// Items: `e/<voter>` is a ballot, `x/<number>` a refused vote; numbers are 16 hex digits.
namespace bpci::governance {

inline constexpr auto round_kind = "round";

/// The timer that ends the round.
inline constexpr auto deadline_timer = "deadline";

/// How many refused votes are kept: in the name of one voter, and of all who are none. Whatever is
/// beyond is refused without a record, so nobody can fill the database with them.
inline constexpr std::uint64_t refused_per_voter_max = 8;
inline constexpr std::uint64_t refused_strangers_max = 200;

entity::kind_ptr make_round_kind();

} // namespace bpci::governance
