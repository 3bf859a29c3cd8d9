#pragma once

#include "actors/peers/context.hpp"
#include "actors/peers/link_messages.hpp"
#include "messages/chain/position.hpp"
#include "runtime/actor/actor_base.hpp"

#include <map>
#include <optional>
#include <string>

namespace bpci::peers {

/// PEERS: the links to the other operators' nodes, on the one node of the cluster that holds the
/// chain. Whom it dials and lets in is peer_book.hpp; each link is a PEER's, below LINKS. What all
/// are told is encoded once, here.
///
/// Accepts: chain::tell_peers, chain::ask_peer, chain::peer_misbehaved, chain::get_peers;
/// oracle::admit_peer from KEEPER, oracle::peer_connected from DOORMAN; chain::position from
/// LEDGER.
class peers_actor : public actor_base {
public:
  peers_actor(caf::actor_config& cfg, context_ptr shared);

  const char* name() const override { return "peers"; }

protected:
  caf::behavior make_behavior() override;
  void on_down(const caf::down_msg& what) override;
  void on_exit() override;
  std::string describe() const override;

private:
  /// One operator, as far as there are actors and connections.
  struct place {
    caf::actor peer; ///< null while it is being started
    bool starting = false;
    std::optional<oracle::peer_connected> arrived; ///< waits for the PEER
    instant arrived_until{};
    oracle::connection_ptr link; ///< null: none is open
    std::shared_ptr<traffic> counted;
    std::optional<peer_head> head; ///< what it has told over this link
  };

  caf::result<oracle::peer_admitted> admit(const oracle::admit_peer& x);
  void take(const oracle::peer_connected& x);
  void start(const chain::address& who);
  void know(const chain::address& who, const caf::actor& peer);
  void hand_over(place& x);

  void opened(const link_opened& x);
  void closed(const chain::address& who, const failure& why);
  void heard(const head_told& x);
  void misbehaved(const chain::address& who, const std::string& why);

  void tell(const chain::tell_peers& x);
  void write(place& x, const std::shared_ptr<const bytes>& frame);
  caf::result<chain::peer_answer> ask_it(const chain::ask_peer& x);
  chain::peer_list list() const;

  void follow(const chain::position& x);
  void tell_head();
  void watch();
  void tick();
  [[nodiscard]] std::size_t links() const;
  [[nodiscard]] instant now() const;

  context_ptr shared_;
  peer_book book_;
  std::map<chain::address, place> places_;
  caf::actor ledger_; ///< that is being watched
  caf::actor sync_;   ///< that knows of the links
  peer_head mine_;
  bool head_changed_ = false;
  instant head_told_at_ = instant::min();
};

} // namespace bpci::peers
