#pragma once

#include "actors/consensus/consensus_actor.hpp"
#include "actors/consensus/internal_messages.hpp"
#include "actors/consensus/record_store.hpp"
#include "messages/chain/peers.hpp"
#include "messages/chain/pool.hpp"

#include <chrono>
#include <map>

namespace bpci::consensus {

/// To oneself, after a pause.
struct later_call {
  std::function<void()> what;
};

/// INSTANCE: one height. It has the core of consensus while the height is open, and carries out
/// what that says, one effect after the other: nothing behind a `persist` before it is in the
/// database, and what is told to all comes back to itself last. When the height is over it hands
/// the core to the next INSTANCE, by way of ENGINE.
///
/// When it dies the core is lost. Its successor makes another one from the record, which covers
/// whatever was signed, and says again what was said. When ENGINE dies, so does it.
///
/// Accepts: begin_anew, carry_on, chain_moved, work_is_due, stop_deciding, dismissed, get_standing,
/// vote_arrived (all from ENGINE).
class instance_actor : public consensus_actor {
public:
  instance_actor(caf::actor_config& cfg, context_ptr shared, height at);

  const char* name() const override { return "instance"; }

protected:
  caf::behavior make_behavior() override;
  void on_down(const caf::down_msg& what) override;
  void on_exit() override;
  std::string describe() const override;

private:
  struct timer {
    timer_expired what;
    std::uint64_t token = 0; ///< 0: it has expired
  };

  // -- the core comes and goes
  void begin(const begin_anew& x);
  void begin_with(store::found_record found);
  void carry(const carry_on& x);
  void hand_over();
  void move(const chain_moved& x);

  // -- one after the other
  void feed(event what);
  void take(const chain::vote_arrived& x);
  void pump();
  void step(event what);
  [[nodiscard]] bool is_at_work() const { return core_ && !stopped_; }

  // -- effects (instance_effects.cpp)
  void perform(persist& x);
  void perform(broadcast& x);
  void perform(send_to& x);
  void perform(start_timer& x);
  void perform(make_block& x);
  void perform(check_block& x);
  void perform(consensus::finalize& x);
  void perform(report_evidence& x);
  void perform(fall_behind& x);
  void perform(halt& x);

  void recorded();
  void lose_record(const failure& why);
  void tell_peers(std::vector<consensus::address> to, const consensus_message& what);
  void expire(timer_expired::kind what, std::uint64_t token);

  // -- a block of its own
  void choose_evidence(make_block why, std::vector<evidence> offered);
  void fill(make_block why, block skeleton, chain::evidence_list verified);
  void complete(make_block why, const chain::block_filled& x, chain::evidence_list verified);
  void make_nothing(make_block why, const failure& reason);

  // -- blocks of others
  void remember(const hash& id, chain::evidence_list verified);
  void validate(chain::validate_block x, milliseconds pause);
  void append(chain::sealed_block_ptr what, const hash& id, milliseconds pause);
  void append_with(chain::append_block x, milliseconds pause);
  void appended(const chain::position& now);
  void stop(engine_stopped::kind what, std::string why);

  void later(milliseconds after, std::function<void()> what);

  height at_;
  chain::position where_; ///< upon which the block of this height stands
  core_ptr core_;         ///< null: not begun, or handed over
  caf::actor_addr engine_;
  bool starting_ = false; ///< the record is being read
  bool waiting_ = false;  ///< for the database
  bool pumping_ = false;
  bool is_over_ = false;
  bool stopped_ = false;
  std::map<timer_expired::kind, timer> timers_;
  std::uint64_t tokens_ = 0;
  std::size_t votes_ = 0;                         ///< of others, in the inbox
  std::size_t vote_bytes_ = 0;                    ///< about
  std::map<hash, chain::evidence_list> verified_; ///< of blocks of this height
  std::chrono::steady_clock::time_point began_recording_{}, proposed_{};
};

} // namespace bpci::consensus

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(bpci::consensus::later_call)
