#pragma once

#include "actors/oracle/context.hpp"
#include "actors/oracle/link_actor.hpp"
#include "messages/oracle/connection.hpp"
#include "runtime/actor/actor_base.hpp"

#include <unordered_map>

namespace bpci::oracle {

/// DOORMAN: holds every connection whose client has not yet proved who it is. Its decisions are in
/// handshake.hpp. A proven client goes to its LINK, which is started if there is none; another
/// operator's node to whom KEEPER says, if it lets it in.
///
/// Accepts: connection_opened, frames_received, connection_closed.
class doorman_actor : public actor_base {
public:
  doorman_actor(caf::actor_config& cfg, context_ptr shared);

  const char* name() const override { return "doorman"; }

protected:
  caf::behavior make_behavior() override;
  void on_exit() override;
  std::string describe() const override;

private:
  struct visitor {
    challenge asked;
    bool answered = false; ///< The hello is being checked against the register.
  };

  void open(const connection_ptr& from);
  void receive(const frames_received& x);
  void check(const connection_ptr& from, visitor& who, const raw_frame& raw);
  void register_session(const connection_ptr& from, const bytes& nonce, proven_client who);
  void hand_over(const connection_ptr& from, proven_client who, session_no session);
  void admit(const connection_ptr& from, const proven_client& who);
  void let_in(const connection_ptr& from, const proven_client& who, const caf::actor& owner);
  void turn_away_isolated(const connection_ptr& from, const node_id& node, const failure& why);
  void turn_away(const connection_ptr& from, const failure& why,
                 std::optional<std::chrono::milliseconds> retry_after = {});

  context_ptr shared_;
  std::unordered_map<connection_ptr, visitor> visitors_;
};

} // namespace bpci::oracle
