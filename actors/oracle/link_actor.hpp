#pragma once

#include "actors/oracle/context.hpp"
#include "actors/oracle/link.hpp"
#include "messages/oracle/connection.hpp"
#include "runtime/actor/actor_base.hpp"

#include <map>

namespace bpci::oracle {

/// A connection whose client has proved who it is. From: the DOORMAN. To: the LINK of that node.
struct open_link {
  connection_ptr connection;
  proven_client client;
  session_no session;
};

/// Accepted messages of one turn. From: a LINK. To: the RELAY of the same node.
struct submissions {
  std::vector<submission> items;
  bytes source_key;
};

/// A notice, encoded once for all links. From: the RELAY of the same node. To: its LINKs.
struct notice_out {
  frame_ptr msgpack;
  frame_ptr json;
};

/// LINK: one BPI node that has connected to this cluster node. Its decisions are in link.hpp.
///
/// Accepts: open_link, frames_received, connection_writable, connection_closed (from its
/// connection); deliveries (from any RELAY), outcomes, notice_out (from its own), superseded; expel
/// (from any WARDEN).
///
/// Ends by itself when its node has been away for `context::link_idle`. When it is killed, its
/// connection closes with `restarted`; the client reconnects and finds the LINK that its
/// supervisor has started in its place.
class link_actor : public actor_base {
public:
  link_actor(caf::actor_config& cfg, context_ptr shared, node_id node);

  const char* name() const override { return "link"; }

protected:
  caf::behavior make_behavior() override;
  void on_down(const caf::down_msg& what) override;
  void on_exit() override;
  std::string describe() const override;

private:
  void take(const open_link& x);
  void receive(const frames_received& x);
  void receive_one(const raw_frame& raw, moment now);
  template <class Handle>
  void unless_quarantined(message_id id, Handle handle);
  void lose(const connection_closed& x);
  void announce();
  void withdraw();
  void perform();
  void perform(write& x);
  void perform(write_delivery& x);
  void perform(submit& x);
  void perform(settle& x);
  void perform(hang_up& x);
  void perform(accuse& x);
  void flush();
  void check_idle(std::uint64_t generation);

  context_ptr shared_;
  node_id node_;
  link core_;
  connection_ptr connection_;
  session_no session_;
  bytes key_;
  caf::actor relay_;             ///< Of this node; null while it is being restarted.
  std::uint64_t generation_ = 0; ///< Counts connections gained and lost.
  bool ticking_ = false;         ///< A tick is on its way.
  ec farewell_ = ec::restarted;  ///< What the connection is told when the actor ends.

  // Gathered during one turn, sent at its end.
  link_effects effects_;
  batch_view batch_; ///< Of the frame at hand.
  std::vector<submission> submitted_;
  std::vector<delivery> unwritten_;
  std::map<member_id, outcomes> settled_;
  std::map<member_id, caf::actor> relays_; ///< Who delivered to us, to answer to.
};

} // namespace bpci::oracle

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(bpci::oracle::open_link)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(bpci::oracle::submissions)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(bpci::oracle::notice_out)
