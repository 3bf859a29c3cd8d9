#pragma once

#include "runtime/slots/slot_keeper.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

/// A cluster of keepers under virtual time, with a model of the tables `member` and `slot`.
namespace bpci::slots::test {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

enum class state { joining, up, draining, gone };

/// What SQL does, and refuses.
class model_table {
public:
  struct who {
    member_id id;
    test::state state;
  };

  incarnation join(const std::string& id, test::state state = test::state::up) {
    auto life = incarnation{++lives_};
    members[life] = {member_id{id}, state};
    ++change;
    return life;
  }

  void set(incarnation life, test::state state) {
    members[life].state = state;
    ++change;
  }

  [[nodiscard]] table_part read() const {
    table_part out{change_no{change}, {}};
    for (std::uint16_t i = 0; i < slot_count; ++i)
      out.rows.push_back(record(i));
    return out;
  }

  [[nodiscard]] known_view view(incarnation self) const {
    known_view out{change_no{change}, self, {}};
    for (const auto& [life, x] : members)
      if (x.state != state::gone)
        out.live.push_back({life, x.id, static_cast<enum live_member::state>(x.state)});
    return out;
  }

  result<table_part> claim(const claim_slots& x) {
    if (members[x.self].state != state::up) return fail(ec::not_permitted);
    return update(x.slots, [&](slot_row& row) {
      if (row.owner.get() != 0 && members[row.owner].state != state::gone) return false;
      ++claims;
      return hand_to(row, x.self);
    });
  }

  result<table_part> mark(const mark_draining& x) {
    return update(x.slots, [&](slot_row& row) {
      if (row.owner != x.self) return false;
      row.draining = true;
      return true;
    });
  }

  result<table_part> release(const release_slots& x) {
    return update(x.slots, [&](slot_row& row) { return row.owner == x.self && hand_to(row, {}); });
  }

  void pin(std::uint16_t slot, const std::string& to) {
    rows[slot].pinned = member_id{to};
    ++change;
  }

  [[nodiscard]] std::size_t owned_by(incarnation life) const {
    return static_cast<std::size_t>(std::ranges::count(rows, life, &slot_row::owner));
  }

  std::map<incarnation, who> members;
  std::vector<slot_row> rows = fresh();
  std::uint64_t change = 1;
  std::uint64_t claims = 0; ///< slots that were claimed

private:
  static std::vector<slot_row> fresh() {
    std::vector<slot_row> out(slot_count);
    for (std::uint16_t i = 0; i < slot_count; ++i)
      out[i].slot = slot_no{i};
    return out;
  }

  [[nodiscard]] slot_record record(std::uint16_t i) const {
    auto found = members.find(rows[i].owner);
    return {rows[i], found == members.end() ? member_id{} : found->second.id, {}, {}};
  }

  static bool hand_to(slot_row& row, incarnation owner) {
    row.owner = owner;
    row.epoch = epoch_no{row.epoch.get() + 1};
    row.draining = false;
    return true;
  }

  template <class F>
  table_part update(const std::vector<seen_slot>& slots, F one) {
    std::vector<std::uint16_t> changed;
    for (const auto& x : slots)
      if (auto& row = rows[x.slot.get()]; row.epoch == x.epoch && one(row))
        changed.push_back(x.slot.get());
    if (changed.empty()) return {};
    table_part out{change_no{++change}, {}};
    for (auto i : changed)
      out.rows.push_back(record(i));
    return out;
  }

  std::uint64_t lives_ = 0;
};

struct faults {
  unsigned percent = 0; ///< of the transactions fail, or seem to
};

class model_cluster {
public:
  explicit model_cluster(std::uint64_t seed, faults bad = {}) : random_(seed), faults_(bad) {}

  /// Starts a node; it is up at once.
  incarnation join(const std::string& id) {
    auto life = table.join(id);
    auto& x = *nodes_.emplace(life, std::make_unique<node>(member_id{id})).first->second;
    x.life = life;
    beat(life);
    tick(life);
    return life;
  }

  /// kill -9: it says nothing any more; the others find out after two seconds.
  void kill(incarnation life) {
    nodes_.erase(life);
    later(2s, [this, life] { table.set(life, state::gone); });
  }

  /// The node ends in good order.
  void leave(incarnation life) {
    feed(life, [this](auto& x, auto& out) { x.stop(now(), out); });
  }

  void drain(incarnation life) { table.set(life, state::draining); }

  void pass(milliseconds time) {
    auto until = now_ + time;
    while (!events_.empty() && events_.begin()->first <= until) {
      auto next = events_.extract(events_.begin());
      now_ = next.key();
      next.mapped()();
    }
    now_ = until;
  }

  [[nodiscard]] bool alive(incarnation life) const { return nodes_.contains(life); }
  [[nodiscard]] slot_keeper& keeper(incarnation life) { return nodes_.at(life)->keeper; }
  [[nodiscard]] instant now() const { return now_; }
  std::size_t below(std::size_t n) { return random_() % n; }

