#define CAF_SUITE cluster_membership

#include "runtime/cluster/membership.hpp"

#include <caf/test/unit_test.hpp>

#include <algorithm>
#include <string>

/// Who is a member of the cluster: readings, probes and times in, effects out.
namespace bpci::cluster {

namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

/// The life of the member that looks.
constexpr auto me = incarnation{1};

std::string name_of(incarnation x) {
  return "node-" + std::to_string(x.get());
}

member row(std::uint64_t life, std::uint64_t heartbeats, member_state state = member_state::up) {
  member out;
  out.incarnation = incarnation{life};
  out.id = member_id{name_of(out.incarnation)};
  out.link_host = "127.0.0.1";
  out.link_port = static_cast<std::uint16_t>(9'000 + life);
  out.heartbeats = heartbeats;
  out.state = state;
  return out;
}

suspicion silent(std::uint64_t target, std::uint64_t by, std::uint64_t seen) {
  return {incarnation{target},
          incarnation{by},
          suspicion_kind::silent,
          seen,
          "it stands",
          timestamp_ms{5},
          true};
}

suspicion distant(std::uint64_t target, std::uint64_t by, bool fresh = true) {
  return {incarnation{target},
          incarnation{by},
          suspicion_kind::unreachable,
          1,
          "no answer",
          timestamp_ms{5},
          fresh};
}

std::string kind_of(suspicion_kind x) {
  return x == suspicion_kind::silent ? "silent" : "unreachable";
}

std::string words(const dial& x) {
  return "dial " + x.who.id.get();
}
std::string words(const drop& x) {
  return "drop " + x.who.id.get();
}
std::string words(const send_probe& x) {
  return "probe " + name_of(x.to);
}
std::string words(const relay_probe& x) {
  return "probe " + name_of(x.target) + " through " + name_of(x.via);
}
std::string words(const suspect& x) {
  return "suspect " + x.who.id.get() + " " + kind_of(x.kind) + " at "
         + std::to_string(x.who.heartbeats);
}
std::string words(const withdraw& x) {
  return "withdraw " + name_of(x.target) + " " + kind_of(x.kind);
}
std::string words(const evict_silent& x) {
  return "evict silent " + x.who.id.get() + " at " + std::to_string(x.who.heartbeats);
}
std::string words(const evict_unreachable& x) {
  return "evict unreachable " + x.who.id.get() + " of view " + std::to_string(x.view_no);
}
std::string words(const come_up& x) {
  return "come up in view " + std::to_string(x.view_no);
}
std::string words(const fence&) {
  return "fence";
}
std::string words(const view_changed&) {
  return "view";
}
std::string words(const change_seen& x) {
  return "change " + std::to_string(x.change_no.get());
}

std::string words(const membership_effects& all) {
  std::string out;
  for (const auto& x : all)
    out += (out.empty() ? "" : "; ") + std::visit([](const auto& e) { return words(e); }, x);
  return out;
}

struct bench {
  membership uut{me, {}};
  membership::instant now{1h};
  reading world;
  member_state own = member_state::up;
  std::uint16_t own_port = 9'001;
  std::uint64_t own_beats = 0;

  bench() { world.view_no = 7; }

  /// Our heartbeat succeeds `after` the one before, and reads these rows beside our own. Whom to
  /// dial and the view are left out of the words: other tests are about these.
  std::string beat(milliseconds after, std::vector<member> others,
                   std::vector<suspicion> suspicions = {}) {
    auto all = raw_beat(after, std::move(others), std::move(suspicions));
    std::erase_if(all, [](const auto& x) {
      return std::holds_alternative<dial>(x) || std::holds_alternative<drop>(x)
             || std::holds_alternative<view_changed>(x);
    });
    return words(all);
  }

  membership_effects raw_beat(milliseconds after, std::vector<member> others,
                              std::vector<suspicion> suspicions = {}) {
    now += after;
    world.live = std::move(others);
    world.suspicions = std::move(suspicions);
    auto mine = row(1, ++own_beats, own);
    mine.link_port = own_port;
    world.live.push_back(mine);
    membership_effects out;
    uut.on_rows(world, now, now, out);
    return out;
  }

  std::string tick(milliseconds lag = 0ms) {
    membership_effects out;
    uut.on_tick(now, lag, out);
    return words(out);
  }

  void connect(std::uint64_t life) { uut.on_connected(incarnation{life}); }
  void answer(std::uint64_t life) { uut.on_probe(incarnation{life}, 2ms, 1, now); }

  /// Seen to beat, and reached, right now.
  void meet(std::vector<std::uint64_t> lives) {
    std::vector<member> rows;
    for (auto life : lives)
      rows.push_back(row(life, 1));
    beat(300ms, rows);
    for (auto& x : rows)
      ++x.heartbeats;
    beat(300ms, rows);
    for (auto life : lives) {
      connect(life);
      answer(life);
    }
  }
};

/// Rows whose counters go on by one a heartbeat, while `still` ones stand.
std::vector<member> rows_at(std::uint64_t beats, std::vector<std::uint64_t> moving,
                            std::vector<std::uint64_t> still = {}) {
  std::vector<member> out;
  for (auto life : moving)
    out.push_back(row(life, beats));
  for (auto life : still)
    out.push_back(row(life, 2));
  return out;
}

} // namespace

// -- rows and the view -------------------------------------------------------------------

CAF_TEST(a member is dialled once and dropped when its row is gone) {
  bench at;
  CAF_CHECK_EQUAL(words(at.raw_beat(0ms, {row(2, 1)})), "dial node-2; view");
  CAF_CHECK_EQUAL(words(at.raw_beat(300ms, {row(2, 2)})), "");
  CAF_CHECK_EQUAL(words(at.raw_beat(300ms, {})), "drop node-2; view");
  CAF_CHECK_EQUAL(words(at.raw_beat(300ms, {})), "");
}

CAF_TEST(a restarted member is another one) {
  bench at;
  at.beat(0ms, {row(2, 9)});
  CAF_CHECK_EQUAL(words(at.raw_beat(300ms, {row(3, 0)})), "drop node-2; dial node-3; view");
}

CAF_TEST(a member is dialled again when its address or its certificates change) {
  bench at;
  auto other = row(2, 1);
  other.link_port = 0;
  CAF_CHECK_EQUAL(words(at.raw_beat(0ms, {other})), "view");
  other.link_port = 9'002;
  CAF_CHECK_EQUAL(words(at.raw_beat(300ms, {other})), "dial node-2; view");
  other.certificates = {"ab"};
  CAF_CHECK_EQUAL(words(at.raw_beat(300ms, {other})), "dial node-2; view");
}

CAF_TEST(the view is told when anything but a heartbeat changed and other changes by their number) {
  bench at;
  at.beat(0ms, {row(2, 1)});
  CAF_CHECK_EQUAL(words(at.raw_beat(300ms, {row(2, 2)})), "");
  CAF_CHECK_EQUAL(words(at.raw_beat(300ms, {row(2, 3, member_state::draining)})), "view");
  at.world.change_no = slots::change_no{4};
  CAF_CHECK_EQUAL(words(at.raw_beat(300ms, {row(2, 4, member_state::draining)})), "change 4");
  CAF_CHECK_EQUAL(words(at.raw_beat(300ms, {row(2, 5, member_state::draining)})), "");
  ++at.world.view_no; // somebody came and went between two readings
  at.world.change_no = slots::change_no{5};
  CAF_CHECK_EQUAL(words(at.raw_beat(300ms, {row(2, 6, member_state::draining)})), "view");
  CAF_CHECK(at.uut.view().view_no == 8u);
}

// -- silence -----------------------------------------------------------------------------

CAF_TEST(a counter that stands still is suspected after a second and not before) {
  bench at;
  at.beat(0ms, {row(2, 5), row(3, 1)});
  CAF_CHECK_EQUAL(at.beat(999ms, {row(2, 5), row(3, 2)}), "");
  CAF_CHECK_EQUAL(at.beat(1ms, {row(2, 5), row(3, 3)}), "suspect node-2 silent at 5");
}

CAF_TEST(a suspicion is written until it stands and withdrawn when the counter moves) {
  bench at;
  at.beat(0ms, {row(2, 5), row(3, 1)});
  at.beat(600ms, {row(2, 5), row(3, 2)});
  CAF_CHECK_EQUAL(at.beat(600ms, {row(2, 5), row(3, 3)}), "suspect node-2 silent at 5");
  CAF_CHECK_EQUAL(at.beat(300ms, {row(2, 5), row(3, 4)}), "suspect node-2 silent at 5");
  CAF_CHECK_EQUAL(at.beat(300ms, {row(2, 5), row(3, 5)}, {silent(2, 1, 5)}), "");
  CAF_CHECK_EQUAL(at.beat(300ms, {row(2, 6), row(3, 6)}, {silent(2, 1, 5)}),
                  "withdraw node-2 silent");
}

CAF_TEST(two votes for the same counter evict after two seconds) {
  bench at;
  at.beat(0ms, {row(2, 5), row(3, 1)});
  at.beat(700ms, {row(2, 5), row(3, 2)});
  at.beat(700ms, {row(2, 5), row(3, 3)}, {silent(2, 3, 5)});
  auto both = std::vector{silent(2, 1, 5), silent(2, 3, 5)};
  CAF_CHECK_EQUAL(at.beat(599ms, {row(2, 5), row(3, 4)}, both), "");
  CAF_CHECK_EQUAL(at.beat(1ms, {row(2, 5), row(3, 5)}, both), "evict silent node-2 at 5");
  CAF_CHECK_EQUAL(at.beat(300ms, {row(2, 5), row(3, 6)}, both), "evict silent node-2 at 5");
}

CAF_TEST(one vote of three members evicts nobody nor does one for another counter) {
  bench at;
  at.beat(0ms, {row(2, 5), row(3, 1)});
  for (auto beats = std::uint64_t{2}; beats < 12; ++beats) {
    CAF_CHECK_EQUAL(at.beat(900ms, {row(2, 5), row(3, beats)}, {silent(2, 1, 5), silent(2, 3, 4)}),
                    beats == 2 ? "withdraw node-2 silent" : "");
    at.answer(3);
  }
}

CAF_TEST(one vote is enough where there are two members) {
  bench at;
  at.beat(0ms, {row(2, 5)});
  at.beat(900ms, {row(2, 5)});
  at.beat(900ms, {row(2, 5)}, {silent(2, 1, 5)});
  CAF_CHECK_EQUAL(at.beat(200ms, {row(2, 5)}, {silent(2, 1, 5)}), "evict silent node-2 at 5");
}

CAF_TEST(a member whose counter moves is never suspected however slow it is) {
  bench at;
  at.beat(0ms, {row(2, 1)});
  for (auto beats = std::uint64_t{2}; beats < 20; ++beats) {
    CAF_CHECK_EQUAL(at.beat(990ms, {row(2, beats)}), "");
    at.answer(2);
  }
}

CAF_TEST(the last one that beats evicts the others alone but takes its time) {
  bench at;
  auto still = std::vector{row(2, 5), row(3, 8)};
  auto votes = std::vector{silent(2, 1, 5), silent(3, 1, 8)};
  at.beat(0ms, still);
  for (auto n = 0; n < 6; ++n)
    at.beat(900ms, still, votes);
  CAF_CHECK_EQUAL(at.beat(599ms, still, votes), "");
  CAF_CHECK_EQUAL(at.beat(1ms, still, votes), "evict silent node-2 at 5; evict silent node-3 at 8");
}

CAF_TEST(a member that died is suspected at once and evicted after one second) {
  bench at;
  at.meet({2, 3});
  at.uut.on_lost(incarnation{2});
  at.uut.on_refused(incarnation{2});
  CAF_CHECK_EQUAL(at.beat(299ms, rows_at(3, {3}, {2})), "");
  CAF_CHECK_EQUAL(at.beat(1ms, rows_at(4, {3}, {2})), "suspect node-2 silent at 2");
  auto both = std::vector{silent(2, 1, 2), silent(2, 3, 2)};
  CAF_CHECK_EQUAL(at.beat(699ms, rows_at(5, {3}, {2}), both), "");
  CAF_CHECK_EQUAL(at.beat(1ms, rows_at(6, {3}, {2}), both), "evict silent node-2 at 2");
}

CAF_TEST(a lost connection alone or a refused one to a member that beats means nothing) {
  bench at;
  at.meet({2, 3});
  at.uut.on_lost(incarnation{2});
  CAF_CHECK_EQUAL(at.beat(900ms, rows_at(3, {3}, {2})), "");
  at.uut.on_refused(incarnation{2});
  CAF_CHECK_EQUAL(at.beat(50ms, rows_at(4, {2, 3})), "");
  CAF_CHECK_EQUAL(at.beat(900ms, {row(2, 4), row(3, 5)}), "");
}

// -- blindness -----------------------------------------------------------------------------

CAF_TEST(nobody is suspected for the time in which this member saw nothing) {
  bench at;
  at.beat(0ms, {row(2, 5)});
  at.uut.on_blind();
  CAF_CHECK_EQUAL(at.beat(500ms, {row(2, 5)}), "");
  // As long again as the outage was, and then the usual second.
  CAF_CHECK_EQUAL(at.beat(900ms, {row(2, 5)}), "");
  CAF_CHECK_EQUAL(at.beat(599ms, {row(2, 5)}), "");
  CAF_CHECK_EQUAL(at.beat(1ms, {row(2, 5)}), "suspect node-2 silent at 5");
}

CAF_TEST(when the database returns nobody is evicted though all counters stand for a while) {
  bench at;
  auto still = std::vector{row(2, 5), row(3, 8)};
  at.beat(0ms, still);
  at.uut.on_blind();
  CAF_CHECK_EQUAL(at.beat(60s, still), "");
  for (auto n = 0; n < 9; ++n) // 2.7 s: the pause of a pool that connects again, and more
    CAF_CHECK_EQUAL(at.beat(300ms, still), "");
  at.answer(2);
  at.answer(3);
  CAF_CHECK_EQUAL(at.beat(300ms, {row(2, 6), row(3, 9)}), "");
}

CAF_TEST(a counter that moved just before an outage does not start the silence early) {
  bench at;
  at.beat(0ms, {row(2, 5)});
  at.uut.on_blind();
  CAF_CHECK_EQUAL(at.beat(60s, {row(2, 6)}), "");
  for (auto n = 0; n < 3; ++n)
    CAF_CHECK_EQUAL(at.beat(900ms, {row(2, 6)}), "");
  CAF_CHECK_EQUAL(at.beat(300ms, {row(2, 6)}), "suspect node-2 silent at 6");
}

CAF_TEST(a suspicion from before an outage is withdrawn after it) {
  bench at;
  at.beat(0ms, {row(2, 5)});
  at.uut.on_blind();
  CAF_CHECK_EQUAL(at.beat(10s, {row(2, 5)}, {silent(2, 1, 5)}), "withdraw node-2 silent");
}

CAF_TEST(a heartbeat that took long counts from its beginning) {
  bench at;
  at.beat(0ms, {row(2, 5)});
  at.world.live = {row(2, 5), row(1, 2)};
  membership_effects out;
  at.uut.on_rows(at.world, at.now + 200ms, at.now + 1s, out);
  CAF_CHECK_EQUAL(words(out), "");
  CAF_CHECK(at.uut.list(at.now + 1s).members[1].silent_ms == 1'000u);
}

CAF_TEST(a member that was stopped for long counts its own pause as an outage) {
  bench at;
  at.beat(0ms, {row(2, 5), row(3, 1)});
  CAF_CHECK_EQUAL(at.beat(30s, {row(2, 5), row(3, 90)}, {silent(2, 3, 5), silent(2, 1, 5)}),
                  "withdraw node-2 silent");
}

CAF_TEST(a member whose own timers lag may not vote for two seconds) {
  bench at;
  at.beat(0ms, {row(2, 5), row(3, 1)});
  at.beat(900ms, {row(2, 5), row(3, 2)});
  at.tick(1'001ms);
  auto votes = std::vector{silent(2, 3, 5), silent(2, 4, 5)};
  CAF_CHECK_EQUAL(at.beat(900ms, {row(2, 5), row(3, 3)}, votes), "");
  CAF_CHECK_EQUAL(at.beat(900ms, {row(2, 5), row(3, 4)}, votes), "");
  CAF_CHECK_EQUAL(at.beat(200ms, {row(2, 5), row(3, 5)}, votes),
                  "suspect node-2 silent at 5; evict silent node-2 at 5");
}

CAF_TEST(a late timer within the bounds costs no vote) {
  bench at;
  at.beat(0ms, {row(2, 5)});
  at.tick(1'000ms);
  CAF_CHECK_EQUAL(at.beat(1'000ms, {row(2, 5)}), "suspect node-2 silent at 5");
}

CAF_TEST(a member that is superseded fences itself) {
  bench at;
  membership_effects out;
  at.uut.on_superseded(out);
  CAF_CHECK_EQUAL(words(out), "fence");
}

// -- probes and reach ------------------------------------------------------------------------

CAF_TEST(a connected member is probed with one probe at a time) {
  bench at;
  at.beat(0ms, {row(2, 1)});
  CAF_CHECK_EQUAL(at.tick(), "");
  at.connect(2);
  CAF_CHECK_EQUAL(at.tick(), "probe node-2");
  CAF_CHECK_EQUAL(at.tick(), "");
  at.uut.on_probe_failed(incarnation{2});
  CAF_CHECK_EQUAL(at.tick(), "probe node-2");
}

CAF_TEST(a member that beats but does not answer is probed through the others in turn) {
  bench at;
  at.meet({2, 3, 4});
  at.uut.on_lost(incarnation{2});
  at.beat(900ms, rows_at(3, {2, 3, 4}));
  at.answer(3);
  at.answer(4);
  at.beat(200ms, rows_at(4, {2, 3, 4}));
  CAF_CHECK_EQUAL(at.tick(), "probe node-2 through node-3; probe node-3; probe node-4");
  CAF_CHECK_EQUAL(at.tick(), "");
  at.uut.on_relay_failed(incarnation{2}, true);
  CAF_CHECK_EQUAL(at.tick(), "probe node-2 through node-4");
}

CAF_TEST(a member that no probe of any way reaches for three seconds is unreachable) {
  bench at;
  at.meet({2, 3});
  at.uut.on_lost(incarnation{2});
  auto beats = std::uint64_t{3};
  for (; beats < 13; ++beats) {
    CAF_CHECK_EQUAL(at.beat(299ms, rows_at(beats, {2, 3})), "");
    at.answer(3);
  }
  CAF_CHECK_EQUAL(at.beat(100ms, rows_at(++beats, {2, 3})), ""); // nobody else was asked yet
  at.uut.on_relay_failed(incarnation{2}, false);                 // nor could be
  CAF_CHECK_EQUAL(at.beat(100ms, rows_at(++beats, {2, 3})), "");
  at.uut.on_relay_failed(incarnation{2}, true);
  CAF_CHECK_EQUAL(at.beat(100ms, rows_at(++beats, {2, 3})),
                  "suspect node-2 unreachable at " + std::to_string(beats));
}

CAF_TEST(
    an unreachable suspicion is renewed while it holds and withdrawn when a relay gets through) {
  bench at;
  at.meet({2});
  at.uut.on_lost(incarnation{2});
  auto mine = std::vector{distant(2, 1)};
  auto accused = 0;
  for (auto beats = std::uint64_t{3}; beats < 33; ++beats)
    accused += !at.beat(300ms, rows_at(beats, {2}), beats > 14 ? mine : std::vector<suspicion>{})
                       .starts_with("suspect")
                   ? 0
                   : 1;
  CAF_CHECK_GREATER_OR_EQUAL(accused, 2);
  CAF_CHECK_LESS_OR_EQUAL(accused, 4);
  at.uut.on_relayed(incarnation{2}, at.now);
  auto then = at.beat(300ms, rows_at(40, {2}), mine);
  CAF_CHECK(then.find("withdraw node-2 unreachable") != std::string::npos);
}

CAF_TEST(a majority that cannot reach a member evicts it) {
  bench at;
  at.meet({2, 3});
  CAF_CHECK_EQUAL(at.beat(300ms, rows_at(3, {2, 3}), {distant(2, 3)}), "");
  auto both = std::vector{distant(2, 1, false), distant(2, 3)};
  CAF_CHECK(at.beat(300ms, rows_at(4, {2, 3}), both).find("evict") == std::string::npos);
  both[0].fresh = true;
  auto then = at.beat(300ms, rows_at(5, {2, 3}), both);
  CAF_CHECK(then.find("evict unreachable node-2 of view 7") != std::string::npos);
}

CAF_TEST(of a pair that cannot reach each other the higher id loses) {
  bench at;
  at.meet({2});
  auto each = std::vector{distant(2, 1), distant(1, 2)};
  auto then = at.beat(300ms, rows_at(3, {2}), each);
  CAF_CHECK(then.find("evict unreachable node-2") != std::string::npos);

  bench low;
  low.uut = membership{incarnation{2}, {}};
  low.world.live = {row(1, 1), row(2, 1)};
  for (auto beats = std::uint64_t{1}; beats < 4; ++beats) {
    low.world.live = {row(1, beats), row(2, beats)};
    low.world.suspicions = {distant(2, 1), distant(1, 2)};
    low.now += 300ms;
    membership_effects out;
    low.uut.on_rows(low.world, low.now, low.now, out);
    CAF_CHECK(words(out).find("evict") == std::string::npos);
  }
}

CAF_TEST(of four that fall into two halves the highest goes first) {
  bench at;
  at.meet({2, 3, 4});
  auto halves = std::vector{distant(3, 1), distant(4, 1), distant(3, 2), distant(4, 2),
                            distant(1, 3), distant(2, 3), distant(1, 4), distant(2, 4)};
  auto then = at.beat(300ms, rows_at(3, {2, 3, 4}), halves);
  CAF_CHECK(then.find("evict unreachable node-4") != std::string::npos);
  CAF_CHECK(then.find("evict unreachable node-3") == std::string::npos);
}

CAF_TEST(members that do not take part yet neither accuse nor are accused) {
  bench at;
  at.own = member_state::joining;
  at.meet({2});
  at.uut.on_lost(incarnation{2});
  for (auto beats = std::uint64_t{3}; beats < 23; ++beats)
    CAF_CHECK_EQUAL(at.beat(300ms, rows_at(beats, {2}), {distant(2, 1)}),
                    "withdraw node-2 unreachable");
}

CAF_TEST(a silent member is not unreachable as well) {
  bench at;
  at.meet({2});
  at.uut.on_lost(incarnation{2});
  at.beat(900ms, rows_at(0, {}, {2}));
  for (auto n = 0; n < 10; ++n)
    CAF_CHECK(at.beat(900ms, rows_at(0, {}, {2}), {silent(2, 1, 2)}).find("unreachable")
              == std::string::npos);
}

// -- coming up -------------------------------------------------------------------------------

CAF_TEST(the first member comes up at once) {
  bench at;
  at.own = member_state::joining;
  at.own_port = 0;
  CAF_CHECK_EQUAL(at.beat(0ms, {}), "come up in view 7");
  at.own = member_state::up;
  CAF_CHECK_EQUAL(at.beat(300ms, {}), "");
}

CAF_TEST(a member comes up when every member that is up has answered a probe) {
  bench at;
  at.own = member_state::joining;
  auto joiner = row(4, 1, member_state::joining);
  CAF_CHECK_EQUAL(at.beat(0ms, {row(2, 1), row(3, 1), joiner}), "");
  CAF_CHECK_EQUAL(at.uut.obstacle(), "node-2 answers no probe");
  at.connect(2);
  at.answer(2);
  CAF_CHECK_EQUAL(at.beat(300ms, {row(2, 2), row(3, 2), joiner}), "");
  CAF_CHECK_EQUAL(at.uut.obstacle(), "node-3 answers no probe");
  at.connect(3);
  at.answer(3);
  CAF_CHECK_EQUAL(at.beat(300ms, {row(2, 3), row(3, 3), joiner}), "come up in view 7");
  CAF_CHECK_EQUAL(at.uut.obstacle(), "");
}

CAF_TEST(a member that can reach the others but cannot be reached does not come up) {
  bench at;
  at.own = member_state::joining;
  at.own_port = 0;
  at.meet({2});
  CAF_CHECK_EQUAL(at.beat(300ms, rows_at(3, {2})), "");
  CAF_CHECK_EQUAL(at.uut.obstacle(), "nobody can reach this node: it has no certificate");
}

CAF_TEST(members that speak other versions are not up together) {
  bench at;
  at.own = member_state::joining;
  auto other = row(2, 1);
  other.proto_min = protocol_newest + 1;
  other.proto_max = protocol_newest + 2;
  at.beat(0ms, {other});
  at.connect(2);
  at.answer(2);
  CAF_CHECK_EQUAL(at.beat(300ms, {other}), "");
  CAF_CHECK(at.uut.obstacle().find("versions 2 to 3") != std::string::npos);
  other.proto_min = protocol_newest;
  CAF_CHECK_EQUAL(at.beat(300ms, {other}), "come up in view 7");
}

CAF_TEST(a stale row is evicted before a member comes up) {
  bench at;
  at.own = member_state::joining;
  at.beat(0ms, {row(2, 5)});
  at.uut.on_refused(incarnation{2});
  CAF_CHECK_EQUAL(at.beat(500ms, {row(2, 5)}), "suspect node-2 silent at 5");
  CAF_CHECK_EQUAL(at.beat(500ms, {row(2, 5)}, {silent(2, 1, 5)}), "evict silent node-2 at 5");
  CAF_CHECK_EQUAL(at.uut.obstacle(), "node-2 is silent, and not yet declared dead");
  CAF_CHECK_EQUAL(at.beat(50ms, {}), "come up in view 7");
}

CAF_TEST(a draining member does not come up by itself) {
  bench at;
  at.own = member_state::draining;
  CAF_CHECK_EQUAL(at.beat(0ms, {}), "");
}

// -- what is shown ---------------------------------------------------------------------------

CAF_TEST(the list says who is reached and who suspects whom and since when a counter stands) {
  bench at;
  at.beat(0ms, {row(3, 1), row(2, 1)});
  at.connect(3);
  at.uut.on_connected(incarnation{9}); // gone meanwhile
  at.uut.on_probe(incarnation{3}, 12ms, 4, at.now);
  at.tick(7ms);
  at.beat(500ms, {row(3, 2), row(2, 1)}, {silent(2, 3, 1)});
  auto all = at.uut.list(at.now + 1s);
  CAF_CHECK_EQUAL(all.view_no, 7u);
  CAF_REQUIRE_EQUAL(all.members.size(), 3u);
  auto mine = all.members[0];
  CAF_CHECK(mine.self && mine.connected);
  CAF_CHECK_EQUAL(mine.lag_ms, 7u);
  auto second = all.members[1];
  CAF_CHECK(!second.connected);
  CAF_CHECK_EQUAL(second.silent_ms, 1'500u);
  CAF_REQUIRE_EQUAL(second.suspicions.size(), 1u);
  auto doubt = suspicion_status{member_id{"node-3"}, suspicion_kind::silent, 1, "it stands",
                                timestamp_ms{5}};
  CAF_CHECK(second.suspicions.front() == doubt);
  auto third = all.members[2];
  CAF_CHECK(third.connected);
  CAF_CHECK_EQUAL(third.probe_ms, 12u);
  CAF_CHECK_EQUAL(third.lag_ms, 4u);
}

} // namespace bpci::cluster
