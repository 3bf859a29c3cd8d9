#include "actors/ledger/attendance.hpp"

namespace bpci::ledger {

namespace {

/// Of block h the last that is known to the end is h - 3: its own late seals are the last of that.
constexpr std::uint64_t settled_after = 3;
constexpr std::uint64_t window_size = 100;

} // namespace

void attendance::add(heights& to, const consensus::block& x) {
  auto count = [&](const consensus::certificate& c) {
    auto& by = to[c.at];
    for (const auto& s : c.seals)
      by.insert(s.by);
  };
  if (!x.parent_seals.seals.empty()) count(x.parent_seals);
  for (const auto& late : x.late_seals)
    count(late);
}

void attendance::note(const consensus::block& x) {
  add(sealed_, x);
  auto oldest = x.head.at.get();
  while (!sealed_.empty() && sealed_.begin()->first.get() + window_size + settled_after <= oldest)
    sealed_.erase(sealed_.begin());
}

std::vector<sealing> attendance::window(const consensus::block& next) const {
  // Only the heights that the block speaks of can change.
  heights touched;
  for (const auto& late : next.late_seals)
    if (auto known = sealed_.find(late.at); known != sealed_.end()) touched.insert(*known);
  add(touched, next);
  std::vector<sealing> out;
  for (const auto& [at, by] : sealed_) {
    if (at.get() + window_size + settled_after <= next.head.at.get()) continue;
    if (at.get() + settled_after > next.head.at.get()) break;
    auto newer = touched.find(at);
    const auto& all = newer == touched.end() ? by : newer->second;
    out.push_back({at, {all.begin(), all.end()}});
  }
  return out;
}

} // namespace bpci::ledger
