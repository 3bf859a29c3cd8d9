#pragma once

#include "gateways/api/audit.hpp"
#include "messages/error.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace bpci::gateway {

class api_actor;

/// What the API keeps in the database: who may call, and what they did. An interface, so that the
/// tests of the API need no database. Each call is answered once, in the API actor; its errors are
/// those of a transaction (runtime/storage/sql.hpp).
class records {
public:
  template <class T = void>
  using answer = std::function<void(const result<T>&)>;

  virtual ~records() = default;

  /// False when the cluster has another first token.
  virtual void enter_first_token(api_actor& self, std::string hash, answer<bool> then) const = 0;

  /// The label of a token; none if it is not known.
  virtual void find_token(api_actor& self, std::string hash,
                          answer<std::optional<std::string>> then) const = 0;

  /// Writes an action down; its number.
  virtual void begin_action(api_actor& self, audit::entry what,
                            answer<std::uint64_t> then) const = 0;
  virtual void end_action(api_actor& self, std::uint64_t no, std::string result,
                          answer<> then) const = 0;
  virtual void list_actions(api_actor& self, audit::query what, answer<audit::page> then) const = 0;
};

using records_ptr = std::shared_ptr<const records>;

/// By the PG POOL of the node.
records_ptr records_in_database();

} // namespace bpci::gateway
