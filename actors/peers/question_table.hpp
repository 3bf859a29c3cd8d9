#pragma once

#include "messages/chain/wire.hpp"

#include <chrono>
#include <map>
#include <optional>
#include <vector>

namespace bpci::peers {

/// Which alternative of peer_message answers this one; empty: it is no question.
[[nodiscard]] std::optional<std::size_t> answer_kind(const chain::peer_message& x) noexcept;

/// Whether this one answers a question.
[[nodiscard]] bool is_answer(const chain::peer_message& x) noexcept;

/// The questions to one peer that have no answer yet.
class question_table {
public:
  using instant = std::chrono::steady_clock::time_point;

  static constexpr std::size_t open_max = 32;

  enum class verdict : std::uint8_t { good, unknown, wrong_kind };

  /// Its number, never 0; empty: there are `open_max` already. `what` is a question.
  [[nodiscard]] std::optional<std::uint64_t> ask(const chain::peer_message& what, instant until);

  /// `unknown`: it comes too late, or was never asked. The others are answered with this.
  [[nodiscard]] verdict answered(std::uint64_t number, const chain::peer_message& with);

  /// Those whose time is over; they are forgotten.
  [[nodiscard]] std::vector<std::uint64_t> overdue(instant now);

  /// All that are open; they are forgotten.
  [[nodiscard]] std::vector<std::uint64_t> take_all();

  [[nodiscard]] std::size_t size() const noexcept { return open_.size(); }

private:
  struct question {
    std::size_t answer = 0; ///< the alternative
    instant until;
  };

  std::uint64_t last_ = 0;
  std::map<std::uint64_t, question> open_;
};

} // namespace bpci::peers
