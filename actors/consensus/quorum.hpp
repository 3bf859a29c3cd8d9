#pragma once

#include <cstdint>

/// The one place that says how much is enough. Weights of 1 make it a count of validators. Safe as
/// long as the faulty weight is below a third of the total: two quorums then share an honest
/// validator, and so do a quorum and a weak set, or a weak set alone.
///
/// | validators of weight 1 | 1 | 2 | 3 | 4 | 5 | 6 | 7 |
/// |------------------------|---|---|---|---|---|---|---|
/// | quorum                 | 1 | 2 | 2 | 3 | 4 | 4 | 5 |
namespace bpci::consensus {

/// 3w >= 2W, without overflow. Nothing is a quorum of nothing.
[[nodiscard]] bool is_quorum(std::uint64_t weight, std::uint64_t total) noexcept;

/// 3w >= W: at least one of them is honest.
[[nodiscard]] bool is_weak(std::uint64_t weight, std::uint64_t total) noexcept;

/// The least weight that is a quorum.
[[nodiscard]] std::uint64_t quorum_of(std::uint64_t total) noexcept;

} // namespace bpci::consensus
