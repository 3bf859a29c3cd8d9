#include "runtime/slots/allocation.hpp"

#include <algorithm>

namespace bpci::slots {

namespace {

/// FNV-1a, 64 bits.
std::uint64_t hash_of(const member_id& member) noexcept {
  auto hash = std::uint64_t{0xcbf29ce484222325};
  for (unsigned char c : member.get())
    hash = (hash ^ c) * 0x100000001b3;
  return hash;
}

/// The finalizer of SplitMix64: each bit of the input changes each bit of the output with the same
/// chance, which FNV-1a alone, with ids that differ in their last digit only, is far from.
std::uint64_t mixed(std::uint64_t x) noexcept {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

} // namespace

std::uint64_t score(slot_no slot, const member_id& member) noexcept {
  constexpr auto golden_ratio = std::uint64_t{0x9e3779b97f4a7c15};
  return mixed(mixed(hash_of(member)) + (slot.get() + std::uint64_t{1}) * golden_ratio);
}

std::vector<entity::placement_score> scores(slot_no slot, std::span<const member_id> members) {
  std::vector<entity::placement_score> all;
  for (const auto& member : members)
    all.push_back({member, score(slot, member)});
  std::ranges::sort(all, [](const auto& a, const auto& b) {
    return a.score != b.score ? a.score > b.score : a.member < b.member;
  });
  return all;
}

void allocation::set_members(std::vector<member_id> up) {
  std::ranges::sort(up);
  if (up == members_) return;
  members_ = std::move(up);
  for (std::uint16_t i = 0; i < slot_count; ++i) {
    auto ranking = scores(slot_no{i}, members_);
    wanted_[i] = ranking.empty() ? member_id{} : std::move(ranking.front().member);
  }
}

const member_id& allocation::wanted(const slot_row& row) const {
  auto pinned = !row.pinned.get().empty() && is_up(row.pinned);
  return pinned ? row.pinned : wanted_[row.slot.get()];
}

bool allocation::is_up(const member_id& member) const {
  return std::ranges::binary_search(members_, member);
}

} // namespace bpci::slots
