#define CAF_SUITE courier

#include "runtime/entity/courier.hpp"

#include <caf/test/unit_test.hpp>

#include <algorithm>

using namespace bpci;
using namespace bpci::entity;

namespace {

using namespace std::chrono_literals;
using slots::slot_no;

effect_row row(std::uint64_t no, std::string from, std::uint16_t slot = 1) {
  effect_row out;
  out.no = no;
  out.slot = slot_no{slot};
  out.from = {"counter", std::move(from)};
  out.to = {"counter", "sink"};
  out.key = "key-" + std::to_string(no);
  return out;
}

struct fixture {
  courier core{courier_limits{.in_flight = 3, .lane_rows = 4, .attempts_max = 4}};
  courier::instant now{courier::instant{} + 1h};
  std::vector<slot_no> owned{slot_no{1}, slot_no{2}};

  void give(std::vector<effect_row> rows, bool full = false) {
    core.wake(slot_no{1});
    auto what = core.next_errand(owned);
    core.errand_done(what, std::move(rows), full);
  }
  std::vector<std::uint64_t> sent() {
    std::vector<std::uint64_t> out;
    for (const auto& x : core.to_send(now))
      out.push_back(x.no);
    return out;
  }
  void ok(std::uint64_t no) { core.answered(no, response{}, now, 0); }
  void refuse(std::uint64_t no, ec code) { core.answered(no, fail(code), now, 0); }
};

using numbers = std::vector<std::uint64_t>;

} // namespace

CAF_TEST_FIXTURE_SCOPE(courier_tests, fixture)

CAF_TEST(effects of one source go one after the other and those of others beside them) {
  give({row(1, "a"), row(2, "a"), row(3, "b")});
  CAF_CHECK(sent() == (numbers{1, 3}));
  CAF_CHECK(sent().empty());
  ok(1);
  CAF_CHECK(sent() == (numbers{2}));
}

CAF_TEST(so many sources at the same time) {
  give({row(1, "a"), row(2, "b"), row(3, "c"), row(4, "d")});
  CAF_CHECK_EQUAL(sent().size(), 3u);
  ok(1);
  CAF_CHECK(sent() == (numbers{4}));
}

CAF_TEST(what has arrived is deleted and not sent again when it is read in between) {
  give({row(1, "a")});
  sent();
  ok(1);
  auto what = core.next_errand(owned);
  CAF_CHECK(what.done == (numbers{1}));
  core.errand_failed(what);
  give({row(1, "a")});
  CAF_CHECK(sent().empty());
  CAF_CHECK_EQUAL(core.held(), 0u);
}

CAF_TEST(one errand at a time) {
  core.wake(slot_no{1});
  auto first = core.next_errand(owned);
  CAF_CHECK(core.busy());
  CAF_CHECK_EQUAL(first.read.size(), 1u);
  core.errand_done(first, {}, false);
  core.next_errand(owned);
  CAF_CHECK(!core.busy());
}

CAF_TEST(a target that is away is tried for ever and its source waits) {
  give({row(1, "a"), row(2, "a")});
  for (auto i = 0; i < 50; ++i) {
    CAF_CHECK(sent() == (numbers{1}));
    refuse(1, ec::unavailable);
    CAF_CHECK(sent().empty());
    now += 40s;
  }
  auto what = core.next_errand(owned);
  CAF_CHECK(std::ranges::none_of(what.setbacks, &setback::set_aside));
  CAF_CHECK_EQUAL(what.setbacks.back().attempts, 50u);
}

CAF_TEST(pauses grow to half a minute) {
  give({row(1, "a")});
  for (auto i = 0; i < 12; ++i) {
    sent();
    refuse(1, ec::retry_after);
    now += 40s;
  }
  auto what = core.next_errand(owned);
  CAF_CHECK(what.setbacks.front().pause < 121ms);
  CAF_CHECK(what.setbacks.back().pause >= 24s);
  CAF_CHECK(what.setbacks.back().pause <= 36s);
}

CAF_TEST(an effect that is refused for good is set aside and the next goes on) {
  give({row(1, "a"), row(2, "a")});
  sent();
  refuse(1, ec::unsupported);
  CAF_CHECK(sent() == (numbers{2}));
  auto what = core.next_errand(owned);
  CAF_REQUIRE_EQUAL(what.setbacks.size(), 1u);
  CAF_CHECK(what.setbacks[0].set_aside);
  CAF_CHECK(what.done.empty());
}

CAF_TEST(an effect that is refused too often is set aside) {
  give({row(1, "a"), row(2, "a")});
  for (auto i = 0; i < 4; ++i) {
    CAF_CHECK(sent() == (numbers{1}));
    refuse(1, ec::restarted);
    now += i < 3 ? 40s : 0s;
  }
  give({row(2, "a")}); // was not held meanwhile
  CAF_CHECK(sent() == (numbers{2}));
}

CAF_TEST(a source that gets nowhere holds one row and is not read until it is through) {
  give({row(1, "a"), row(2, "a"), row(3, "a"), row(4, "b")});
  sent();
  refuse(1, ec::unavailable);
  CAF_CHECK_EQUAL(core.held(), 2u);
  core.wake(slot_no{1});
  auto what = core.next_errand(owned);
  CAF_CHECK(what.held == (numbers{1, 4}));
  CAF_CHECK(what.without == (std::vector<entity_ref>{{"counter", "a"}}));
  core.errand_done(what, {row(5, "c")}, false);
  now += 40s;
  CAF_CHECK(sent() == (numbers{1, 5}));
  ok(1);
  what = core.next_errand(owned);
  CAF_CHECK_EQUAL(what.read.size(), 1u);
  CAF_CHECK(what.without.empty());
  core.errand_done(what, {row(2, "a"), row(3, "a")}, false);
  CAF_CHECK(sent() == (numbers{2}));
}

CAF_TEST(a source with many rows is read on when half of those that are held have gone) {
  give({row(1, "a"), row(2, "a"), row(3, "a"), row(4, "a")});
  core.wake(slot_no{1});
  auto what = core.next_errand(owned);
  CAF_CHECK_EQUAL(what.without.size(), 1u);
  core.errand_done(what, {}, false);
  for (std::uint64_t no : {1, 2}) {
    CAF_CHECK(sent() == numbers{no});
    CAF_CHECK(core.next_errand(owned).read.empty());
    core.errand_done({}, {}, false);
    ok(no);
  }
  CAF_CHECK_EQUAL(core.next_errand(owned).read.size(), 1u);
}

CAF_TEST(rows of a slot that was lost are left to its new owner) {
  give({row(1, "a"), row(2, "b", 2)});
  owned = {slot_no{1}};
  core.next_errand(owned);
  CAF_CHECK(sent() == (numbers{1}));
}

CAF_TEST(a slot with more rows than were read is read again when a source is through) {
  give({row(1, "a")}, true);
  sent();
  ok(1);
  auto what = core.next_errand(owned);
  CAF_CHECK_EQUAL(what.read.size(), 1u);
}

CAF_TEST_FIXTURE_SCOPE_END()
