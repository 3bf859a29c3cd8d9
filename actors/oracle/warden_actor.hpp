#pragma once

#include "actors/oracle/context.hpp"
#include "actors/oracle/rate_limit.hpp"
#include "messages/oracle/conduct.hpp"
#include "messages/oracle/rotation.hpp"
#include "runtime/actor/actor_base.hpp"
#include "runtime/entity/kind.hpp"

#include <functional>
#include <unordered_map>

namespace bpci::oracle {

/// WARDEN: who may be connected, and under which key. What it changes stands in the entity
/// `bpi-node/<id>` (bpi_node.hpp), so every member sees the same; it checks what comes from outside
/// (rotation.hpp), closes the links that must end, and raises the alarm.
///
/// Accepts: accusation (from the LINKs of this node); isolate_order, release_order, key_rotation,
/// key_order, show_node, list_alerts (from the HTTP gateway).
class warden_actor : public actor_base {
public:
  warden_actor(caf::actor_config& cfg, context_ptr shared);

  const char* name() const override { return "warden"; }

protected:
  caf::behavior make_behavior() override;
  std::string describe() const override;

private:
  using node_answer = caf::typed_response_promise<node_record>;

  void take(const accusation& x);
  void isolate(const accusation& x, std::uint32_t tries);
  caf::result<node_record> isolate(const isolate_order& x);
  caf::result<node_record> release(const release_order& x);
  caf::result<node_record> rotate(const key_rotation& x);
  caf::result<node_record> set_key(const key_order& x);
  caf::result<node_record> show(const show_node& x);
  void add_status(node_record node, node_answer answer);
  caf::result<alert_list> alerts();
  void change_key(const node_id& node, const std::string& key, const struct change_key& what,
                  node_answer answer);
  void command(const entity::command& what,
               std::function<void(const node_record&, bool repeated)> ok,
               std::function<void(const failure&)> bad);
  void raise_alarm(const node_record& node, const std::string& by);
  void close_link(const node_id& node, session_no up_to, const failure& why);
  void close_link_now(const node_id& node, session_no up_to, const failure& why);
  void count_isolated();

  context_ptr shared_;
  std::unordered_map<node_id, rate_limit> rates_; ///< Of those that change their key.
  std::size_t accusations_ = 0;                   ///< Not yet made lasting.
};

} // namespace bpci::oracle
