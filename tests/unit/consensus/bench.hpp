#pragma once

#include "tests/unit/consensus/helpers.hpp"

namespace bpci::consensus::testing {

/// One validator under test, at height 1 of a chain of `n`; the test speaks for all others. The
/// words of its own come back to it, unless `echo` says not.
struct bench {
  explicit bench(int self = 2, int n = 4) : bench(self, genesis(n)) {}
  bench(int self, const chain_head& start) : number(self), keys(self), head(start) {
    how.chain_id = chain;
    now = timestamp_ms{start.head.time.get() + 1'000};
    one = block_of(1, head, now, 1);
    other = block_of(1, head, now, 2);
    id = block_id(one.head);
    other_id = block_id(other.head);
    uut = std::make_unique<engine>(how, keys);
  }

  effects begin_with(journal_state found = journal_state::fresh,
                     std::optional<safety_record> record = std::nullopt) {
    uut = std::make_unique<engine>(how, keys);
    return step(begin{head, found, std::move(record)});
  }

  /// All that follows from it.
  effects step(event what) {
    effects out;
    std::deque<event> todo{std::move(what)};
    while (!todo.empty()) {
      auto all = uut->step({now, std::move(todo.front())});
      todo.pop_front();
      for (auto& e : all) {
        if (const auto* x = std::get_if<broadcast>(&e); x && echo)
          todo.push_back(arrived{keys.self(), x->what});
        if (const auto* x = std::get_if<check_block>(&e); x && checks)
          todo.push_back(block_checked{x->what.head.at, x->block_id, true});
        if (const auto* x = std::get_if<persist>(&e)) disk = x->what;
        out.push_back(std::move(e));
      }
    }
    return out;
  }

  effects tell(int from, consensus_message what) {
    return step(arrived{id_of(from), std::move(what)});
  }
  effects tell(const prepare& x) { return tell(x.by[0], x); }
  effects tell(const commit& x) { return tell(x.by[0], x); }
  effects tell(const round_change_message& x) { return tell(x.what.by[0], x); }
  effects tell(const round_change& x) { return tell(bare(x)); }
  effects tell(const proposal_message& x) { return tell(x.what.by[0], x); }

  effects expire(std::uint32_t round, timer_expired::kind what = timer_expired::kind::round) {
    return step(timer_expired{what, where().at, round_no{round}});
  }

  /// Accepts `one` in round 0, and a quorum prepares it.
  effects prepare_one() {
    tell(proposal_of(1, 0, one));
    tell(prepare_of(1, 1, 0, id));
    return tell(prepare_of(3, 1, 0, id));
  }

  [[nodiscard]] standing where() const { return uut->where(); }
  [[nodiscard]] std::string doing() const { return where().doing; }
  [[nodiscard]] std::uint32_t round() const { return where().round.get(); }

  int number;
  fake_signer keys;
  engine_settings how;
  chain_head head;
  timestamp_ms now;
  block one, other; ///< two that validator 1 may propose
  hash id, other_id;
  bool echo = true;
  bool checks = true; ///< blocks are checked, and valid
  std::optional<safety_record> disk;
  std::unique_ptr<engine> uut;
};

/// Its kinds of effect, in order: "persist broadcast:prepare timer:round".
inline std::string words(const effects& all) {
  struct name {
    std::string operator()(const persist&) const { return "persist"; }
    std::string operator()(const broadcast& x) const { return "all:" + of(x.what); }
    std::string operator()(const send_to& x) const {
      return std::to_string(x.to[0]) + ":" + of(x.what);
    }
    std::string operator()(const start_timer& x) const {
      return x.what.what == timer_expired::kind::round ? "timer" : "resend";
    }
    std::string operator()(const make_block&) const { return "make"; }
    std::string operator()(const check_block&) const { return "check"; }
    std::string operator()(const finalize&) const { return "finalize"; }
    std::string operator()(const report_evidence&) const { return "evidence"; }
    std::string operator()(const fall_behind& x) const {
      return "behind:" + std::to_string(x.at.get());
    }
    std::string operator()(const halt&) const { return "halt"; }
    static std::string of(const consensus_message& x) {
      const char* names[] = {"proposal", "prepare", "commit", "change", "block"};
      return names[x.index()];
    }
  };
  std::string out;
  for (const auto& e : all)
    out += (out.empty() ? "" : " ") + std::visit(name{}, e);
  return out;
}

} // namespace bpci::consensus::testing
