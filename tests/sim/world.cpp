#include "world.hpp"

#include <algorithm>
#include <deque>
#include <memory>
#include <random>

namespace bpci::sim {

using namespace cluster;
using std::chrono::microseconds;

namespace {

constexpr auto never = instant::min();
constexpr auto beat_max = milliseconds{1'000};
constexpr auto query_max = milliseconds{2'000};
constexpr auto probe_max = milliseconds{1'000};
constexpr auto keeper_tick = milliseconds{100};
/// PostgreSQL ends a session that waits within a transaction for this long.
constexpr auto idle_in_transaction_max = milliseconds{1'000};
constexpr auto write_every = milliseconds{5};
/// Whoever was disturbed within this may be evicted; nobody else.
constexpr auto guilt = milliseconds{15'000};
constexpr std::size_t busy_slots = 24;

enum class answer : std::uint8_t { done, not_done, unknown };

struct node {
  std::size_t number = 0;
  member_id id;
  // the process
  bool alive = false;
  bool frozen = false;
  std::uint64_t life = 0;                 ///< what belongs to a former one is dropped
  std::deque<std::function<void()>> held; ///< until it thaws
  // its clock
  milliseconds clock_from{0};
  double clock_rate = 1; ///< of virtual time only
  // what it runs
  std::optional<membership> members;
  std::optional<slots::slot_keeper> keeper;
  incarnation self;
  instant due{};
  instant lease_until = never;
  bool beating = false;
  bool again = false;
  bool leaving = false;
  std::set<std::string> under_way;
  std::map<incarnation, member> dials;
  std::set<incarnation> connected;
  // its writers
  struct cached {
    slots::epoch_no epoch;
    std::uint64_t value = 0;
  };
  std::map<std::uint16_t, cached> cache;
  std::set<std::uint16_t> writing;
  // what was done to it
  bool cut_from_database = false;
  instant disturbed = instant{};
};

class world {
public:
  explicit world(const plan& what)
      : plan_(what),
        random_(what.seed),
        database_(what.how),
        nodes_(what.nodes),
        cut_(what.nodes * what.nodes) {
    database_.on_evicted = [this](const member& who, const std::string& why) { evicted(who, why); };
    database_.on_commit = [this](const write& x) { check_readers(x); };
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      auto& n = nodes_[i];
      n.number = i;
      n.id = member_id{"node-" + std::to_string(i + 1)};
      n.clock_from = milliseconds{below(1'000'000)};
      n.clock_rate = 0.99 + 0.0001 * static_cast<double>(below(200));
      later(milliseconds{below(500)}, [this, &n] { start(n); });
    }
    later(milliseconds{1'000}, [this] { disturb(); });
    later(write_every, [this] { write_somewhere(); });
  }

  verdict run() {
    auto heal_at = start_ + plan_.trouble;
    auto end = heal_at + plan_.calm;
    auto healed = false;
    while (!queue_.empty() && queue_.begin()->first.first <= end) {
      if (!healed && queue_.begin()->first.first >= heal_at) {
        healed = true;
        now_ = heal_at;
        heal();
      }
      auto next = queue_.extract(queue_.begin());
      now_ = next.key().first;
      next.mapped()();
    }
    check_whole();
    out_.violations.insert(out_.violations.end(), database_.violations.begin(),
                           database_.violations.end());
    return std::move(out_);
  }

private:
  // -- chance and time -------------------------------------------------------------------

  std::uint64_t below(std::uint64_t limit) { return random_() % limit; }
  milliseconds between(std::int64_t least, std::int64_t most) {
    return milliseconds{
        least + static_cast<std::int64_t>(below(static_cast<std::uint64_t>(most - least + 1)))};
  }

  void later(milliseconds in, std::function<void()> what) {
    queue_.emplace(std::pair{now_ + in, ++order_}, std::move(what));
  }

  /// On a node, in its present life, as soon as it is not frozen.
  void on(node& n, milliseconds in, std::function<void()> what) {
    later(in, [&n, life = n.life, what = std::move(what)] {
      if (n.life != life || !n.alive) return;
      if (n.frozen)
        n.held.push_back([&n, life, what] {
          if (n.life == life && n.alive) what();
        });
      else
        what();
    });
  }

  instant clock(const node& n) const {
    auto passed = std::chrono::duration_cast<milliseconds>(now_ - start_);
    auto shown = static_cast<std::int64_t>(static_cast<double>(passed.count()) * n.clock_rate);
    return instant{} + n.clock_from + milliseconds{shown};
  }

  void note(const std::string& text) {
    auto at = std::chrono::duration_cast<milliseconds>(now_ - start_).count();
    out_.trace.push_back(std::to_string(at) + " ms  " + text);
  }

  void violate(const std::string& text) {
    note("VIOLATION " + text);
    out_.violations.push_back(text);
  }

  // -- what lies between -------------------------------------------------------------------

  bool reaches(const node& a, const node& b) const {
    return !cut_[a.number * nodes_.size() + b.number] && !cut_[b.number * nodes_.size() + a.number];
  }

  bool reaches_database(const node& n) const { return database_up_ && !n.cut_from_database; }

  milliseconds network() { return below(50) == 0 ? between(20, 120) : between(0, 3); }

  node* of(incarnation who) {
    auto found =
        std::ranges::find_if(nodes_, [&](const node& n) { return n.alive && n.self == who; });
    return found == nodes_.end() ? nullptr : &*found;
  }

  /// `attempt` is one transaction: false when it has to wait for a lock.
  void ask_database(node& n, milliseconds most, std::function<bool()> attempt,
                    std::function<void(answer)> then) {
    if (!reaches_database(n)) {
      on(n, between(1, 200), [then] { then(answer::not_done); });
      return;
    }
    auto life = n.life;
    later(network(), [this, &n, life, most, attempt = std::move(attempt), then = std::move(then)] {
      carry_out(n, life, now_ + most, attempt, then);
    });
  }

  void carry_out(node& n, std::uint64_t life, instant deadline,
                 const std::function<bool()>& attempt, const std::function<void(answer)>& then) {
    auto tell = [this, &n, life, then](milliseconds in, answer what) {
      if (n.life == life) on(n, in, [then, what] { then(what); });
    };
    auto left = std::chrono::duration_cast<milliseconds>(deadline - now_);
    if (!reaches_database(n)) return tell(left, answer::not_done);
    if (!attempt()) {
      // The server rolls back what waits for too long.
      if (now_ >= deadline) return tell(milliseconds{1}, answer::unknown);
      later(milliseconds{10}, [this, &n, life, deadline, attempt, then] {
        carry_out(n, life, deadline, attempt, then);
      });
      return;
    }
    auto way = network();
    later(way, [this, &n, tell, left] {
      if (reaches_database(n))
        tell(milliseconds{0}, answer::done);
      else
        tell(left, answer::unknown);
    });
  }

  // -- a node's life -----------------------------------------------------------------------

  void start(node& n) {
    ++n.life;
    n.alive = true;
    n.frozen = false;
    n.held.clear();
    n.members.reset();
    n.keeper.emplace(n.id);
    n.self = incarnation{};
    n.lease_until = never;
    n.beating = n.again = n.leaving = false;
    n.under_way.clear();
    n.dials.clear();
    n.connected.clear();
    n.cache.clear();
    n.writing.clear();
    join(n);
  }

  void join(node& n) {
    auto got = std::make_shared<member>();
    ask_database(
        n, query_max,
        [this, &n, got] {
          *got = database_.join(n.id, now_);
          return true;
        },
        [this, &n, got](answer x) {
          if (x != answer::done) return on(n, between(50, 500), [this, &n] { join(n); });
          n.self = got->incarnation;
          n.members.emplace(n.self, membership_rules{});
          n.due = clock(n);
          tick(n);
          keep(n);
        });
  }

  /// The process is gone; what it has sent is still on its way.
  void end(node& n, milliseconds start_again) {
    for (auto& other : nodes_)
      if (other.connected.contains(n.self) && reaches(other, n))
        lose(other, n.self, milliseconds{2});
    ++n.life;
    n.alive = false;
    n.held.clear();
    later(start_again, [this, &n] {
      if (!n.alive) start(n);
    });
  }

  // -- MEMBERS -------------------------------------------------------------------------------

  void tick(node& n) {
    auto lag =
        std::max(std::chrono::duration_cast<milliseconds>(clock(n) - n.due), milliseconds{0});
    n.due = clock(n) + membership_rules{}.heartbeat;
    on(n, membership_rules{}.heartbeat, [this, &n] { tick(n); });
    membership_effects effects;
    n.members->on_tick(clock(n), lag, effects);
    perform(n, effects);
    beat(n);
  }

  void beat(node& n) {
    if (n.beating || n.leaving) return;
    n.beating = true;
    auto began = clock(n);
    auto got = std::make_shared<std::optional<reading>>();
    ask_database(
        n, beat_max,
        [this, self = n.self, got] {
          *got = database_.beat(self, now_);
          return true;
        },
        [this, &n, began, got](answer x) { beaten(n, began, x, *got); });
  }

  void beaten(node& n, instant began, answer x, const std::optional<reading>& got) {
    n.beating = false;
    membership_effects effects;
    if (x != answer::done) {
      n.members->on_blind();
    } else if (!got) {
      n.members->on_superseded(effects);
    } else {
      n.lease_until = began + lease_for;
      n.members->on_rows(*got, began, clock(n), effects);
    }
    perform(n, effects);
    if (std::exchange(n.again, false)) beat(n);
  }

  void look_again(node& n) {
    if (n.beating)
      n.again = true;
    else
      beat(n);
  }

  void perform(node& n, const membership_effects& effects) {
    auto life = n.life;
    for (const auto& x : effects)
      if (n.life == life) std::visit([&](const auto& effect) { perform(n, effect); }, x);
  }

  void perform(node& n, const dial& x) {
    n.dials[x.who.incarnation] = x.who;
    connect(n, x.who.incarnation);
  }

  void perform(node& n, const drop& x) {
    n.dials.erase(x.who.incarnation);
    n.connected.erase(x.who.incarnation);
  }

  void connect(node& n, incarnation who) {
    if (!n.dials.contains(who) || n.connected.contains(who)) return;
    auto& there = *std::ranges::find(nodes_, n.dials[who].id, &node::id);
    auto again = [this, &n, who](milliseconds in) {
      on(n, in, [this, &n, who] { connect(n, who); });
    };
    if (!reaches(n, there)) return again(between(1'000, 3'000));
    if (!there.alive || there.self != who) {
      on(n, network(), [&n, who] {
        if (n.dials.contains(who)) n.members->on_refused(who);
      });
      return again(between(100, 600));
    }
    if (there.frozen) return again(between(1'000, 2'000));
    on(n, between(5, 30), [this, &n, who, again] {
      auto* other = of(who);
      if (!other || other->frozen || !reaches(n, *other)) return again(between(100, 600));
      if (!n.dials.contains(who) || !n.connected.insert(who).second) return;
      n.members->on_connected(who);
    });
  }

  void lose(node& n, incarnation who, milliseconds in) {
    on(n, in, [this, &n, who] {
      if (n.connected.erase(who) == 0) return;
      n.members->on_lost(who);
      on(n, between(50, 100), [this, &n, who] { connect(n, who); });
    });
  }

  /// `then(true)` when the way there and back is free and somebody answers in time.
  void probe(node& n, incarnation target, std::function<void(bool)> then) {
    auto open = std::make_shared<bool>(true);
    on(n, probe_max, [open, then] {
      if (std::exchange(*open, false)) then(false);
    });
    auto* there = of(target);
    if (!there || !reaches(n, *there)) return;
    on(*there, network(), [this, &n, life = n.life, there, open, then] {
      if (n.life != life || !reaches(n, *there)) return;
      on(n, network(), [open, then] {
        if (std::exchange(*open, false)) then(true);
      });
    });
  }

  void perform(node& n, const send_probe& x) {
    probe(n, x.to, [this, &n, x](bool answered) {
      if (answered)
        n.members->on_probe(x.to, milliseconds{1}, 0, clock(n));
      else
        n.members->on_probe_failed(x.to);
    });
  }

  void perform(node& n, const relay_probe& x) {
    auto open = std::make_shared<bool>(true);
    on(n, 2 * probe_max, [&n, x, open] {
      if (std::exchange(*open, false)) n.members->on_relay_failed(x.target, false);
    });
    auto* via = of(x.via);
    if (!via || !reaches(n, *via)) return;
    on(*via, network(), [this, &n, life = n.life, via, x, open] {
      probe(*via, x.target, [this, &n, life, via, x, open](bool answered) {
        if (n.life != life || !reaches(n, *via)) return;
        on(n, network(), [this, &n, x, open, answered] {
          if (!std::exchange(*open, false)) return;
          if (answered)
            n.members->on_relayed(x.target, clock(n));
          else
            n.members->on_relay_failed(x.target, true);
        });
      });
    });
  }

  void once(node& n, const std::string& what, std::function<bool()> sql, bool tell_all = false) {
    if (!n.under_way.insert(what).second) return;
    auto changed = std::make_shared<bool>(false);
    ask_database(
        n, query_max,
        [sql = std::move(sql), changed] {
          *changed = sql();
          return true;
        },
        [this, &n, what, tell_all, changed](answer x) {
          n.under_way.erase(what);
          if (x != answer::done || !*changed || !tell_all) return;
          look_again(n);
          for (auto& other : nodes_)
            if (&other != &n && other.members && reaches(n, other))
              on(other, network(), [this, &other] {
                if (other.members) look_again(other);
              });
        });
  }

  static std::string key(const char* what, incarnation who) {
    return what + std::to_string(who.get());
  }

  void perform(node& n, const suspect& x) {
    once(n, key(x.kind == suspicion_kind::silent ? "suspect " : "accuse ", x.who.incarnation),
         [this, self = n.self, x] {
           database_.accuse(self, x, now_);
           return true;
         });
  }
  void perform(node& n, const withdraw& x) {
    once(n, key(x.kind == suspicion_kind::silent ? "withdraw " : "pardon ", x.target),
         [this, self = n.self, x] {
           database_.withdraw(self, x);
           return true;
         });
  }
  void perform(node& n, const evict_silent& x) {
    once(
        n, key("evict ", x.who.incarnation),
        [this, self = n.self, x] { return database_.evict(self, x, now_); }, true);
  }
  void perform(node& n, const evict_unreachable& x) {
    once(
        n, key("remove ", x.who.incarnation),
        [this, self = n.self, x] { return database_.evict(self, x, now_); }, true);
  }
  void perform(node& n, const come_up& x) {
    once(
        n, "rise", [this, self = n.self, x] { return database_.rise(self, x); }, true);
  }
  void perform(node& n, const cluster::fence&) {
    note(n.id.get() + " is fenced");
    end(n, between(500, 3'000));
  }
  void perform(node& n, const view_changed& x) {
    slots::known_view view{x.change_no, n.self, {}};
    for (const auto& row : x.live) {
      auto state = slots::live_member::state::joining;
      if (row.state == member_state::up) state = slots::live_member::state::up;
      if (row.state == member_state::draining) state = slots::live_member::state::draining;
      view.live.push_back({row.incarnation, row.id, state});
    }
    feed(n, [&](auto& out) { n.keeper->on_view(view, clock(n), out); });
  }
  void perform(node& n, const change_seen& x) {
    feed(n, [&](auto& out) { n.keeper->on_change_seen(x.change_no, clock(n), out); });
  }

  // -- SLOTS -----------------------------------------------------------------------------------

  void keep(node& n) {
    on(n, keeper_tick, [this, &n] { keep(n); });
    feed(n, [&](auto& out) { n.keeper->on_tick(clock(n), out); });
  }

  template <class F>
  void feed(node& n, F&& input) {
    slots::keeper_effects effects;
    input(effects);
    auto life = n.life;
    for (const auto& x : effects)
      if (n.life == life) std::visit([&](const auto& effect) { perform(n, effect); }, x);
  }

  using on_part = void (slots::slot_keeper::*)(const result<slots::table_part>&, instant,
                                               std::uint64_t, slots::keeper_effects&);

  void change(node& n, on_part input, std::function<std::optional<slots::table_part>()> sql) {
    auto got = std::make_shared<std::optional<slots::table_part>>();
    ask_database(
        n, query_max,
        [got, sql = std::move(sql)] {
          *got = sql();
          return got->has_value();
        },
        [this, &n, input, got](answer x) {
          auto part = x == answer::done ? result<slots::table_part>{**got}
                                        : result<slots::table_part>{fail(ec::timeout)};
          feed(n, [&](auto& out) { ((*n.keeper).*input)(part, clock(n), random_(), out); });
        });
  }

  void perform(node& n, const slots::read_table&) {
    change(n, &slots::slot_keeper::on_read, [this] { return std::optional{database_.read()}; });
  }
  void perform(node& n, const slots::claim_slots& x) {
    change(n, &slots::slot_keeper::on_claimed, [this, x]() -> std::optional<slots::table_part> {
      if (!database_.is_up(x.self)) return slots::table_part{};
      return database_.claim(x, now_);
    });
  }
  void perform(node& n, const slots::mark_draining& x) {
    change(n, &slots::slot_keeper::on_marked, [this, x] { return database_.mark(x); });
  }
  /// Some of the writers go on as if nothing had been said: the epoch protects.
  void perform(node& n, const slots::drain_entities&) {
    on(n, between(0, 60),
       [this, &n] { feed(n, [&](auto& out) { n.keeper->on_drained(clock(n), out); }); });
  }
  void perform(node& n, const slots::release_slots& x) {
    change(n, &slots::slot_keeper::on_released, [this, x] { return database_.release(x); });
  }
  void perform(node& n, const slots::offer_slots& x) {
    auto& there = *std::ranges::find(nodes_, x.to, &node::id);
    if (!there.alive || !reaches(n, there)) return;
    on(there, network(), [this, &there, x] {
      feed(there, [&](auto& out) { there.keeper->on_offered(x.slots, clock(there), out); });
    });
  }
  void perform(node&, const slots::tell_rows&) {}
  void perform(node& n, const slots::finished&) {
    n.leaving = true;
    n.lease_until = never;
    ask_database(
        n, query_max,
        [this, self = n.self] {
          database_.leave(self, now_);
          return true;
        },
        [this, &n](answer) { end(n, between(500, 3'000)); });
  }

  // -- writers -----------------------------------------------------------------------------------

  void write_somewhere() {
    later(write_every, [this] { write_somewhere(); });
    auto slot = static_cast<std::uint16_t>(below(busy_slots) * 41);
    for (auto& n : nodes_) {
      if (!n.alive || n.frozen || !n.keeper || !n.keeper->serves(slots::slot_no{slot})) continue;
      if (clock(n) >= n.lease_until || !n.writing.insert(slot).second) continue;
      write_at(n, slot);
    }
  }

  void write_at(node& n, std::uint16_t slot) {
    auto epoch = n.keeper->table()[slot].row.epoch;
    auto found = n.cache.find(slot);
    if (found != n.cache.end() && found->second.epoch == epoch)
      return begin_write(n, {slot, epoch, n.self, found->second.value});
    auto got = std::make_shared<std::uint64_t>();
    ask_database(
        n, query_max,
        [this, slot, got] {
          *got = database_.value(slot);
          return true;
        },
        [this, &n, slot, epoch, got](answer x) {
          if (x != answer::done) return done_writing(n, slot, false);
          n.cache[slot] = {epoch, *got};
          begin_write(n, {slot, epoch, n.self, *got});
        });
  }

  void begin_write(node& n, const write& what) {
    auto open = std::make_shared<std::optional<std::uint64_t>>();
    ask_database(
        n, query_max,
        [this, what, open] {
          begin_at_database(what, *open);
          return true;
        },
        [this, &n, what, open](answer x) {
          if (x != answer::done || !*open) return done_writing(n, what.slot, false);
          on(n, between(0, 20), [this, &n, what, open] { commit(n, what, **open); });
        });
  }

  void begin_at_database(const write& what, std::optional<std::uint64_t>& open) {
    open = database_.begin(what);
    if (open) later(idle_in_transaction_max, [this, which = *open] { database_.abort(which); });
  }

  void commit(node& n, const write& what, std::uint64_t transaction) {
    auto ok = std::make_shared<bool>(false);
    ask_database(
        n, query_max,
        [this, transaction, ok] {
          *ok = database_.commit(transaction);
          out_.commits += *ok;
          return true;
        },
        [this, &n, what, ok](answer x) {
          auto known = x == answer::done && *ok;
          if (known) ++out_.acknowledged;
          if (known && n.cache.contains(what.slot)) n.cache[what.slot].value = what.from + 1;
          done_writing(n, what.slot, known);
        });
  }

  void done_writing(node& n, std::uint16_t slot, bool known) {
    n.writing.erase(slot);
    if (!known) n.cache.erase(slot);
  }

  // -- trouble
  // -------------------------------------------------------------------------------------

  void disturb() {
    if (now_ - start_ >= plan_.trouble) return;
    later(between(300, 4'000), [this] { disturb(); });
    auto& n = nodes_[below(nodes_.size())];
    switch (below(6)) {
    case 0:
      if (plan_.kills && n.alive) kill(n);
      break;
    case 1:
      if (plan_.stops && n.alive && n.members && !n.frozen) stop(n);
      break;
    case 2:
      if (plan_.freezes && n.alive && !n.frozen) freeze(n, between(200, 8'000));
      break;
    case 3:
      if (plan_.cuts) cut(n, nodes_[below(nodes_.size())], between(200, 15'000));
      break;
    case 4:
      if (plan_.database_cuts) cut_from_database(n, between(200, 8'000));
      break;
    default:
      if (plan_.database_outages && database_up_) database_outage(between(200, 12'000));
    }
  }

  void disturbed(node& n, const std::string& how) {
    ++out_.faults;
    n.disturbed = now_ + guilt;
    note(n.id.get() + ": " + how);
  }

  void kill(node& n) {
    disturbed(n, "kill -9");
    end(n, between(500, 6'000));
  }

  void stop(node& n) {
    disturbed(n, "SIGTERM");
    feed(n, [&](auto& out) { n.keeper->stop(clock(n), out); });
  }

  void freeze(node& n, milliseconds for_) {
    disturbed(n, "SIGSTOP for " + std::to_string(for_.count()) + " ms");
    n.disturbed += for_;
    n.frozen = true;
    for (auto& other : nodes_)
      if (&other != &n && other.connected.contains(n.self)) lose_if_frozen(other, n);
    later(for_, [this, &n] { thaw(n); });
  }

  void lose_if_frozen(node& other, node& n) {
    later(milliseconds{1'000}, [this, &other, &n] {
      if (n.frozen) lose(other, n.self, milliseconds{1});
    });
  }

  void thaw(node& n) {
    if (!n.frozen) return;
    n.frozen = false;
    auto held = std::exchange(n.held, {});
    for (auto& what : held)
      later(milliseconds{0}, [&n, what] {
        if (!n.frozen)
          what();
        else
          n.held.push_back(what);
      });
  }

  void cut(node& a, node& b, milliseconds for_) {
    if (&a == &b) return;
    disturbed(a, "cut from " + b.id.get() + " for " + std::to_string(for_.count()) + " ms");
    a.disturbed += for_;
    b.disturbed = a.disturbed;
    auto at = a.number * nodes_.size() + b.number;
    cut_[at] = true;
    later(milliseconds{1'000}, [this, &a, &b] {
      if (reaches(a, b)) return;
      lose(a, b.self, milliseconds{1});
      lose(b, a.self, milliseconds{1});
    });
    later(for_, [this, at] { cut_[at] = false; });
  }

  void cut_from_database(node& n, milliseconds for_) {
    disturbed(n, "without the database for " + std::to_string(for_.count()) + " ms");
    n.disturbed += for_;
    n.cut_from_database = true;
    later(for_, [&n] { n.cut_from_database = false; });
  }

  /// Evicts nobody: nobody's time of guilt is touched.
  void database_outage(milliseconds for_) {
    ++out_.faults;
    note("database down for " + std::to_string(for_.count()) + " ms");
    database_up_ = false;
    later(for_, [this] { database_up_ = true; });
  }

  void heal() {
    note("all faults end");
    database_up_ = true;
    std::fill(cut_.begin(), cut_.end(), false);
    for (auto& n : nodes_) {
      n.cut_from_database = false;
      thaw(n);
    }
  }

  // -- judgement ---------------------------------------------------------------------------

  /// Nobody else may answer from memory what has just been overtaken.
  void check_readers(const write& what) {
    for (const auto& n : nodes_)
      if (n.alive && !n.frozen && n.self != what.by && n.keeper && clock(n) < n.lease_until
          && n.keeper->serves(slots::slot_no{what.slot}))
        violate("slot " + std::to_string(what.slot) + ": " + n.id.get()
                + " may answer from memory what another one has changed");
  }

  void evicted(const member& who, const std::string& why) {
    ++out_.evictions;
    note(who.id.get() + " is evicted: " + why);
    const auto& n = *std::ranges::find(nodes_, who.id, &node::id);
    if (now_ > n.disturbed)
      violate(who.id.get() + " was evicted (" + why + ") and had done nothing");
  }

  void check_whole() {
    for (auto& n : nodes_) {
      if (!n.alive || !n.members || !database_.is_up(n.self))
        violate(n.id.get() + " is not up at the end"
                + (n.members ? ": " + n.members->obstacle() : std::string{}));
    }
    std::size_t orphans = 0;
    for (const auto& x : database_.read().rows) {
      auto* owner = of(x.row.owner);
      if (!owner || !owner->keeper->serves(x.row.slot)) ++orphans;
    }
    if (orphans > 0) violate(std::to_string(orphans) + " slots are served by nobody at the end");
    if (out_.acknowledged > out_.commits) violate("more acknowledged than committed");
  }

  plan plan_;
  std::mt19937_64 random_;
  instant start_ = instant{} + std::chrono::hours{1};
  instant now_ = start_;
  std::map<std::pair<instant, std::uint64_t>, std::function<void()>> queue_;
  std::uint64_t order_ = 0;
  model_database database_;
  bool database_up_ = true;
  std::vector<node> nodes_;
  std::vector<bool> cut_;
  verdict out_;
};

} // namespace

verdict run(const plan& what) {
  return world{what}.run();
}

std::string to_string(const plan& what, const verdict& x) {
  auto text = "seed " + std::to_string(what.seed) + "\n";
  for (const auto& line : x.trace)
    text += "  " + line + "\n";
  for (const auto& line : x.violations)
    text += "  violated: " + line + "\n";
  return text;
}

} // namespace bpci::sim
