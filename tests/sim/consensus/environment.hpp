#pragma once

#include "model_ledger.hpp"
#include "plan.hpp"

#include <functional>
#include <memory>
#include <variant>

namespace bpci::consensus::sim {

class oracle;

using message_ptr = std::shared_ptr<const consensus_message>;

/// "Send me your blocks from this height on."
struct fetch {
  height from;
};
struct fetched {
  std::vector<sealed_block> blocks;
};
/// What is waiting for a block.
struct gossip {
  std::vector<transaction> transactions;
  std::vector<evidence> misbehaviour;
};
/// "That is where I am": over each new link, with a question for the same, and as the chain grows.
struct peer_head {
  height at;
  hash id{}; ///< zero: not told
  bool asks = false;
};
using packet = std::variant<message_ptr, fetch, fetched, gossip, peer_head>;

/// What a process has around it.
class environment {
public:
  virtual ~environment() = default;
  [[nodiscard]] virtual const plan& what() const = 0;
  [[nodiscard]] virtual instant now() const = 0;
  virtual void later(instant after, std::function<void()> what) = 0;
  /// By the network, to one process.
  virtual void send(std::size_t from, std::size_t to, const packet& what) = 0;
  [[nodiscard]] virtual model_ledger& ledger() = 0;
  [[nodiscard]] virtual oracle& judge() = 0;
  [[nodiscard]] virtual bool tracing() const = 0;
  virtual void note(std::size_t process, const std::string& text) = 0;
};

} // namespace bpci::consensus::sim
