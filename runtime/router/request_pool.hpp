#pragma once

#include "messages/runtime/entities.hpp"

#include <chrono>
#include <cstdint>
#include <vector>

namespace bpci::router {

using instant = std::chrono::steady_clock::time_point;

/// Who waits for an answer; the shell gives them out.
using ticket = strong<std::uint64_t, struct ticket_tag>;

/// A command from its acceptance to its answer.
struct request {
  enum class stage : std::uint8_t { free, waiting, sent };

  entity::command_ptr what;
  ticket who;
  std::uint64_t order = 0; ///< Of arrival; names the request as long as it is there.
  std::uint64_t cost = 0;  ///< bytes
  instant deadline;
  incarnation at;               ///< sent: to whom
  slots::epoch_no sent_under;   ///< sent: the epoch that was known
  slots::epoch_no told;         ///< inbound: the epoch that its sender knew
  std::uint32_t hops = 0;       ///< on its way here
  std::uint32_t redirects = 0;  ///< since it is here
  std::uint32_t generation = 1; ///< of this place; see request_pool
  std::uint32_t before = 0;     ///< sent: its neighbours among those of its slot
  std::uint32_t after = 0;
  slots::slot_no slot;
  request::stage stage = stage::free;
  bool inbound = false;   ///< from the ROUTER of another member
  bool uncertain = false; ///< An attempt was lost: it may have been carried out.
};

/// The requests, at places that are used again, so that a command costs no allocation of its own.
/// A place is known outside by a number that changes with each attempt and each request: an answer
/// to an earlier one finds nothing.
class request_pool {
public:
  using index = std::uint32_t;
  static constexpr index none = ~index{0};

  index add(request x);
  void remove(index at);

  [[nodiscard]] request& operator[](index at) { return places_[at]; }
  [[nodiscard]] const request& operator[](index at) const { return places_[at]; }
  [[nodiscard]] std::size_t size() const noexcept { return places_.size() - free_.size(); }

  /// Forgets the number before.
  std::uint64_t next_number(index at);
  [[nodiscard]] std::uint64_t number(index at) const;
  /// `none` when this number is not, or no longer, the one of a request that is sent.
  [[nodiscard]] index find(std::uint64_t number) const;
  /// Whether the request of this order is still at the place.
  [[nodiscard]] bool holds(index at, std::uint64_t order) const;

  /// When `due` is to name it.
  void set_due(index at, instant when) { due_[at] = when; }
  /// Those whose time has come, in no order.
  [[nodiscard]] std::vector<index> due(instant now) const;

private:
  std::vector<request> places_;
  std::vector<instant> due_; ///< Beside the places: looked through ten times a second.
  std::vector<index> free_;
};

} // namespace bpci::router
