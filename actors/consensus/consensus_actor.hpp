#pragma once

#include "actors/consensus/block_evidence.hpp"
#include "actors/consensus/context.hpp"
#include "actors/consensus/downtime.hpp"
#include "runtime/actor/actor_base.hpp"

#include <functional>

namespace bpci::consensus {

/// How long LEDGER may take. Executing a block of the largest size takes a second or two.
inline constexpr auto ledger_read_max = milliseconds{5'000};
inline constexpr auto ledger_execute_max = milliseconds{20'000};

/// The heights whose seals the block upon this position may hold.
[[nodiscard]] std::vector<sealed_height> sealed_heights(const chain::position& x);

/// What the actors of consensus have in common.
class consensus_actor : public actor_base {
public:
  consensus_actor(caf::actor_config& cfg, context_ptr shared)
      : actor_base(cfg), shared_(std::move(shared)) {}

protected:
  /// Calls `then` with those of the heights that are final, or with why they could not be asked
  /// for. Asks LEDGER for what `where` does not say.
  void know_heights(const chain::position& where, const std::set<height>& wanted,
                    std::function<void(result<heights_known>)> then);

  /// No answer; nothing happens while nobody is there.
  template <class Message>
  void tell(std::string_view where, Message&& what) {
    if (auto who = shared_->find(where)) send(who, std::forward<Message>(what));
  }

  context_ptr shared_;
};

} // namespace bpci::consensus
