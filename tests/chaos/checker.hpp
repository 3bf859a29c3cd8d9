#pragma once

#include "history.hpp"

#include <string>
#include <vector>

/// Judges a run. Pure: the same evidence gives the same verdict.
///
/// | | invariant | how it is seen |
/// |-|-----------|----------------|
/// | L | nothing acknowledged is lost | every key that was sent is in the total once, in an order
/// that no client can contradict; no reading misses an add that was acknowledged before it | | E |
/// no effect twice | each sink has one receipt for every add that tells it, and no other; no
/// message is handled twice | | O | no commit under an epoch after the next was claimed | the
/// database's own record of claims and commits; versions without gap or double | | A | every
/// request is answered by its deadline | every attempt at a node that was there | | M | memory
/// under a cap | samples of every node | | T | recovery within a bound | the first success of every
/// entity after each mark |
namespace bpci::chaos {

struct limits {
  std::uint64_t memory_bytes = std::uint64_t{512} << 20;
  /// How much later than its deadline an answer may be read by a client of a busy machine.
  milliseconds answer_grace{1'000};
  /// How long after the end of an absence a request that ran into it may still go unanswered.
  milliseconds absence_grace{2'000};
};

struct violation {
  char invariant = 'L';
  std::string what;
};

/// How long it took until every entity was served again after a mark.
struct recovery {
  std::string what;
  std::optional<milliseconds> took; ///< none: never, or the next mark came first
  std::optional<milliseconds> bound;
  bool overtaken = false; ///< The next mark came first, and within the bound: nothing can be said.
};

std::vector<recovery> recoveries(const evidence& x);

/// Empty: everything held. At most a few of each invariant, the rest as a number.
std::vector<violation> judge(const evidence& x, const limits& how);

} // namespace bpci::chaos
