#pragma once

#include "messages/ids.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace bpci {

/// What can be read of an actor from outside, at any time and from any thread, without asking
/// it: an actor that hangs is the one that an operator wants to look at. Outlives the actor, so
/// that its supervisor reads the last words.
class vitals {
public:
  // -- written by actor_base -------------------------------------------------

  void on_enqueue() noexcept { enqueued_.fetch_add(1, std::memory_order_relaxed); }
  /// `waiting` is exact when the actor's turn begins and zero when its mailbox ran dry.
  void on_turn(std::uint64_t waiting) noexcept;

  /// Names the message that is being handled, for the quarantine.
  void take_in_hand(const message_id& id);
  void put_down();

  void crashed(std::string why);

  // -- read by anybody -------------------------------------------------------

  /// Messages waiting or in hand; may be high by what one turn handles.
  [[nodiscard]] std::uint64_t mailbox_depth() const noexcept;
  [[nodiscard]] std::uint64_t messages_received() const noexcept { return enqueued_; }
  [[nodiscard]] timestamp_ms started_at() const noexcept { return started_at_; }
  /// The exception that ended the actor; empty when there was none.
  [[nodiscard]] std::string crash() const;
  /// The message that was in hand when it crashed.
  [[nodiscard]] std::optional<message_id> in_hand() const;

  vitals();

private:
  /// What most actors have nothing of most of the time.
  struct last_words {
    std::optional<message_id> in_hand;
    std::string crash;
  };

  std::atomic<std::uint64_t> enqueued_{0};
  std::atomic<std::uint64_t> done_{0};
  timestamp_ms started_at_;
  std::unique_ptr<last_words> last_words_; // guarded by a mutex that many actors share
};

using vitals_ptr = std::shared_ptr<vitals>;

} // namespace bpci
