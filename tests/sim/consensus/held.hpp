#pragma once

#include "scenarios.hpp"

#include <caf/test/unit_test.hpp>

namespace bpci::consensus::sim {

/// Runs it; nothing may be violated.
inline verdict held(const plan& what) {
  verdict out;
  if (auto failed = violation_of(what, &out); !failed.empty()) CAF_FAIL(failed);
  return out;
}

/// Judges what has been so far; nothing may be violated.
inline verdict held(world& all, const plan& what) {
  auto out = all.judged();
  if (!out.violations.empty()) CAF_FAIL(report(what));
  return out;
}

// -- faults, as sentences
inline fault split(std::uint64_t mask, instant at, instant lasts) {
  return {.at = at, .lasts = lasts, .what = trouble::split, .mask = mask};
}
inline fault alone(std::size_t who, instant at, instant lasts) {
  return {.at = at, .lasts = lasts, .what = trouble::isolate, .who = who};
}
/// From now on when `steps` is 0, else after that many.
inline fault dies(std::size_t who, instant at, instant lasts, std::uint32_t steps = 0) {
  return {.at = at, .lasts = lasts, .what = trouble::crash, .who = who, .steps = steps};
}
inline fault weather(trouble what, std::int64_t amount, instant lasts) {
  return {.lasts = lasts, .what = what, .amount = amount};
}

} // namespace bpci::consensus::sim
