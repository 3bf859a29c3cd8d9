#pragma once

#include "actors/oracle/relay.hpp"
#include "runtime/router/credit.hpp"

#include <unordered_map>
#include <unordered_set>
#include <vector>

/// Whether targets are registered, pure. A node is never taken out of the register, so what is
/// known stays true; messages to others wait until somebody has looked.
namespace bpci::oracle {

class register_check {
public:
  enum class verdict : std::uint8_t {
    known,   ///< go on
    waits,   ///< kept, for a look-up that is on its way
    look_up, ///< kept, and somebody has to look: `take` is to follow
    full     ///< too much waits; not kept
  };

  explicit register_check(router::credit_limit waiting, std::size_t known_max = 100'000)
      : bytes_max_(waiting.bytes), waiting_credit_(waiting), known_max_(known_max) {}

  verdict submit(const store_for& what);

  void learn(const node_id& node);

  /// The look-up of this node has ended: what has waited for it.
  std::vector<store_for> take(const node_id& node);

private:
  [[nodiscard]] std::uint64_t credit_for(const store_for& what) const;

  std::unordered_map<node_id, std::vector<store_for>> waiting_;
  std::uint64_t bytes_max_;
  router::credit waiting_credit_;
  std::unordered_set<node_id> known_; ///< Emptied when it is full.
  std::size_t known_max_;
};

} // namespace bpci::oracle
