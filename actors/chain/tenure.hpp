#pragma once

#include "messages/chain/position.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

/// When the actors of the chain run on this node: while, and only while, it owns the chain's slot.
/// What is written under an epoch that is over the database refuses (runtime/slots/fence.hpp), so
/// that being late here costs time only. Pure.
namespace bpci::chain {

struct start_live {
  hold under;
};

/// Whatever runs there; it may be nothing.
struct stop_live {};

using tenure_effect = std::variant<start_live, stop_live>;
using tenure_effects = std::vector<tenure_effect>;

class tenure {
public:
  using instant = std::chrono::steady_clock::time_point;

  static constexpr auto retry_min = std::chrono::milliseconds{200};
  static constexpr auto retry_max = std::chrono::milliseconds{5'000};

  /// Begins with a stop: a former KEEPER may have left something running, under who knows what.
  void begin(tenure_effects& out);

  /// Under what this node holds the chain; empty: it does not.
  void is_to_be(std::optional<hold> x, tenure_effects& out);

  void started(tenure_effects& out);
  void stopped(tenure_effects& out);

  /// Tried again after a pause.
  void failed(instant now);
  void tick(instant now, tenure_effects& out);

  /// Whether questions about the chain are answered here.
  [[nodiscard]] bool is_held() const noexcept { return wanted_.has_value(); }
  [[nodiscard]] const std::optional<hold>& running() const noexcept { return running_; }

private:
  enum class state : std::uint8_t { idle, starting, running, stopping };

  void next(tenure_effects& out);

  std::optional<hold> wanted_;
  std::optional<hold> running_; ///< that it was started under
  state now_ = state::idle;
  std::uint32_t failures_ = 0;
  std::optional<instant> retry_at_;
};

} // namespace bpci::chain
