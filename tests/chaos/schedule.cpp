#include "schedule.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace bpci::chaos {

namespace {

struct description {
  fault what;
  std::string_view name;
  milliseconds shortest;
  milliseconds longest;
};

using ms = milliseconds;

constexpr std::array descriptions{
    description{fault::kill_actor, "kill-actor", ms{0}, ms{0}},
    description{fault::kill_node, "kill-node", ms{500}, ms{5'000}},
    description{fault::stop_node, "stop-node", ms{300}, ms{6'000}},
    description{fault::restart_node, "restart-node", ms{0}, ms{1'000}},
    description{fault::partition, "partition", ms{1'000}, ms{6'000}},
    description{fault::one_way_partition, "one-way-partition", ms{1'000}, ms{6'000}},
    description{fault::isolate, "isolate", ms{1'000}, ms{6'000}},
    description{fault::lose_database, "lose-database", ms{500}, ms{6'000}},
    description{fault::slow_database, "slow-database", ms{2'000}, ms{5'000}},
    description{fault::restart_postgres, "restart-postgres", ms{0}, ms{2'000}},
    description{fault::fill_disk, "fill-disk", ms{2'000}, ms{5'000}},
    description{fault::shift_clock, "shift-clock", ms{2'000}, ms{5'000}},
};

constexpr auto first_at = ms{2'000};
constexpr auto shortest_rest = ms{1'000};
constexpr auto longest_rest = ms{5'000};

const description& describe(fault x) {
  return *std::ranges::find(descriptions, x, &description::what);
}

} // namespace

std::string_view name(fault x) {
  return describe(x).name;
}

std::optional<fault> fault_from(std::string_view name) {
  const auto found = std::ranges::find(descriptions, name, &description::name);
  if (found == descriptions.end()) return std::nullopt;
  return found->what;
}

const std::vector<fault>& all_faults() {
  static const auto all = [] {
    std::vector<fault> out;
    for (const auto& x : descriptions)
      out.push_back(x.what);
    return out;
  }();
  return all;
}

/// SplitMix64.
std::uint64_t dice::next() noexcept {
  state_ += 0x9e3779b97f4a7c15;
  auto x = state_;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

milliseconds dice::between(milliseconds least, milliseconds most) noexcept {
  const auto width = static_cast<std::uint64_t>((most - least).count()) + 1;
  return least + milliseconds{static_cast<milliseconds::rep>(below(width))};
}

std::vector<planned_fault> make_schedule(std::uint64_t seed, milliseconds length,
                                         const std::vector<fault>& kinds, std::size_t nodes) {
  std::vector<planned_fault> out;
  if (kinds.empty() || nodes == 0) return out;
  dice luck{seed};
  for (auto at = first_at;;) {
    const auto& how = describe(kinds[luck.below(kinds.size())]);
    const planned_fault next{at, how.what, luck.below(nodes) + 1,
                             luck.between(how.shortest, how.longest)};
    if (next.at + next.lasts > length) return out;
    out.push_back(next);
    at += next.lasts + luck.between(shortest_rest, longest_rest);
  }
}

} // namespace bpci::chaos
