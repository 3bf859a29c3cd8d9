#pragma once

#include "actors/interapp/context.hpp"
#include "messages/interapp/gate.hpp"
#include "runtime/actor/actor_base.hpp"

#include <caf/typed_response_promise.hpp>

#include <functional>

namespace bpci::interapp {

/// GATE: has each message between apps decided by its agreement, which is a durable entity
/// (agreement.hpp), before it goes on. Decides nothing itself. Messages that wait are bounded:
/// `busy` beyond.
///
/// Accepts: may_pass (from the RELAY of this node); submit_message (from the HTTP gateway).
class gate_actor : public actor_base {
public:
  gate_actor(caf::actor_config& cfg, context_ptr shared);

  const char* name() const override { return "gate"; }

protected:
  caf::behavior make_behavior() override;
  std::string describe() const override;

private:
  using decided = std::function<void(const result<verdict>&)>;

  caf::result<passage> check(const may_pass& x);
  caf::result<message_report> submit(const submit_message& x);
  void decide(const message& what, const carrier& by, decided then);
  void decided_by_agreement(const message& what, const carrier& by, const result<verdict>& said,
                            const decided& then);
  void relay(const submit_message& x, const verdict& said,
             caf::typed_response_promise<message_report> answer);
  void record(const agreement_id& where, const std::string& key, audit_entry what,
              std::function<void(const result<audit_head>&)> then);
  void record_outcomes(const submit_message& x, const oracle::outcomes& got);

  context_ptr shared_;
  std::size_t waiting_ = 0; ///< Messages that have no verdict yet.
};

} // namespace bpci::interapp
