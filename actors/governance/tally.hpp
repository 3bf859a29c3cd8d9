#pragma once

#include "messages/governance/bridge.hpp"

/// What the votes of a round come to. Pure, and in integers alone: weights are thousandths, shares
/// are basis points, products have 128 bits.
namespace bpci::governance {

inline constexpr std::uint64_t whole = 10'000; ///< In basis points.

/// The least threshold, "above 2/3": with two thirds or less, a third of traitors could carry a
/// proposal at one honest side and its opposite at the other.
inline constexpr std::uint64_t threshold_min = 6'667;

/// The least threshold of an emergency: 3/4.
inline constexpr std::uint64_t emergency_threshold_min = 7'500;

/// Whether `part` is at least so many basis points of `all`, exactly: 66.99 % is not 67 %.
bool reaches(std::uint64_t part, std::uint64_t all, std::uint64_t basis_points) noexcept;

/// The least weight that reaches the share.
std::uint64_t least_part(std::uint64_t all, std::uint64_t basis_points) noexcept;

/// The weight of all votes, abstentions included.
std::uint64_t cast_weight(const tally& x) noexcept;

/// In basis points, rounded down; 0 for an empty electorate.
std::uint64_t participation(const tally& x) noexcept;

/// What has to hold beside the threshold: enough votes, and votes of enough weight.
bool minimums_hold(const proposal& what, const tally& x) noexcept;

/// How a round stands before its deadline: `Approved` when the threshold is reached, `Rejected`
/// when it cannot be reached any more, both only once the minimums hold; else `Active`.
standing decide(const proposal& what, const tally& x) noexcept;

/// How a round stands at its deadline: never `Active`. Enough have voted and the threshold was not
/// reached: `Rejected`. Too few have voted: `Expired`.
standing decide_at_deadline(const proposal& what, const tally& x) noexcept;

/// What is still missing for `Approved`.
governance::lacking lacking_for(const proposal& what, const tally& x) noexcept;

/// `by` is the weight of the voter.
void add(tally& to, decision what, std::uint64_t by) noexcept;

} // namespace bpci::governance
