#pragma once

#include "messages/runtime/entities.hpp"
#include "messages/runtime/slots.hpp"

#include <cstdint>
#include <span>
#include <vector>

/// Who should own which slot, pure: the member with the highest score of those that are UP
/// (rendezvous hashing), or the one that an admin has pinned it to. So a member that comes takes
/// about slots/n from all others and moves nothing between them, and every node that sees the same
/// members comes to the same answer. Only a hint: who does own a slot is in the table `slot`.
namespace bpci::slots {

/// How much a member wants a slot. The same on every node and in every version: never to be
/// changed, or two versions would pull at each other's slots.
std::uint64_t score(slot_no slot, const member_id& member) noexcept;

/// Of these members, the one that wants it most first: why a slot is where it is.
std::vector<entity::placement_score> scores(slot_no slot, std::span<const member_id> members);

class allocation {
public:
  /// Those that may be given slots: UP, neither JOINING nor DRAINING.
  void set_members(std::vector<member_id> up);

  /// Empty: no member is up. A pin to a member that is not up is as none.
  [[nodiscard]] const member_id& wanted(const slot_row& row) const;

  /// The same without pins.
  [[nodiscard]] const member_id& wanted(slot_no slot) const { return wanted_[slot.get()]; }

  [[nodiscard]] bool is_up(const member_id& member) const;
  /// In the order of their ids.
  [[nodiscard]] const std::vector<member_id>& members() const noexcept { return members_; }

private:
  std::vector<member_id> members_;
  std::vector<member_id> wanted_ = std::vector<member_id>(slot_count);
};

} // namespace bpci::slots
