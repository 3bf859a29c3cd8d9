#pragma once

#include "actors/ledger/module.hpp"
#include "messages/ledger/validators.hpp"

/// Who the validators are, and how their set changes: by less than a third of its weight a block,
/// so that whoever could decide before a block still has a say after it (consensus.md, section 1,
/// Set change). What is left waits for the next blocks.
namespace bpci::ledger::validators {

using consensus::address;
using consensus::validator;

/// What a validator's weight is to become.
struct wish {
  address who{};
  std::uint64_t weight = 0;
};

std::uint64_t total_weight(std::span<const validator> set);
std::uint64_t weight_of(std::span<const validator> set, const address& who);

/// What the whole set will weigh when all wishes have come true.
std::uint64_t wished_total(std::span<const validator> set, std::span<const wish> wishes);

/// The set, sorted by id, after one block, the wishes served in their order. The weights that it
/// adds and takes sum to less than a third of the present total. Never empties the set: if nobody
/// is to remain all stay as they are, and nobody leaves before who comes in weighs as much.
std::vector<validator> next_set(std::span<const validator> set, std::span<const wish> wishes);

/// Who decides the two heights after a block.
struct coming_validators {
  std::vector<validator> next;       ///< of height at + 1
  std::vector<validator> after_next; ///< of height at + 2

  bool operator==(const coming_validators&) const = default;
};

/// `state` is the one after the block of height `at`.
coming_validators coming_after(const reader& state, height at);

/// Whether the next block would change weights, or the standing of bonds, without any transaction:
/// it should be made.
bool change_due(const reader& state);

} // namespace bpci::ledger::validators
