#pragma once

#include "runtime/entity/kind.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace bpci::entity {

class state_table;
using state_table_ptr = std::shared_ptr<const state_table>;

struct registered_kind {
  kind_ptr what;
  state_table_ptr table; ///< null: the state stands in `entity.state`
};

/// All kinds of entities that this program has; filled before the actors start, and read only from
/// then on.
class kinds {
public:
  /// Throws std::invalid_argument for a second kind of the same name.
  void add(kind_ptr what, state_table_ptr table = {});

  /// Null when there is none.
  [[nodiscard]] const registered_kind* find(std::string_view name) const;

private:
  std::map<std::string, registered_kind, std::less<>> all_;
};

using kinds_ptr = std::shared_ptr<const kinds>;

} // namespace bpci::entity