  /// Every slot is where the members that are up want it, and its owner knows.
  [[nodiscard]] std::string whole() {
    allocation who;
    std::vector<member_id> up;
    for (const auto& [life, x] : table.members)
      if (x.state == state::up) up.push_back(x.id);
    who.set_members(up);
    for (const auto& row : table.rows) {
      auto slot = "slot " + std::to_string(row.slot.get());
      if (row.owner.get() == 0) return slot + " is nobody's";
      if (table.members[row.owner].id != who.wanted(row)) return slot + " is at another member";
      if (row.draining) return slot + " is draining";
      if (!alive(row.owner) || !keeper(row.owner).serves(row.slot)) return slot + " is not served";
    }
    return "whole";
  }

  void set_faults(faults x) { faults_ = x; }

  model_table table;
  std::vector<std::string> broken; ///< rules of the keeper's contract

private:
  struct node {
    explicit node(member_id id) : keeper(std::move(id)) {}
    slot_keeper keeper;
    incarnation life;
    std::uint64_t change = 0; ///< as the last heartbeat saw it
    std::map<std::string, int> in_flight;
  };

  void later(milliseconds after, std::function<void()> what) {
    events_.emplace(now_ + after, std::move(what));
  }

  milliseconds some(milliseconds most) {
    return milliseconds{1
                        + static_cast<std::int64_t>(below(static_cast<std::size_t>(most.count())))};
  }

  void beat(incarnation life) {
    if (!alive(life)) return;
    auto& x = *nodes_[life];
    if (x.change != table.change) {
      x.change = table.change;
      feed(life, [this, life](auto& k, auto& out) {
        k.on_view(table.view(life), now_, out);
        k.on_change_seen(change_no{table.change}, now_, out);
      });
    }
    later(300ms, [this, life] { beat(life); });
  }

  void tick(incarnation life) {
    if (!alive(life)) return;
    feed(life, [this](auto& k, auto& out) { k.on_tick(now_, out); });
    later(100ms, [this, life] { tick(life); });
  }

  template <class F>
  void feed(incarnation life, F input) {
    if (!alive(life)) return;
    keeper_effects out;
    input(nodes_[life]->keeper, out);
    for (const auto& x : out)
      if (alive(life)) std::visit([&](const auto& effect) { perform(life, effect); }, x);
  }

  /// A transaction that takes some time, and that may fail before or after its commit, or be
  /// reported as failed and commit later.
  template <class F>
  void transact(incarnation life, const std::string& kind, F what,
                void (slot_keeper::*input)(const result<table_part>&, instant, std::uint64_t,
                                           keeper_effects&)) {
    if (++nodes_[life]->in_flight[kind] > 1) broken.push_back("two " + kind + "s in flight");
    later(some(20ms), [=, this] {
      if (!alive(life)) return;
      auto fault = below(100) < faults_.percent ? 1 + below(3) : 0;
      result<table_part> got = fail(ec::timeout);
      if (fault == 0) got = what();
      if (fault == 1) what();
      if (fault == 2) later(some(3s), what);
      later(some(10ms), [=, this] {
        if (!alive(life)) return;
        --nodes_[life]->in_flight[kind];
        feed(life, [&](auto& k, auto& out) { (k.*input)(got, now_, random_(), out); });
      });
    });
  }

  void perform(incarnation life, const read_table&) {
    transact(
        life, "read", [this] { return result<table_part>{table.read()}; }, &slot_keeper::on_read);
  }
  void perform(incarnation life, const claim_slots& x) {
    check_batch(x.slots.size());
    transact(
        life, "claim", [this, x] { return table.claim(x); }, &slot_keeper::on_claimed);
  }
  void perform(incarnation life, const mark_draining& x) {
    check_batch(x.slots.size());
    transact(
        life, "mark", [this, x] { return table.mark(x); }, &slot_keeper::on_marked);
  }
  void perform(incarnation life, const release_slots& x) {
    check_batch(x.slots.size());
    for (const auto& one : x.slots)
      if (keeper(life).serves(one.slot)) broken.push_back("a slot is released and served");
    transact(
        life, "release", [this, x] { return table.release(x); }, &slot_keeper::on_released);
  }
  void perform(incarnation life, const drain_entities&) {
    later(some(200ms),
          [=, this] { feed(life, [this](auto& k, auto& out) { k.on_drained(now_, out); }); });
  }
  void perform(incarnation, const offer_slots& x) {
    later(some(5ms), [=, this] {
      for (const auto& [other, to] : nodes_)
        if (table.members[other].id == x.to) {
          feed(other, [&](auto& k, auto& out) { k.on_offered(x.slots, now_, out); });
          return;
        }
    });
  }
  void perform(incarnation, const tell_rows&) {}
  void perform(incarnation life, const finished&) {
    table.set(life, state::gone);
    nodes_.erase(life);
  }

  void check_batch(std::size_t slots) {
    if (slots == 0 || slots > batch_max) broken.push_back("a batch of " + std::to_string(slots));
  }

  std::mt19937_64 random_;
  faults faults_;
  instant now_{1h};
  std::multimap<instant, std::function<void()>> events_;
  std::map<incarnation, std::unique_ptr<node>> nodes_;
};

} // namespace bpci::slots::test
