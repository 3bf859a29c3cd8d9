#pragma once

#include "messages/error.hpp"

#include <chrono>
#include <cstdint>

/// How a BPI node behaves, pure (document 2, "Security Violations: Automatic node isolation and
/// alerting"; docs/protocol/bpi-1.0.md, section 10).
namespace bpci::oracle {

struct conduct_rules {
  std::uint64_t threshold = 100;             ///< Points; 0: nobody is isolated for what he sends.
  std::chrono::milliseconds period{60'000};  ///< In which that many points are forgotten.
  std::chrono::milliseconds base{60'000};    ///< The first isolation.
  std::chrono::milliseconds max{86'400'000}; ///< The longest one.
};

/// The points for a frame that was refused with this code. None for what happens to those who keep
/// the rules: a full queue, a message that was long on its way.
std::uint64_t weight_of(ec code) noexcept;

/// How long the isolation lasts that has `before` others right before it.
std::chrono::milliseconds isolation_of(std::chrono::milliseconds base,
                                       std::chrono::milliseconds max,
                                       std::uint64_t before) noexcept;

/// The score of one node, kept as the time at which it would be clean again: the rate of
/// rate_limit.hpp, with points for messages.
class conduct {
public:
  using instant = std::chrono::steady_clock::time_point;

  explicit conduct(conduct_rules rules = {}) : rules_(rules) {}

  /// Counts a refusal. True when it was one too many; the score begins anew then.
  bool note(ec code, instant now);

  [[nodiscard]] std::uint64_t score(instant now) const;

private:
  conduct_rules rules_;
  instant clean_at_ = instant::min();
};

} // namespace bpci::oracle
