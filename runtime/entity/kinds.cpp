#include "runtime/entity/kinds.hpp"

#include <stdexcept>
#include <utility>

namespace bpci::entity {

void kinds::add(kind_ptr what, state_table_ptr table) {
  auto name = std::string{what->name()};
  if (!all_.try_emplace(name, std::move(what), std::move(table)).second)
    throw std::invalid_argument("two kinds of entities named " + name);
}

const registered_kind* kinds::find(std::string_view name) const {
  auto found = all_.find(name);
  return found == all_.end() ? nullptr : &found->second;
}

} // namespace bpci::entity
