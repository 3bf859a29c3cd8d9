#include "actors/consensus/set_rules.hpp"

#include <limits>
#include <map>

namespace bpci::consensus {

namespace {

__extension__ using wide = unsigned __int128;

} // namespace

result<> check_validators(std::span<const validator> set) {
  if (set.empty()) return fail(ec::invalid_argument, "a set without validators");
  std::map<address, std::uint64_t> seen;
  std::uint64_t total = 0;
  for (const auto& [id, weight] : set) {
    if (weight == 0) return fail(ec::invalid_argument, "a validator without weight");
    if (!seen.emplace(id, weight).second) return fail(ec::invalid_argument, "a validator twice");
    if (weight > std::numeric_limits<std::uint64_t>::max() - total)
      return fail(ec::invalid_argument, "the total weight overflows");
    total += weight;
  }
  return {};
}

result<> check_set_change(std::span<const validator> before, std::span<const validator> after) {
  std::map<address, std::uint64_t> left;
  wide total = 0;
  for (const auto& [id, weight] : before) {
    left.emplace(id, weight);
    total += weight;
  }
  wide moved = 0;
  for (const auto& [id, weight] : after) {
    auto old = left.extract(id);
    auto had = old.empty() ? 0 : old.mapped();
    moved += had < weight ? weight - had : had - weight;
  }
  for (const auto& [id, weight] : left)
    moved += weight;
  // At most two totals of 64 bits, so three times that is far below 128.
  if (3 * moved >= total)
    return fail(ec::invalid_argument, "one block may change less than a third of the weight");
  return {};
}

} // namespace bpci::consensus
