#pragma once

#include "keys.hpp"
#include "model_ledger.hpp"

namespace bpci::consensus::sim {

/// One real engine and nothing else: the test holds the keys of all other validators and says what
/// they say, message by message.
class stand {
public:
  /// `self` of `n` validators of weight 1, at height 1.
  stand(std::size_t self, std::size_t n, engine_settings how = {},
        journal_state journal = journal_state::fresh,
        const std::optional<safety_record>& record = {});

  /// What the engine answers. Its own broadcasts come back at once, its blocks are made and found
  /// valid at once: what that leads to is in the answer too.
  effects give(event what);
  effects give(const consensus_message& what, std::size_t from);
  /// The timer of the round that runs.
  effects time_out();

  /// Moves the clock.
  void wait(milliseconds x) { now_ = timestamp_ms{now_.get() + x.count()}; }

  // -- what others say; signed by `who`
  [[nodiscard]] block make(std::size_t proposer, std::uint64_t transaction = 1) const;
  [[nodiscard]] proposal_message propose(std::size_t who, std::uint32_t round, const block& what,
                                         std::vector<round_change> changes = {},
                                         std::vector<prepare> prepares = {}) const;
  [[nodiscard]] prepare prepares(std::size_t who, std::uint32_t round, const hash& id) const;
  [[nodiscard]] commit commits(std::size_t who, std::uint32_t round, const hash& id) const;
  [[nodiscard]] round_change_message wants(std::size_t who, std::uint32_t round) const;
  /// ... because of a block that these have prepared in an earlier round.
  [[nodiscard]] round_change_message wants(std::size_t who, std::uint32_t round,
                                           std::uint32_t prepared_in, const block& what,
                                           const std::vector<std::size_t>& by) const;
  [[nodiscard]] sealed_block sealed(const block& what, std::uint32_t round,
                                    const std::vector<std::size_t>& by) const;

  /// The chain has come to that block; what was decided is the engine's next parent.
  effects advance(const sealed_block& what);

  [[nodiscard]] const chain_state& chain() const { return *state_; }
  [[nodiscard]] standing where() const { return engine_.where(); }
  [[nodiscard]] height here() const { return height{state_->head.at.get() + 1}; }
  [[nodiscard]] timestamp_ms now() const { return now_; }

private:
  void obey(effects& all, std::size_t from);
  [[nodiscard]] chain_head head(const certificate& seals) const;

  model_signer signer_;
  plan plan_;
  model_ledger ledger_;
  engine engine_;
  state_ptr state_;
  certificate seals_; ///< of the head
  timestamp_ms now_{1'750'000'000'000};
  std::optional<timer_expired> timer_;
};

/// The first effect of that kind, or null.
template <class Effect>
const Effect* find(const effects& all) {
  for (const auto& x : all)
    if (const auto* found = std::get_if<Effect>(&x)) return found;
  return nullptr;
}

/// The first broadcast of a message of that kind, or null.
template <class Message>
const Message* find_said(const effects& all) {
  for (const auto& x : all)
    if (const auto* said = std::get_if<broadcast>(&x))
      if (const auto* found = std::get_if<Message>(&said->what)) return found;
  return nullptr;
}

} // namespace bpci::consensus::sim
