#define CAF_SUITE slot_keeper

#include "runtime/slots/slot_keeper.hpp"
#include "tests/unit/slots/model_cluster.hpp"

#include <caf/test/unit_test.hpp>

using namespace bpci;
using namespace bpci::slots;
using namespace bpci::slots::test;

namespace {

/// The keeper of node-1 with the effects it asks for, which the test answers one by one.
struct subject {
  model_table db;
  incarnation me = db.join("node-1");
  slot_keeper keeper{member_id{"node-1"}};
  instant now{1h};
  keeper_effects out;

  read_table reading;
  claim_slots claiming;
  mark_draining marking;
  drain_entities draining;
  release_slots releasing;
  offer_slots offering;
  tell_rows telling;
  finished finishing;

  // -- what it said: "claim 64; read", and no more from then on

  std::string said() {
    std::string text;
    for (const auto& x : std::exchange(out, {}))
      std::visit(
          [&](const auto& effect) {
            auto words = note(effect);
            if (words.empty()) return;
            text += (text.empty() ? "" : "; ") + words;
          },
          x);
    return text;
  }

  std::string note(const read_table&) { return "read"; }
  std::string note(const claim_slots& x) {
    return "claim " + std::to_string((claiming = x).slots.size());
  }
  std::string note(const mark_draining& x) {
    return "mark " + std::to_string((marking = x).slots.size());
  }
  std::string note(const drain_entities& x) {
    return "drain " + std::to_string((draining = x).slots.size());
  }
  std::string note(const release_slots& x) {
    return "release " + std::to_string((releasing = x).slots.size());
  }
  std::string note(const offer_slots& x) {
    offering = x;
    return "offer " + x.to.get() + " " + std::to_string(x.slots.size());
  }
  std::string note(const tell_rows& x) {
    telling = x;
    return "";
  }
  std::string note(const finished&) { return "finished"; }

  // -- what it is told

  void view() { keeper.on_view(db.view(me), now, out); }
  void read() { keeper.on_read(db.read(), now, 0, out); }
  void read_fails() { keeper.on_read(fail(ec::unavailable), now, 0, out); }
  void claimed() { keeper.on_claimed(db.claim(claiming), now, 0, out); }
  void claim_unknown() { keeper.on_claimed(fail(ec::timeout), now, 0, out); }
  void marked() { keeper.on_marked(db.mark(marking), now, 0, out); }
  void drained() { keeper.on_drained(now, out); }
  void released() { keeper.on_released(db.release(releasing), now, 0, out); }
  void pass(milliseconds time) {
    now += time;
    keeper.on_tick(now, out);
  }

  /// Carries out whatever it wants, until it wants nothing.
  std::string settle() {
    std::string all;
    for (auto words = said(); !words.empty(); words = said()) {
      all += (all.empty() ? "" : "; ") + words;
      for (const auto* what : {"read", "claim", "mark", "drain", "release"})
        if (words.find(what) != std::string::npos) answer(what);
    }
    return all;
  }

  void answer(std::string_view what) {
    if (what == "read") read();
    if (what == "claim") claimed();
    if (what == "mark") marked();
    if (what == "drain") drained();
    if (what == "release") released();
  }

  /// Alone, and owner of everything for long.
  subject& established() {
    view();
    settle();
    pass(10s);
    settle();
    return *this;
  }

  incarnation join(const char* id, test::state state = test::state::up) {
    auto life = db.join(id, state);
    view();
    return life;
  }

  void set(incarnation life, test::state state) {
    db.set(life, state);
    view();
  }

