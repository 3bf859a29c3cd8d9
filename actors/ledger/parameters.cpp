#include "actors/ledger/parameters.hpp"

#include <algorithm>

namespace bpci::ledger {

namespace {

constexpr std::string_view values_key = "ledger/parameters";

} // namespace

settings::settings(const reader& state) {
  for (const auto& x : load_or_new<parameter_values>(state, values_key).set)
    set_.emplace(x.name, x.value);
}

std::uint64_t settings::operator[](const parameter& x) const {
  auto found = set_.find(x.name);
  return found == set_.end() ? x.fallback : found->second;
}

result<void> set_parameter(draft& state, const parameter& what, std::uint64_t value) {
  if (value < what.min || value > what.max)
    return fail(ec::invalid_argument, std::string{what.name} + ": " + std::to_string(value)
                                          + " is not from " + std::to_string(what.min) + " to "
                                          + std::to_string(what.max));
  auto all = load_or_new<parameter_values>(state, values_key);
  auto at = std::ranges::lower_bound(all.set, what.name, {}, &parameter_value::name);
  if (at == all.set.end() || at->name != what.name)
    at = all.set.insert(at, {std::string{what.name}, 0});
  at->value = value;
  if (value == what.fallback) all.set.erase(at);
  state.store(values_key, all);
  return {};
}

} // namespace bpci::ledger
