#pragma once

#include "history.hpp"
#include "messages/error.hpp"
#include "schedule.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace bpci::chaos {

/// A node as a client knows it.
struct node_address {
  std::string id;
  std::string url; ///< http://host:port
};

/// What an `add` has come to.
struct add_answer {
  std::int64_t total = 0;
  std::uint64_t count = 0;
  bool repeated = false;
};

/// Speaks to the probes over HTTP, and follows the protocol: the same again under the same key
/// until there is an answer, after the time that a refusal names. Of one thread.
class probe_client {
public:
  probe_client(std::vector<node_address> nodes, std::string token, std::uint64_t seed);

  /// Tries until it is done, refused for good, or `deadline` is over. Fills in what happened.
  std::optional<add_answer> add(operation& x, milliseconds deadline);

  /// One request to one node. Fills in the attempt.
  std::optional<add_answer> add_once(const operation& x, std::size_t node, milliseconds within,
                                     attempt& out);

  /// One question to one node; nothing if it is not answered.
  std::optional<reading> read(const std::string& entity, std::size_t node, milliseconds within);

  /// Until it is answered, by any node.
  std::optional<reading> read_somewhere(const std::string& entity, milliseconds deadline);

  /// All receipts of a sink; nothing if they cannot be read.
  std::optional<std::vector<std::string>> receipts(const std::string& sink, milliseconds deadline);

  /// One of the nodes, as an index.
  std::size_t any_node() { return luck_.below(nodes_.size()); }
  [[nodiscard]] const std::vector<node_address>& nodes() const noexcept { return nodes_; }
  dice& luck() noexcept { return luck_; }

private:
  [[nodiscard]] milliseconds pause_after(const attempt& x, std::size_t tries, milliseconds named);

  std::vector<node_address> nodes_;
  std::string token_;
  dice luck_;
  std::size_t at_ = 0;          ///< the node that is asked first
  milliseconds named_pause_{0}; ///< by the last refusal; 0: none
};

/// Codes that say that nothing has been done.
bool says_not_done(const std::string& code);

} // namespace bpci::chaos
