#pragma once

#include "chance.hpp"
#include "conduct.hpp"
#include "environment.hpp"
#include "keys.hpp"
#include "model_disk.hpp"

#include <deque>
#include <set>

namespace bpci::consensus::sim {

/// A validator's program around the real engine: does one by one what the engine says, and can die
/// between any two of them.
class process final : private conduct::stage {
public:
  /// For blocks that were asked for; who has not sent them by then is not asked first again.
  static constexpr milliseconds answer_max{300};

  process(environment& around, std::size_t number);

  void start();
  /// Dies after `x.steps` more steps, with what that does to the disk.
  void crash_soon(const fault& x);
  /// It does not die after all.
  void spare() { doom_.reset(); }
  /// It is linked to all others, as it is when it starts.
  void greet() {
    if (alive()) tell_head(true);
  }
  void receive(std::size_t from, const packet& what);
  void learn(const transaction& x);
  void set_skew(milliseconds x) { skew_ = x; }
  void set_slow_disk(milliseconds x) { slow_disk_ = x; }
  /// Computes another state than everybody else from now on.
  void diverge() { divergent_ = true; }
  void keep_down(bool x) { kept_down_ = x; }

  [[nodiscard]] std::size_t number() const noexcept { return number_; }
  [[nodiscard]] bool alive() const noexcept { return engine_.has_value(); }
  [[nodiscard]] bool honest() const noexcept { return honest_; }
  [[nodiscard]] bool halted() const noexcept { return halted_; }
  [[nodiscard]] bool lost() const noexcept { return lost_; }
  [[nodiscard]] height at() const { return state_->head.at; }
  [[nodiscard]] const chain_state& chain() const { return *state_; }
  [[nodiscard]] std::size_t pending() const { return pool_.size(); }
  [[nodiscard]] const model_disk& disk() const noexcept { return disk_; }
  [[nodiscard]] standing where() const { return engine_->where(); }
  /// How long the timer of the present round runs on.
  [[nodiscard]] instant timer_left() const;
  [[nodiscard]] bool drives(const address& key) const { return signer_.self() == key; }
  /// Heap bytes that the engine held: this ends it.
  [[nodiscard]] std::size_t end_engine();

  struct counts {
    std::uint64_t persists = 0, sent = 0, dropped_peers = 0, finalized = 0, steps = 0;
    std::uint64_t sent_bytes = 0, checked = 0;
    std::uint64_t refused_blocks = 0, restarts = 0;
  };
  [[nodiscard]] const counts& counted() const noexcept { return counts_; }

private:
  // conduct::stage
  [[nodiscard]] const signer& keys() const override { return signer_; }
  [[nodiscard]] const chain_state& chain_now() const override { return *state_; }
  void send_as_traitor(const address& to, const consensus_message& what) override;
  [[nodiscard]] chance& luck() override { return luck_; }

  // the loop
  void feed(event what);
  void pump();
  void step(const event& what);
  bool strikes();
  void die(torn tail, disk_fate fate, instant back_in);
  void later(instant after, std::function<void()> what);

  // effects
  void perform(const persist& x);
  void perform(const broadcast& x);
  void perform(const send_to& x);
  void perform(const start_timer& x);
  void perform(const make_block& x);
  void perform(const check_block& x);
  void perform(const finalize& x);
  void perform(const report_evidence& x);
  void perform(const fall_behind& x);
  void perform(const halt& x);
  void say(const address& to, const message_ptr& what);

  // the chain
  [[nodiscard]] chain_head head() const;
  [[nodiscard]] timestamp_ms clock() const;
  [[nodiscard]] instant takes(instant most) { return luck_.between(instant{0}, most); }
  void made(height at, round_no round);
  void adopt(const sealed_block& what, const state_ptr& after);
  void forget_done();
  [[nodiscard]] bool is_validator() const;

  // synchronisation (process_sync.cpp)
  void ask(std::size_t whom, height from);
  void answer(std::size_t whom, height from);
  void take(std::size_t from, const std::vector<sealed_block>& blocks);
  void drop_peer(std::size_t who, const std::string& why);
  void take(std::size_t from, const gossip& what);
  void take(std::size_t from, const peer_head& what);
  void tell_head(bool asks);
  void tell_head_if_new();
  void compare_heads();
  void want(height x);
  void ask_somebody();
  void ask_somebody(height from);
  void watch();
  void tick();
  void busy();

  environment& around_;
  std::size_t number_;
  model_signer signer_;
  chance luck_;
  bool honest_;
  std::unique_ptr<conduct> conduct_;
  // what outlives a life
  model_disk disk_;
  milliseconds skew_{0}, slow_disk_{0};
  bool kept_down_ = false;
  bool divergent_ = false;
  counts counts_;
  // one life
  std::uint64_t life_ = 0;
  std::optional<engine> engine_;
  state_ptr state_;
  std::deque<effect> to_do_;
  std::deque<event> inbox_;
  bool waiting_ = false; ///< for the disk
  bool pumping_ = false;
  std::optional<fault> doom_;
  bool halted_ = false;
  bool lost_ = false;
  struct timer {
    timer_expired what;
    std::uint64_t token = 0;
    instant due{};
  };
  std::map<timer_expired::kind, timer> timers_;
  std::uint64_t tokens_ = 0;
  std::map<std::uint64_t, transaction> pool_;
  std::vector<evidence> proofs_;
  std::vector<evidence> proofs_seen_;
  bool ticking_ = false;
  std::uint64_t ticks_ = 0;
  height watched_;
  std::uint64_t stuck_ = 0;
  height wanted_;           ///< that others are said to have
  std::uint64_t tries_ = 0; ///< left, to get it
  std::uint64_t asked_ = 0; ///< token of the question that is open, or 0
  std::set<std::size_t> liars_;
  std::map<std::size_t, peer_head> heads_; ///< as others say
  std::map<std::size_t, height> compared_;
  height told_;
  instant told_at_{};
};

} // namespace bpci::consensus::sim
