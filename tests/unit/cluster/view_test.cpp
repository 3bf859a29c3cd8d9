#define CAF_SUITE cluster_view

#include "runtime/cluster/view.hpp"

#include <caf/test/unit_test.hpp>

#include <string>

/// Who is a member of the cluster: rows and counters in, effects out.
namespace bpci::cluster {

namespace {

using namespace std::chrono_literals;

/// The first life of the member that looks.
constexpr auto me = incarnation{1};

member row(std::uint64_t life, std::uint64_t heartbeats) {
  member out;
  out.incarnation = incarnation{life};
  out.id = member_id{"node-" + std::to_string(life)};
  out.heartbeats = heartbeats;
  return out;
}

std::string words(const dial& x) {
  return "dial " + x.who.id.get();
}
std::string words(const drop& x) {
  return "drop " + x.who.id.get();
}
std::string words(const bury& x) {
  return "bury " + x.who.id.get() + " at " + std::to_string(x.who.heartbeats);
}

struct bench {
  view uut{me, 3s};
  view::instant now{1h};

  /// Our heartbeat succeeds `after` the one before, and reads these rows beside our own.
  std::string beat(std::chrono::milliseconds after, std::vector<member> others) {
    now += after;
    others.push_back(row(1, ++own_beats));
    view_effects effects;
    uut.on_rows(others, now, effects);
    std::string out;
    for (const auto& effect : effects)
      out += (out.empty() ? "" : "; ") + std::visit([](const auto& x) { return words(x); }, effect);
    return out;
  }

  std::uint64_t own_beats = 0;
};

} // namespace

CAF_TEST(a member is dialled once and dropped when its row is gone) {
  bench at;
  CAF_CHECK_EQUAL(at.beat(0ms, {row(2, 1)}), "dial node-2");
  CAF_CHECK_EQUAL(at.beat(500ms, {row(2, 2)}), "");
  CAF_CHECK_EQUAL(at.beat(500ms, {}), "drop node-2");
  CAF_CHECK_EQUAL(at.beat(500ms, {}), "");
}

CAF_TEST(a restarted member is another one) {
  bench at;
  at.beat(0ms, {row(2, 9)});
  CAF_CHECK_EQUAL(at.beat(500ms, {row(3, 0)}), "dial node-3; drop node-2");
}

CAF_TEST(a member whose counter stands still is buried once and not before its time) {
  bench at;
  at.beat(0ms, {row(2, 5)});
  CAF_CHECK_EQUAL(at.beat(3s, {row(2, 5)}), "");
  CAF_CHECK_EQUAL(at.beat(1ms, {row(2, 5)}), "bury node-2 at 5");
  CAF_CHECK_EQUAL(at.beat(10s, {row(2, 5)}), "");
}

CAF_TEST(a member whose counter moves is never buried however slow it is) {
  bench at;
  at.beat(0ms, {row(2, 1)});
  for (auto beats = std::uint64_t{2}; beats < 20; ++beats)
    CAF_CHECK_EQUAL(at.beat(2'900ms, {row(2, beats)}), "");
}

CAF_TEST(nobody is buried for the time in which this member saw nothing) {
  bench at;
  at.beat(0ms, {row(2, 5)});
  at.uut.on_blind();
  CAF_CHECK_EQUAL(at.beat(60s, {row(2, 5)}), "");
  CAF_CHECK_EQUAL(at.beat(3s, {row(2, 5)}), "");
  CAF_CHECK_EQUAL(at.beat(1ms, {row(2, 5)}), "bury node-2 at 5");
}

CAF_TEST(a member does not bury itself) {
  view uut{me, 3s};
  view_effects effects;
  uut.on_rows({row(1, 1)}, view::instant{1h}, effects);
  uut.on_rows({row(1, 1)}, view::instant{2h}, effects);
  CAF_CHECK(effects.empty());
}

CAF_TEST(the list says who is reached and since when a counter stands still) {
  bench at;
  at.beat(0ms, {row(3, 1), row(2, 1)});
  at.uut.on_connected(incarnation{3}, true);
  at.uut.on_connected(incarnation{9}, true); // gone meanwhile
  at.beat(500ms, {row(3, 2), row(2, 1)});
  auto members = at.uut.list(at.now + 1s).members;
  CAF_REQUIRE_EQUAL(members.size(), 3u);
  CAF_CHECK_EQUAL(members[0], (member_status{row(1, 2), true, true, 1'000}));
  CAF_CHECK_EQUAL(members[1], (member_status{row(2, 1), false, false, 1'500}));
  CAF_CHECK_EQUAL(members[2], (member_status{row(3, 2), false, true, 1'000}));
}

} // namespace bpci::cluster
