#pragma once

#include "messages/runtime/slots.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>

/// What this node knows of the owners of slots, for those who cannot wait for a message. Late, as
/// every copy: what makes a write safe is the row lock (runtime/slots/fence.hpp).
namespace bpci::slots {

/// Who has a slot, as far as this node knows.
struct slot_owner {
  epoch_no epoch;    ///< 0: the table has not been read yet
  incarnation owner; ///< 0: nobody
  bool draining = false;

  bool operator==(const slot_owner&) const = default;
};

/// Made once for a node, so that it outlives SLOTS, which alone writes to it. Reading is
/// thread-safe and never blocks. Slot numbers are below `slot_count`.
class slot_table {
public:
  slot_table() = default;
  slot_table(const slot_table&) = delete;
  slot_table& operator=(const slot_table&) = delete;

  /// The epoch under which this node may write to the slot; empty: it does not own it, or is just
  /// giving it away and its entities have ended.
  [[nodiscard]] std::optional<epoch_no> owned(slot_no slot) const noexcept {
    auto epoch = cells_[slot.get()].owned.load(std::memory_order_acquire);
    return epoch == 0 ? std::nullopt : std::optional{epoch_no{epoch}};
  }

  [[nodiscard]] slot_owner owner(slot_no slot) const noexcept {
    const auto& from = cells_[slot.get()];
    for (;;) {
      auto before = from.turn.load(std::memory_order_acquire);
      auto epoch = from.epoch.load(std::memory_order_acquire);
      auto owner = from.owner.load(std::memory_order_acquire);
      auto draining = from.draining.load(std::memory_order_acquire);
      auto whole = before % 2 == 0 && before == from.turn.load(std::memory_order_relaxed);
      if (whole) return {epoch_no{epoch}, incarnation{owner}, draining};
    }
  }

  // -- by SLOTS only, one thread at a time -----------------------------------------------

  /// `serves`: this node owns the slot and is not giving it away.
  void set(const slot_row& row, bool serves) noexcept {
    auto& to = cells_[row.slot.get()];
    // A reader of a turn that is odd, or that has changed under it, reads again.
    to.turn.fetch_add(1, std::memory_order_relaxed);
    to.epoch.store(row.epoch.get(), std::memory_order_release);
    to.owner.store(row.owner.get(), std::memory_order_release);
    to.draining.store(row.draining, std::memory_order_release);
    to.turn.fetch_add(1, std::memory_order_release);
    to.owned.store(serves ? row.epoch.get() : 0, std::memory_order_release);
  }

  void disown(slot_no slot) noexcept {
    cells_[slot.get()].owned.store(0, std::memory_order_release);
  }

private:
  struct cell {
    std::atomic<std::uint64_t> owned{0};
    std::atomic<std::uint64_t> epoch{0};
    std::atomic<std::uint64_t> owner{0};
    std::atomic<bool> draining{false};
    std::atomic<std::uint32_t> turn{0};
  };

  std::array<cell, slot_count> cells_;
};

using slot_table_ptr = std::shared_ptr<slot_table>;

} // namespace bpci::slots
