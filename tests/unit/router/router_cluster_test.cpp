#define CAF_SUITE router_cluster

#include "tests/unit/router/helpers.hpp"

#include <caf/test/unit_test.hpp>

#include <array>
#include <functional>
#include <random>
#include <set>
#include <stdexcept>

/// Three routers, a model of the entities behind them, and slots that move between them, under
/// virtual time. Messages take a while, those of one link keep their order, and the members hear of
/// a move at different moments.
namespace bpci::router {

namespace {

constexpr std::size_t members = 3;
constexpr std::size_t entities = 4;
constexpr auto busy_for = std::chrono::milliseconds{3'000};
constexpr auto sweep = std::chrono::milliseconds{100};

struct broken_rule : std::logic_error {
  using std::logic_error::logic_error;
};

void require(bool holds, const std::string& rule) {
  if (!holds) throw broken_rule{rule};
}

entity::entity_ref entity_at(std::size_t n) {
  return {"counter", "e" + std::to_string(n)};
}

/// The truth: the table `slot`, and what the entities have committed.
struct database {
  struct slot {
    std::uint64_t owner = 0; ///< a member, counted from 1
    std::uint64_t epoch = 0;
    bool draining = false;
  };
  std::map<slots::slot_no, slot> slots;
  std::map<entity::entity_ref, std::vector<std::string>> committed;
  std::map<entity::entity_ref, std::set<std::string>> inbox;
};

class cluster_run {
public:
  cluster_run(std::uint64_t seed, bool with_failures)
      : random_(seed), with_failures_(with_failures) {
    for (std::size_t n = 0; n < members; ++n)
      nodes_.emplace_back(n + 1);
    for (std::size_t n = 0; n < entities; ++n)
      table_.slots[entity::slot_of(entity_at(n))] = {1 + pick(members), 1, false};
  }

  void play() {
    for (auto& x : nodes_)
      start(x);
    for (auto& [slot, row] : table_.slots)
      tell_all(slot);
    for (std::size_t n = 0; n < members; ++n)
      for (std::size_t e = 0; e < entities; ++e)
        client(n, e, 1);
    at(50ms, [this] { move_some(); });
    if (with_failures_) at(100ms, [this] { fail_some(); });
    while (!events_.empty()) {
      auto next = events_.begin();
      now_ = next->first;
      auto what = std::move(next->second);
      events_.erase(next);
      what();
    }
    judge();
  }

private:
  struct node {
    explicit node(std::uint64_t no) : who(no), core(config_of(no)) {}

    static router_config config_of(std::uint64_t no) {
      router_config x;
      x.self = bench::name_of(no);
      return x;
    }

    std::uint64_t who;
    router core;
    std::uint64_t host_life = 1; ///< Rises when ENTITIES is started again.
    std::uint64_t last_ticket = 0;
    struct asked {
      entity::entity_ref to;
      std::string key;
      instant deadline;
    };
    std::map<std::uint64_t, asked> own;                                    ///< By ticket.
    std::map<std::uint64_t, std::pair<std::size_t, std::uint64_t>> routed; ///< From, and number.
    std::array<instant, members> link_free{}; ///< When the last message to that member arrives.
  };

  std::uint64_t pick(std::uint64_t limit) { return random_() % limit; }
  std::chrono::milliseconds ms(std::uint64_t from, std::uint64_t to) {
    return std::chrono::milliseconds{from + pick(to - from)};
  }
  void at(std::chrono::milliseconds after, std::function<void()> what) {
    events_.emplace(now_ + after, std::move(what));
  }
  [[nodiscard]] bool working() const { return now_ < start_ + busy_for; }

  // -- clients -----------------------------------------------------------------------

  /// Sends one command after the other, without waiting for answers.
  void client(std::size_t n, std::size_t e, int no) {
    at(ms(1, 30), [this, n, e, no] {
      if (!working()) return;
      auto& from = nodes_[n];
      char key[32];
      std::snprintf(key, sizeof key, "%zu-%05d", n, no);
      auto what = std::make_shared<const entity::command>(make(entity_at(e), key, 4s));
      auto who = ++from.last_ticket;
      from.own[who] = {what->to, key, now_ + 4s};
      act(from, [&](auto& out) { from.core.submit(what, ticket{who}, now_, out); });
      client(n, e, no + 1);
    });
  }

  // -- what the routers do --------------------------------------------------------------

  template <class Call>
  void act(node& by, Call&& call) {
    router_effects out;
    call(out);
    for (auto& x : out)
      std::visit([&](auto& effect) { perform(by, effect); }, x);
  }

  void start(node& x) {
    act(x, [&](auto& out) { x.core.host_up(incarnation{x.who}, now_, out); });
    for (const auto& other : nodes_)
      if (other.who != x.who)
        act(x, [&](auto& out) {
          x.core.peer_up(incarnation{other.who}, bench::name_of(other.who), now_, out);
        });
    tick(x);
  }

  void tick(node& x) {
    act(x, [&](auto& out) { x.core.tick(now_, out); });
    for (const auto& [who, asked] : x.own)
      require(asked.deadline > now_, "an answer by the deadline");
    if (working() || !x.own.empty() || !x.routed.empty()) at(sweep, [this, &x] { tick(x); });
  }

  /// When a message sent now arrives: those of one link keep their order.
  std::chrono::milliseconds travel(node& from, std::size_t to) {
    auto arrival = std::max(now_ + ms(1, 15), from.link_free[to]);
    from.link_free[to] = arrival;
    return std::chrono::duration_cast<std::chrono::milliseconds>(arrival - now_);
  }

  void perform(node& by, forward& x) {
    auto to = x.to.get() - 1;
    at(travel(by, to), [this, &by, to, what = x.what] {
      if (cut_.contains({by.who - 1, to})) return;
      auto& target = nodes_[to];
      auto who = ++target.last_ticket;
      target.routed[who] = {by.who - 1, what.no};
      act(target, [&](auto& out) { target.core.submit_routed(what, ticket{who}, now_, out); });
    });
  }

  void perform(node& by, local& x) {
    at(ms(0, 1), [this, &by, life = by.host_life, what = x.what] {
      if (life != by.host_life) return;
      auto got = execute(by, what);
      at(ms(1, 5), [this, &by, life, no = what.no, got] {
        if (life != by.host_life) return;
        act(by, [&](auto& out) { by.core.answered(no, got, now_, out); });
      });
    });
  }

  void perform(node& by, answer& x) {
    auto routed = by.routed.find(x.to.get());
    if (routed != by.routed.end()) {
      auto [to, no] = routed->second;
      by.routed.erase(routed);
      at(travel(by, to), [this, &by, to = to, no = no, what = x.what] {
        if (cut_.contains({by.who - 1, to})) return;
        act(nodes_[to], [&](auto& out) { nodes_[to].core.answered(no, what, now_, out); });
      });
      return;
    }
    auto own = by.own.find(x.to.get());
    require(own != by.own.end(), "one answer each");
    const auto& asked = own->second;
    if (x.what)
      require(table_.inbox[asked.to].contains(asked.key), "what is acknowledged is committed");
    else
      ++refused_[x.what.error().code];
    ++answered_;
    by.own.erase(own);
  }

  void perform(node& by, refresh&) {
    at(ms(1, 40), [this, &by] {
      for (const auto& [slot, row] : table_.slots)
        tell(by, slot);
    });
  }

  /// ENTITIES and the transaction with its fence.
  result<entity::response> execute(node& by, const entity::numbered_command& x) {
    const auto& row = table_.slots[x.slot];
    if (row.owner != by.who)
      return fail(ec::not_owner, (row.owner == 0 ? "-" : bench::name_of(row.owner).get()) + " "
                                     + std::to_string(row.epoch));
    auto known = !table_.inbox[x.what->to].insert(x.what->key).second;
    if (!known) table_.committed[x.what->to].push_back(x.what->key);
    return entity::response{{}, table_.committed[x.what->to].size(), known};
  }

  // -- what happens to them -----------------------------------------------------------------

  void tell(node& x, slots::slot_no slot) {
    const auto& row = table_.slots[slot];
    act(x, [&](auto& out) {
      x.core.slots_changed(
          {{slot, slots::epoch_no{row.epoch}, incarnation{row.owner}, row.draining, {}}}, now_,
          out);
    });
  }

  /// The members hear of it when they read the table, the owner at once.
  void tell_all(slots::slot_no slot) {
    for (auto& x : nodes_) {
      if (table_.slots[slot].owner == x.who)
        tell(x, slot);
      else
        at(ms(1, 300), [this, &x, slot] { tell(x, slot); });
    }
  }

  void move_some() {
    if (!working()) return;
    auto which = std::next(table_.slots.begin(), static_cast<long>(pick(table_.slots.size())));
    auto slot = which->first;
    auto epoch = which->second.epoch;
    auto still = [this, slot](std::uint64_t of) { return table_.slots[slot].epoch == of; };
    if (which->second.owner != 0) {
      which->second.draining = true;
      tell_all(slot);
      at(ms(10, 60), [this, slot, epoch, still] {
        if (!still(epoch)) return;
        table_.slots[slot] = {0, epoch + 1, false};
        tell_all(slot);
      });
      at(ms(60, 120), [this, slot, epoch, still] {
        if (still(epoch + 1)) claim(slot, 1 + pick(members));
      });
    }
    at(ms(20, 150), [this] { move_some(); });
  }

  void claim(slots::slot_no slot, std::uint64_t owner) {
    auto& row = table_.slots[slot];
    row = {owner, row.epoch + 1, false};
    tell_all(slot);
  }

  void fail_some() {
    if (!working()) return;
    if (pick(2) == 0)
      restart_host(nodes_[pick(members)]);
    else
      cut(pick(members), pick(members));
    at(ms(100, 500), [this] { fail_some(); });
  }

  void restart_host(node& x) {
    ++x.host_life;
    act(x, [&](auto& out) { x.core.host_down(now_, out); });
    at(ms(1, 200),
       [this, &x] { act(x, [&](auto& out) { x.core.host_up(incarnation{x.who}, now_, out); }); });
  }

  /// Nothing gets through between two members for a while; both notice, and one of them may lose
  /// its slots meanwhile.
  void cut(std::size_t a, std::size_t b) {
    if (a == b || cut_.contains({a, b})) return;
    cut_.insert({a, b});
    cut_.insert({b, a});
    for (auto [one, other] : {std::pair{a, b}, std::pair{b, a}})
      at(ms(10, 400), [this, one = one, other = other] {
        act(nodes_[one],
            [&](auto& out) { nodes_[one].core.peer_down(incarnation{other + 1}, now_, out); });
      });
    at(ms(100, 600), [this, a] {
      for (auto& [slot, row] : table_.slots)
        if (row.owner == a + 1 && pick(2) == 0) claim(slot, 1 + pick(members));
    });
    at(ms(600, 900), [this, a, b] {
      cut_.erase({a, b});
      cut_.erase({b, a});
      for (auto [one, other] : {std::pair{a, b}, std::pair{b, a}})
        act(nodes_[one], [&](auto& out) {
          nodes_[one].core.peer_up(incarnation{other + 1}, bench::name_of(other + 1), now_, out);
        });
    });
  }

  // -- the verdict ------------------------------------------------------------------------------

  void judge() {
    for (const auto& x : nodes_) {
      require(x.own.empty() && x.routed.empty(), "everything is answered");
      require(x.core.stats().pending == 0, "nothing is left behind");
    }
    if (with_failures_) return;
    require(refused_.empty(), "no move is seen by a client");
    for (auto& [which, keys] : table_.committed) {
      std::map<std::string, std::string> last;
      for (const auto& key : keys) {
        auto& before = last[key.substr(0, 1)];
        require(before < key, "order of one sender: " + before + " before " + key);
        before = key;
      }
    }
    require(answered_ > 300, "the clients did something");
  }

  std::mt19937_64 random_;
  bool with_failures_;
  const instant start_{1'000s};
  instant now_ = start_;
  std::multimap<instant, std::function<void()>> events_;
  database table_;
  std::vector<node> nodes_;
  std::set<std::pair<std::size_t, std::size_t>> cut_;
  std::map<ec, int> refused_;
  int answered_ = 0;
};

void play(int seeds, bool with_failures) {
  for (auto seed = 1; seed <= seeds; ++seed) {
    try {
      cluster_run{static_cast<std::uint64_t>(seed), with_failures}.play();
    } catch (const broken_rule& why) {
      CAF_FAIL("seed " << seed << ": " << why.what());
    }
  }
}

} // namespace

CAF_TEST(slots that move are not seen by clients and keep the order of each sender) {
  play(100, false);
}

CAF_TEST(
    through restarts and partitions each command is answered once and acknowledged ones stand) {
  play(100, true);
}

} // namespace bpci::router
