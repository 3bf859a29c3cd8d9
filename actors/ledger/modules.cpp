#include "actors/ledger/modules.hpp"

#include "actors/ledger/anchors/anchors.hpp"
#include "actors/ledger/coins/coins.hpp"
#include "actors/ledger/governance/governance.hpp"
#include "actors/ledger/treasury/treasury.hpp"
#include "actors/ledger/validators/validators.hpp"

#include <algorithm>
#include <stdexcept>

namespace bpci::ledger {

const module_table& standard_modules() {
  static const module_table table{{
      coins::make_coins(),
      treasury::make_treasury(),
      validators::make_validators(),
      governance::make_governance(),
      anchors::make_anchors(),
  }};
  return table;
}

module_table::module_table(std::vector<module_ptr> all)
    : all_(std::move(all)), parameters_(ledger_parameters.begin(), ledger_parameters.end()) {
  for (const auto& x : all_) {
    if (find(x->name()) != x.get())
      throw std::invalid_argument("two modules named " + std::string{x->name()});
    auto more = x->parameters();
    parameters_.insert(parameters_.end(), more.begin(), more.end());
    auto closed = x->closed_accounts();
    closed_.insert(closed_.end(), closed.begin(), closed.end());
  }
  std::ranges::sort(parameters_, {}, &parameter::name);
  std::ranges::sort(closed_);
  auto twice = std::ranges::adjacent_find(parameters_, {}, &parameter::name);
  if (twice != parameters_.end())
    throw std::invalid_argument("two parameters named " + std::string{twice->name});
}

const module* module_table::find(std::string_view name) const {
  auto found = std::ranges::find(all_, name, &module::name);
  return found == all_.end() ? nullptr : found->get();
}

const parameter* module_table::find_parameter(std::string_view name) const {
  auto found = std::ranges::lower_bound(parameters_, name, {}, &parameter::name);
  return found == parameters_.end() || found->name != name ? nullptr : &*found;
}

bool module_table::is_closed(const account& who) const {
  return std::ranges::binary_search(closed_, who);
}

std::vector<parameter_setting> list_parameters(const module_table& modules, const reader& state) {
  const settings now{state};
  std::vector<parameter_setting> out;
  for (const auto& x : modules.parameters())
    out.push_back({std::string{x.name}, now[x], x.min, x.max});
  return out;
}

} // namespace bpci::ledger
