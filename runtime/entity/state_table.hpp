#pragma once

#include "messages/ids.hpp"

#include <pqxx/transaction>

#include <memory>
#include <optional>
#include <string>

namespace bpci::entity {

/// Where a kind keeps its state instead of `entity.state`, so that it can be listed with SQL. Both
/// run inside the transaction that also reads or writes the entity's version; `save` under the lock
/// of the slot. They throw as any SQL does. Version and slot still stand in `entity`; a row of the
/// table without one there is an entity at version 0.
class state_table {
public:
  virtual ~state_table() = default;

  /// The state as `instance::encode` would give it; empty: there is no such entity.
  virtual std::optional<bytes> load(pqxx::work& tx, const std::string& id) const = 0;
  virtual void save(pqxx::work& tx, const std::string& id, const bytes& state) const = 0;
};

using state_table_ptr = std::shared_ptr<const state_table>;

} // namespace bpci::entity
