#include "runtime/slots/slot_report.hpp"

#include <algorithm>
#include <map>

namespace bpci::slots {

namespace {

constexpr std::uint64_t page_default = 100;
constexpr std::uint64_t page_max = slot_count;

/// As next_epoch() of the database packs it.
constexpr int counter_bits = 40;

failure not_read_yet() {
  return fail(ec::unavailable, "the slot table has not been read yet");
}

bool matches(const slot_query& what, const slot_record& x) {
  if (what.state == "draining" && !x.row.draining) return false;
  if (what.state == "pinned" && x.row.pinned.get().empty()) return false;
  if (what.member.empty()) return true;
  auto nobody = x.row.owner.get() == 0;
  return what.member == "-" ? nobody : !nobody && x.owner_id.get() == what.member;
}

slot_status status_of(const slot_record& x, const allocation& who) {
  return {x.row.slot,   to_text(x.row.epoch), x.owner_id, x.row.owner, x.row.draining,
          x.row.pinned, who.wanted(x.row),    x.reason,   x.moved_at};
}

} // namespace

std::string to_text(epoch_no epoch) {
  auto counter = epoch.get() & ((std::uint64_t{1} << counter_bits) - 1);
  return std::to_string(epoch.get() >> counter_bits) + "." + std::to_string(counter);
}

result<slot_page> page_of(const slot_query& what, const slot_keeper& known) {
  if (!what.state.empty() && what.state != "draining" && what.state != "pinned")
    return fail(ec::invalid_argument, "state: draining, pinned or nothing");
  if (!known.known()) return not_read_yet();
  auto limit = what.limit == 0 ? page_default : std::min(what.limit, page_max);
  slot_page page;
  for (auto at = what.after; at < slot_count; ++at) {
    const auto& x = known.table()[at];
    if (!matches(what, x)) continue;
    if (page.slots.size() == limit) {
      page.next = std::uint64_t{page.slots.back().slot.get()} + 1;
      break;
    }
    page.slots.push_back(status_of(x, known.allocation()));
  }
  return page;
}

result<drain_plan> plan_of(const plan_drain& what, const slot_keeper& known,
                           std::span<const std::uint64_t> entities) {
  if (!known.known()) return not_read_yet();
  if (std::ranges::find(known.live(), what.member, &live_member::id) == known.live().end())
    return fail(ec::not_found, what.member.get());
  auto others = known.allocation().members();
  std::erase(others, what.member);
  drain_plan plan{what.member, {}, {}};
  if (others.empty()) {
    plan.obstacles.push_back("no other member is up");
    return plan;
  }
  allocation without;
  without.set_members(std::move(others));
  std::map<member_id, drain_share> shares;
  for (const auto& x : known.table()) {
    if (x.row.owner.get() == 0 || x.owner_id != what.member) continue;
    const auto& to = without.wanted(x.row);
    auto& share = shares.try_emplace(to, drain_share{to, 0, 0}).first->second;
    ++share.slots;
    share.entities += entities[x.row.slot.get()];
  }
  for (auto& [to, share] : shares)
    plan.shares.push_back(std::move(share));
  return plan;
}

result<void> check(const pin_slots& what, const slot_keeper& known) {
  if (what.slots.empty()) return fail(ec::invalid_argument, "slots: none");
  for (auto slot : what.slots)
    if (slot.get() >= slot_count)
      return fail(ec::invalid_argument, "slots: " + std::to_string(slot.get()) + " is not below "
                                            + std::to_string(slot_count));
  if (!what.member.get().empty() && !known.allocation().is_up(what.member))
    return fail(ec::not_found, what.member.get() + " is not up");
  return {};
}

} // namespace bpci::slots
