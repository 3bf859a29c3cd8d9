#include "shrink.hpp"

#include <algorithm>

namespace bpci::consensus::sim {

namespace {

/// By halves, then quarters, down to one by one.
template <class List>
bool leave_out(plan& what, List plan::*list, const std::function<bool(const plan&)>& fails,
               int& runs) {
  auto shorter = false;
  for (auto part = std::max<std::size_t>((what.*list).size() / 2, 1);; part /= 2) {
    for (std::size_t at = 0; at < (what.*list).size() && runs > 0;) {
      auto less = what;
      auto& all = less.*list;
      auto from = all.begin() + static_cast<std::ptrdiff_t>(at);
      all.erase(from, from + static_cast<std::ptrdiff_t>(std::min(part, all.size() - at)));
      --runs;
      if (fails(less)) {
        what = std::move(less);
        shorter = true;
      } else {
        at += part;
      }
    }
    if (part <= 1) return shorter;
  }
}

} // namespace

plan shrunk(plan what, const std::function<bool(const plan&)>& fails, int runs) {
  while (runs > 0) {
    auto shorter = leave_out(what, &plan::faults, fails, runs);
    shorter |= leave_out(what, &plan::traitors, fails, runs);
    shorter |= leave_out(what, &plan::works, fails, runs);
    if (!shorter) break;
  }
  return what;
}

} // namespace bpci::consensus::sim
