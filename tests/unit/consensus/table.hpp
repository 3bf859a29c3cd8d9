#pragma once

#include "tests/unit/consensus/helpers.hpp"

#include <functional>

namespace bpci::consensus::testing {

/// Validators 1 to n in one room: messages come at once and in order, unless `lost` says not;
/// timers expire when told; a disk keeps the last record.
class table {
public:
  struct seat {
    fake_signer keys;
    std::unique_ptr<class engine> engine;
    chain_head head;
    std::optional<safety_record> disk;
    std::map<timer_expired::kind, timer_expired> timers;
    std::vector<sealed_block> chain;
    std::vector<evidence> reported;
    std::vector<halt> halts;
    std::vector<consensus_message> said;
    bool up = true;
  };

  explicit table(int n) : table(genesis(n)) {}
  explicit table(const chain_head& start) {
    how.chain_id = chain;
    now = timestamp_ms{start.head.time.get() + 1'000};
    for (const auto& v : start.validators) {
      auto n = int{v.id[0]};
      seats.emplace(n, seat{fake_signer{n}, nullptr, start, {}, {}, {}, {}, {}, {}, true});
    }
    for (auto& [n, s] : seats)
      start_again(n, journal_state::fresh);
  }

  void crash(int n) {
    seats.at(n).up = false;
    seats.at(n).engine.reset();
    seats.at(n).timers.clear();
  }

  void start_again(int n, journal_state found = journal_state::intact) {
    auto& s = seats.at(n);
    s.up = true;
    s.timers.clear();
    s.engine = std::make_unique<engine>(how, s.keys);
    feed(n, begin{s.head, found, s.disk});
  }

  void feed(int n, event what) { queue_.emplace_back(n, std::move(what)); }

  void tell(int from, int to, consensus_message what) {
    feed(to, arrived{id_of(from), std::move(what)});
  }

  void work(std::vector<int> who) {
    for (auto n : who)
      feed(n, work_due{});
  }

  /// Until nobody has anything to say.
  void run() {
    while (!queue_.empty()) {
      auto [n, what] = std::move(queue_.front());
      queue_.pop_front();
      auto& s = seats.at(n);
      if (s.up) obey(n, s.engine->step({now, std::move(what)}));
    }
  }

  /// Whether it had one of this kind.
  bool expire(int n, timer_expired::kind what = timer_expired::kind::round) {
    auto found = seats.at(n).timers.extract(what);
    if (found.empty()) return false;
    feed(n, found.mapped());
    return true;
  }

  void expire_all(timer_expired::kind what = timer_expired::kind::round) {
    for (auto& [n, s] : seats)
      expire(n, what);
  }

  [[nodiscard]] std::uint32_t round_of(int n) { return where(n).round.get(); }
  [[nodiscard]] standing where(int n) { return seats.at(n).engine->where(); }

  /// Everybody who is up has the same chain of this length.
  [[nodiscard]] bool all_have(std::size_t length) const {
    std::set<hash> ids;
    for (const auto& [n, s] : seats) {
      if (!s.up) continue;
      if (s.chain.size() != length) return false;
      if (length > 0) ids.insert(s.chain.back().seals.block_id);
    }
    return ids.size() <= 1;
  }

  engine_settings how;
  timestamp_ms now;
  std::map<int, seat> seats;
  /// From, to, what: not for oneself.
  std::function<bool(int, int, const consensus_message&)> lost;
  /// Blocks that this one finds invalid.
  std::function<bool(int, const block&)> refuses;
  std::uint8_t transaction = 1;

private:
  void obey(int n, effects all) {
    for (auto& x : all)
      std::visit([&](auto& e) { carry_out(n, e); }, x);
  }

  void carry_out(int n, persist& e) { seats.at(n).disk = e.what; }
  void carry_out(int n, broadcast& e) {
    seats.at(n).said.push_back(e.what);
    for (auto& [to, s] : seats)
      if (to != n && !(lost && lost(n, to, e.what))) tell(n, to, e.what);
    tell(n, n, e.what);
  }
  void carry_out(int n, send_to& e) {
    auto to = int{e.to[0]};
    if (!lost || !lost(n, to, e.what)) tell(n, to, e.what);
  }
  void carry_out(int n, start_timer& e) { seats.at(n).timers[e.what.what] = e.what; }
  void carry_out(int n, make_block& e) {
    auto& s = seats.at(n);
    feed(n, block_made{e.at, e.round, block_of(n, s.head, now, transaction)});
  }
  void carry_out(int n, check_block& e) {
    feed(n, block_checked{e.what.head.at, e.block_id, !(refuses && refuses(n, e.what))});
  }
  void carry_out(int n, finalize& e) {
    auto& s = seats.at(n);
    s.chain.push_back(e.what);
    s.head = head_behind(e.what, s.head);
    s.timers.clear();
    feed(n, advanced{s.head});
  }
  void carry_out(int n, report_evidence& e) { seats.at(n).reported.push_back(e.what); }
  void carry_out(int, fall_behind&) {}
  void carry_out(int n, halt& e) { seats.at(n).halts.push_back(e); }

  std::deque<std::pair<int, event>> queue_;
};

} // namespace bpci::consensus::testing