  std::size_t ours() const { return db.owned_by(me); }
  /// How many of the slots the members, as they are, want at node-1.
  std::size_t wanted() const {
    return static_cast<std::size_t>(std::ranges::count_if(db.rows, [&](const auto& row) {
      return keeper.allocation().wanted(row) == member_id{"node-1"};
    }));
  }
  /// One that is better off at this member.
  slot_no slot_of(const char* member) const {
    for (std::uint16_t i = 0;; ++i)
      if (keeper.allocation().wanted(slot_no{i}) == member_id{member}) return slot_no{i};
  }
  std::uint64_t moves(move_kind kind) const {
    return keeper.counts().moves[static_cast<std::size_t>(kind)];
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(keeper_tests, subject)

// -- taking ------------------------------------------------------------------------------

CAF_TEST(the first member takes everything in batches of which one is in flight) {
  view();
  CAF_CHECK_EQUAL(said(), "read");
  read();
  CAF_CHECK_EQUAL(said(), "claim 64");
  CAF_CHECK_EQUAL(telling.rows.size(), 1024u);
  pass(100ms);
  CAF_CHECK_EQUAL(said(), "");
  claimed();
  CAF_CHECK_EQUAL(said(), "claim 64");
  CAF_CHECK_EQUAL(telling.rows.size(), 64u);
  claimed();
  settle();
  CAF_CHECK_EQUAL(ours(), 1024u);
  CAF_CHECK_EQUAL(keeper.owned(), 1024u);
  CAF_CHECK_EQUAL(moves(move_kind::claimed_free), 1024u);
  CAF_CHECK(keeper.serves(slot_no{1023}));
}

CAF_TEST(nothing is read and taken before this node has joined) {
  pass(100ms);
  keeper.on_change_seen(change_no{7}, now, out);
  CAF_CHECK_EQUAL(said(), "");
  view();
  CAF_CHECK_EQUAL(said(), "read");
}

CAF_TEST(a SLOTS that starts again serves what this node owns) {
  for (auto& row : db.rows)
    row = {row.slot, epoch_no{1}, me, false, {}};
  view();
  CAF_CHECK_EQUAL(settle(), "read");
  CAF_CHECK_EQUAL(telling.rows.size(), 1024u);
  CAF_CHECK(keeper.serves(slot_no{77}));
}

CAF_TEST(a member that is joining or draining takes nothing) {
  for (auto state : {test::state::joining, test::state::draining, test::state::gone}) {
    set(me, state);
    settle();
    pass(1s);
    settle();
    CAF_CHECK_EQUAL(ours(), 0u);
  }
}

CAF_TEST(of several members each takes what it is wanted for) {
  join("node-2");
  settle();
  CAF_CHECK_EQUAL(ours(), wanted());
  CAF_CHECK(ours() < 800);
}

CAF_TEST(a slot of a live member is left to it and one of a dead member is taken at once) {
  auto other = join("node-2");
  for (auto& row : db.rows)
    row.owner = other;
  ++db.change;
  view();
  settle();
  CAF_CHECK_EQUAL(ours(), 0u);
  set(other, test::state::gone);
  settle();
  CAF_CHECK_EQUAL(ours(), 1024u);
  CAF_CHECK_EQUAL(moves(move_kind::claimed_ended), 1024u);
}

CAF_TEST(an owner that has come after the view is not taken for dead) {
  established();
  auto other = db.join("node-2");
  db.rows[3].owner = other;
  db.rows[3].epoch = epoch_no{5};
  keeper.on_offered({}, now, out);
  CAF_CHECK_EQUAL(settle(), "read");
  pass(1s);
  CAF_CHECK_EQUAL(settle(), "");
  CAF_CHECK(db.rows[3].owner == other);
}

CAF_TEST(what another member has freed is taken although the view is behind) {
  auto other = join("node-2");
  settle();
  auto theirs = slot_of("node-2");
  CAF_CHECK(db.rows[theirs.get()].owner == incarnation{});
  keeper.on_offered({theirs}, now, out);
  CAF_CHECK_EQUAL(settle(), "read; claim 1");
  CAF_CHECK(db.rows[theirs.get()].owner == me);
  set(other, test::state::gone);
  settle();
}

CAF_TEST(an offer is good for two seconds) {
  auto other = join("node-2");
  auto theirs = slot_of("node-2");
  db.rows[theirs.get()].owner = other;
  settle();
  keeper.on_offered({theirs}, now, out);
  CAF_CHECK_EQUAL(said(), "read");
  db.rows[theirs.get()] = {theirs, epoch_no{7}, {}, false, {}};
  ++db.change;
  now += 2s;
  read();
  CAF_CHECK_EQUAL(settle(), "");
}

CAF_TEST(an offer of slots that there are not is no more than a hint) {
  established();
  keeper.on_offered({slot_no{1024}, slot_no{65535}}, now, out);
  CAF_CHECK_EQUAL(settle(), "read");
}

// -- giving away -------------------------------------------------------------------------

CAF_TEST(a slot is marked then drained then released then offered) {
  established();
  join("node-2");
  CAF_CHECK_EQUAL(said(), "read; mark 64");
  read();
  auto one = marking.slots.front();
  CAF_CHECK(keeper.allocation().wanted(one.slot) == member_id{"node-2"});
  marked();
  CAF_CHECK_EQUAL(said(), "drain 64");
  CAF_CHECK(db.rows[one.slot.get()].draining);
  CAF_CHECK(!draining.hurry);
  CAF_CHECK(keeper.serves(one.slot));
  CAF_CHECK_EQUAL(keeper.draining(), 64u);
  pass(1s);
  CAF_CHECK_EQUAL(said(), "");
  drained();
  CAF_CHECK_EQUAL(said(), "release 64");
  CAF_CHECK(!keeper.serves(one.slot));
  CAF_CHECK_EQUAL(releasing.reason, "released: node-2 scores higher");
  CAF_CHECK(releasing.towards == member_id{"node-2"});
  released();
  CAF_CHECK_EQUAL(said(), "offer node-2 64; mark 64");
  CAF_CHECK(db.rows[one.slot.get()].owner == incarnation{});
  CAF_CHECK(db.rows[one.slot.get()].epoch == epoch_no{one.epoch.get() + 1});
  marked();
  settle();
  CAF_CHECK_EQUAL(ours(), wanted());
  CAF_CHECK_EQUAL(moves(move_kind::released_score), 1024 - wanted());
}

CAF_TEST(a slot that has just moved stays for five seconds) {
  view();
  settle();
  join("node-2");
  pass(4'900ms);
  settle();
  CAF_CHECK_EQUAL(ours(), 1024u);
  pass(100ms);
  settle();
  CAF_CHECK_EQUAL(ours(), wanted());
}

CAF_TEST(a pin moves a slot at once and keeps it) {
  view();
  settle();
  join("node-2");
  settle();
  auto slot = slot_of("node-1").get();
  db.pin(slot, "node-2");
  view();
  CAF_CHECK_EQUAL(settle(), "read; mark 1; drain 1; release 1; offer node-2 1");
  CAF_CHECK_EQUAL(releasing.reason, "released: pinned to node-2");
  auto theirs = slot_of("node-2").get();
  db.pin(theirs, "node-1");
  view();
  pass(20s);
  settle();
  CAF_CHECK(db.rows[theirs].owner == me);
  CAF_CHECK(db.rows[slot].owner == incarnation{});
}

CAF_TEST(a draining member gives everything away at once) {
  view();
  settle();
  join("node-2");
  settle();
  set(me, test::state::draining);
  settle();
  CAF_CHECK_EQUAL(ours(), 0u);
  CAF_CHECK_EQUAL(releasing.reason, "released: node-1 is draining");
  CAF_CHECK_EQUAL(moves(move_kind::released_drain), 1024u);
}

CAF_TEST(a draining member that is alone goes on serving) {
  established();
  set(me, test::state::draining);
  settle();
  CAF_CHECK_EQUAL(ours(), 1024u);
  join("node-2", test::state::joining);
  settle();
  CAF_CHECK_EQUAL(ours(), 1024u);
  CAF_CHECK(keeper.serves(slot_no{0}));
}

CAF_TEST(a move that is called off ends with the slot being taken again) {
  established();
  auto other = join("node-2");
  CAF_CHECK_EQUAL(said(), "read; mark 64");
  read();
  marked();
  said();
  set(other, test::state::gone);
  drained();
  CAF_CHECK_EQUAL(said(), "read; release 64");
  released();
  CAF_CHECK_EQUAL(said(), "claim 64");
  read();
  claimed();
  settle();
  CAF_CHECK_EQUAL(ours(), 1024u);
  CAF_CHECK(keeper.serves(marking.slots.front().slot));
}

CAF_TEST(slots that were left draining by a former SLOTS are released and taken again) {
  for (auto& row : db.rows)
    row = {row.slot, epoch_no{1}, me, false, {}};
  db.rows[9].draining = true;
  view();
  CAF_CHECK_EQUAL(settle(), "read; drain 1; release 1; claim 1");
  CAF_CHECK_EQUAL(releasing.reason, "released: the move was called off");
  CAF_CHECK(db.rows[9].owner == me);
  CAF_CHECK(db.rows[9].epoch == epoch_no{3});
  CAF_CHECK(keeper.serves(slot_no{9}));
}

CAF_TEST(a release that the database has forgotten is made again) {
  established();
  auto other = join("node-2");
  CAF_CHECK_EQUAL(said(), "read; mark 64");
  read();
  auto before = db;
  db.change += 5;
  marked();
  said();
  drained();
  CAF_CHECK_EQUAL(said(), "release 64");
  db = before; // a failover: neither marked nor released
  db.set(other, test::state::gone);
  keeper.on_released(fail(ec::timeout), now, 0, out);
  view();
  pass(200ms);
  CAF_CHECK_EQUAL(settle(), "read; mark 64; drain 64; release 64; claim 64");
  CAF_CHECK_EQUAL(ours(), 1024u);
  CAF_CHECK(keeper.serves(releasing.slots.front().slot));
}

CAF_TEST(what is refused to be marked is not drained) {
  established();
  auto other = join("node-2");
  CAF_CHECK_EQUAL(said(), "read; mark 64");
  read();
  auto lost = marking.slots.front().slot;
  db.rows[lost.get()].owner = other;
  marked();
  CAF_CHECK_EQUAL(said(), "drain 63; read");
}

CAF_TEST(a release that came through after all is not tried on the slot that was taken again) {
  established();
  join("node-2");
  CAF_CHECK_EQUAL(said(), "read; mark 64");
  read();
  marked();
  said();
  drained();
  CAF_CHECK_EQUAL(said(), "release 64");
  auto lost = releasing;
  keeper.on_released(fail(ec::timeout), now, 0, out);
  pass(200ms);
  CAF_CHECK_EQUAL(said(), "read");
  read();
  CAF_CHECK_EQUAL(said(), "drain 64");
  db.release(lost);
  auto slot = lost.slots.front().slot;
  keeper.on_offered({slot}, now, out);
  CAF_CHECK_EQUAL(said(), "read");
  read();
  CAF_CHECK_EQUAL(said(), "claim 1");
  claimed();
  drained();
  CAF_CHECK_EQUAL(said(), "mark 64");
  CAF_CHECK(keeper.serves(slot));
}

// -- the database ------------------------------------------------------------------------

CAF_TEST(after a claim of unknown effect the table is read before anything else) {
  view();
  said();
  read();
  CAF_CHECK_EQUAL(said(), "claim 64");
  db.claim(claiming);
  claim_unknown();
  CAF_CHECK_EQUAL(said(), "");
  pass(200ms);
  CAF_CHECK_EQUAL(said(), "read");
  pass(200ms);
  CAF_CHECK_EQUAL(said(), "");
  read();
  CAF_CHECK_EQUAL(said(), "claim 64");
  CAF_CHECK_EQUAL(keeper.owned(), 64u);
  CAF_CHECK(claiming.slots.front().slot == slot_no{64});
}

CAF_TEST(a reading that began before the failure does not count) {
  view();
  said();
  read();
  CAF_CHECK_EQUAL(said(), "claim 64");
  keeper.on_outdated(now + 1s, out);
  CAF_CHECK_EQUAL(said(), "read");
  claim_unknown();
  now += 2s;
  read();
  CAF_CHECK_EQUAL(said(), "read");
  read();
  CAF_CHECK_EQUAL(said(), "claim 64");
}

CAF_TEST(a claim that is refused is tried again after a reading and a pause that grows) {
  view();
  said();
  read();
  said();
  db.set(me, test::state::joining);
  std::vector<std::int64_t> pauses;
  for (auto i = 0; i < 6; ++i) {
    claimed();
    auto begin = now;
    while (said() != "read")
      pass(25ms);
    pauses.push_back((now - begin).count() / 1'000'000);
    read();
    CAF_CHECK_EQUAL(said(), "claim 64");
  }
  CAF_CHECK((pauses == std::vector<std::int64_t>{75, 150, 300, 600, 750, 750}));
}

CAF_TEST(slots that a claim did not get are counted and looked up) {
  auto other = db.join("node-2", test::state::joining);
  view();
  said();
  read();
  said();
  for (auto i = 0; i < 10; ++i) {
    db.rows[i].owner = other;
    db.rows[i].epoch = epoch_no{3};
  }
  claimed();
  CAF_CHECK_EQUAL(said(), "read; claim 64");
  CAF_CHECK_EQUAL(keeper.counts().refused, 10u);
  read();
  claimed();
  settle();
  CAF_CHECK_EQUAL(keeper.counts().refused, 10u);
  CAF_CHECK_EQUAL(ours(), 1014u);
}

CAF_TEST(a database that is away takes nothing from this node) {
  established();
  pass(10s);
  CAF_CHECK_EQUAL(said(), "read");
  for (auto i = 0; i < 50; ++i) {
    read_fails();
    while (said() != "read")
      pass(100ms);
  }
  CAF_CHECK_EQUAL(keeper.owned(), 1024u);
  CAF_CHECK(keeper.serves(slot_no{5}));
  read();
  CAF_CHECK_EQUAL(settle(), "");
}

CAF_TEST(a reading that is older than a claim does not undo it) {
  view();
  said();
  auto old = db.read();
  read();
  CAF_CHECK_EQUAL(said(), "claim 64");
  keeper.on_outdated(now + 1s, out);
  CAF_CHECK_EQUAL(said(), "read");
  claimed();
  keeper.on_read(old, now, 0, out);
  CAF_CHECK_EQUAL(keeper.owned(), 64u);
}

CAF_TEST(a database that has lost its last changes is believed) {
  auto other = join("node-2");
  settle();
  auto before = db;
  db.pin(slot_of("node-2").get(), "node-1");
  for (auto& row : db.rows)
    if (row.owner == incarnation{}) row.owner = other;
  db.change += 5;
  view();
  settle();
  db = before;
  pass(10s);
  CAF_CHECK_EQUAL(settle(), "read");
  CAF_CHECK(keeper.change() == change_no{before.change});
  CAF_CHECK_EQUAL(telling.rows.size(), 1024 - ours());
  db.set(other, test::state::gone);
  view();
  settle();
  CAF_CHECK_EQUAL(ours(), 1024u);
}

CAF_TEST(the table is read when a heartbeat has seen a change and when nobody said anything) {
  established();
  keeper.on_change_seen(change_no{db.change}, now, out);
  CAF_CHECK_EQUAL(settle(), "");
  ++db.change;
  keeper.on_change_seen(change_no{db.change}, now, out);
  CAF_CHECK_EQUAL(settle(), "read");
  pass(9'900ms);
  CAF_CHECK_EQUAL(settle(), "");
  pass(100ms);
  CAF_CHECK_EQUAL(settle(), "read");
}

CAF_TEST(a number that the database does not have does not lead to endless reading) {
  established();
  keeper.on_change_seen(change_no{db.change + 100}, now, out);
  CAF_CHECK_EQUAL(settle(), "read");
  pass(100ms);
  CAF_CHECK_EQUAL(settle(), "");
}

CAF_TEST(routers that know better get five readings a second at most) {
  established();
  for (auto i = 0; i < 10; ++i) {
    keeper.on_outdated(now, out);
    pass(100ms);
  }
  pass(200ms);
  CAF_CHECK_EQUAL(settle(), "read");
  auto readings = 0;
  for (auto i = 0; i < 10; ++i) {
    keeper.on_outdated(now, out);
    pass(100ms);
    readings += settle() == "read";
  }
  CAF_CHECK_EQUAL(readings, 5);
}

CAF_TEST(a new life of this node owns nothing of the former) {
  established();
  db.set(me, test::state::gone);
  auto former = std::exchange(me, db.join("node-1"));
  view();
  CAF_CHECK(!keeper.serves(slot_no{0}));
  CAF_CHECK_EQUAL(said(), "read; claim 64");
  CAF_CHECK_EQUAL(telling.rows.size(), 1024u);
  read();
  claimed();
  settle();
  CAF_CHECK_EQUAL(ours(), 1024u);
  CAF_CHECK_EQUAL(db.owned_by(former), 0u);
}

// -- stopping ----------------------------------------------------------------------------

CAF_TEST(a node that stops releases everything to the others and then ends) {
  view();
  settle();
  join("node-2");
  join("node-3");
  settle();
  keeper.stop(now, out);
  auto all = settle();
  CAF_CHECK_EQUAL(all.substr(0, 16), "mark 64; drain 6");
  CAF_CHECK_EQUAL(all.substr(all.size() - 8), "finished");
  CAF_CHECK(draining.hurry);
  CAF_CHECK_EQUAL(ours(), 0u);
  CAF_CHECK_EQUAL(moves(move_kind::released_stop), 1024u);
  CAF_CHECK_EQUAL(releasing.reason, "released: node-1 stops");
}

CAF_TEST(a node that stops alone releases everything to nobody) {
  established();
  keeper.stop(now, out);
  settle();
  CAF_CHECK_EQUAL(ours(), 0u);
  CAF_CHECK(releasing.towards == member_id{});
}

CAF_TEST(a node that owns nothing stops at once) {
  keeper.stop(now, out);
  CAF_CHECK_EQUAL(said(), "finished");
  pass(10s);
  view();
  CAF_CHECK_EQUAL(said(), "");
}

CAF_TEST(entities that do not end hold a stop up for five seconds) {
  established();
  keeper.stop(now, out);
  said();
  marked();
  CAF_CHECK_EQUAL(said(), "drain 64");
  pass(4'900ms);
  CAF_CHECK_EQUAL(said(), "");
  pass(100ms);
  CAF_CHECK_EQUAL(said(), "finished");
  CAF_CHECK_EQUAL(ours(), 1024u);
}

CAF_TEST(a node that stops without a database gives up soon) {
  established();
  keeper.stop(now, out);
  CAF_CHECK_EQUAL(said(), "mark 64");
  keeper.on_marked(fail(ec::unavailable), now, 0, out);
  auto begin = now;
  for (auto words = std::string{}; words != "finished"; words = said()) {
    if (words == "read") read_fails();
    pass(50ms);
  }
  CAF_CHECK(now - begin < 1s);
}

CAF_TEST(a claim that is in flight when the node stops is released too) {
  view();
  said();
  read();
  CAF_CHECK_EQUAL(said(), "claim 64");
  keeper.stop(now, out);
  CAF_CHECK_EQUAL(said(), "");
  claimed();
  CAF_CHECK_EQUAL(settle(), "mark 64; drain 64; release 64; finished");
  CAF_CHECK_EQUAL(ours(), 0u);
}

CAF_TEST_FIXTURE_SCOPE_END()

// -- many keepers ------------------------------------------------------------------------

CAF_TEST(three nodes that start together share the slots) {
  model_cluster cluster{1};
  for (const auto* id : {"node-1", "node-2", "node-3"})
    cluster.join(id);
  cluster.pass(8s);
  CAF_CHECK_EQUAL(cluster.whole(), "whole");
  CAF_CHECK(cluster.broken.empty());
}

CAF_TEST(the slots of a node that is killed are served again as soon as it is known to be dead) {
  model_cluster cluster{2};
  cluster.join("node-1");
  auto victim = cluster.join("node-2");
  cluster.join("node-3");
  cluster.pass(20s);
  auto claims = cluster.table.claims;
  auto lost = cluster.table.owned_by(victim);
  cluster.kill(victim);
  cluster.pass(2s + 600ms);
  CAF_CHECK_EQUAL(cluster.whole(), "whole");
  CAF_CHECK_EQUAL(cluster.table.claims - claims, lost);
}

CAF_TEST(a node that leaves hands its slots over without a pause) {
  model_cluster cluster{3};
  cluster.join("node-1");
  auto leaver = cluster.join("node-2");
  cluster.join("node-3");
  cluster.pass(20s);
  cluster.leave(leaver);
  cluster.pass(3s);
  CAF_CHECK(!cluster.alive(leaver));
  CAF_CHECK_EQUAL(cluster.whole(), "whole");
}

CAF_TEST(a drained node owns nothing and the others everything) {
  model_cluster cluster{4};
  cluster.join("node-1");
  auto drained = cluster.join("node-2");
  cluster.pass(20s);
  cluster.drain(drained);
  cluster.pass(5s);
  CAF_CHECK_EQUAL(cluster.table.owned_by(drained), 0u);
  CAF_CHECK_EQUAL(cluster.whole(), "whole");
}

CAF_TEST(a member that comes and goes every two seconds moves little more than it must) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    model_cluster cluster{seed};
    for (const auto* id : {"node-1", "node-2"})
      cluster.join(id);
    cluster.pass(20s);
    auto before = cluster.table.claims;
    incarnation third; // 0: away
    auto joins = 0;
    for (auto i = 0; i < 30; ++i) {
      if (cluster.alive(third)) {
        seed % 2 == 0 ? cluster.leave(third) : cluster.kill(third);
        third = {};
      } else {
        third = cluster.join("node-3");
        ++joins;
      }
      cluster.pass(2s);
    }
    cluster.pass(20s);
    CAF_CHECK_EQUAL(cluster.whole(), "whole");
    auto ideal = static_cast<std::uint64_t>(joins) * 2 * slot_count / 3;
    CAF_MESSAGE("seed " << seed << ": " << cluster.table.claims - before << " moves of " << ideal);
    CAF_CHECK((cluster.table.claims - before) * 2 <= ideal * 3);
    CAF_CHECK(cluster.broken.empty());
  }
}

CAF_TEST(whatever happens the cluster becomes whole again) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    model_cluster cluster{seed, {.percent = 30}};
    std::vector<incarnation> nodes;
    auto number = 0;
    auto grow = [&] { nodes.push_back(cluster.join("node-" + std::to_string(++number % 7))); };
    grow();
    for (auto i = 0; i < 25; ++i) {
      std::erase_if(nodes, [&](auto life) { return !cluster.alive(life); });
      auto chance = cluster.below(5);
      if (nodes.size() < 2 || (chance == 0 && nodes.size() < 6)) {
        grow();
      } else if (chance == 1 && nodes.size() > 2) {
        cluster.kill(nodes[cluster.below(nodes.size())]);
      } else if (chance == 2 && nodes.size() > 2) {
        cluster.leave(nodes[cluster.below(nodes.size())]);
      } else if (chance == 3) {
        cluster.table.pin(static_cast<std::uint16_t>(cluster.below(slot_count)),
                          "node-" + std::to_string(cluster.below(7)));
      }
      cluster.pass(milliseconds{static_cast<std::int64_t>(cluster.below(4'000))});
    }
    cluster.set_faults({});
    cluster.pass(40s);
    if (cluster.whole() != "whole") CAF_ERROR("seed " << seed << ": " << cluster.whole());
    if (!cluster.broken.empty()) CAF_ERROR("seed " << seed << ": " << cluster.broken.front());
  }
}
