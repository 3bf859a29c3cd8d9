#define CAF_SUITE chain_tenure

#include "actors/chain/tenure.hpp"

#include <caf/test/unit_test.hpp>

using namespace bpci;
using namespace bpci::chain;
using namespace std::chrono_literals;

namespace {

hold under(std::uint64_t epoch) {
  return {slots::slot_no{7}, slots::epoch_no{epoch}, incarnation{1}};
}

struct fixture {
  tenure uut;
  tenure_effects out;
  tenure::instant now = tenure::instant{} + 1h;

  /// "start 1; stop"
  std::string said() {
    std::string text;
    for (const auto& x : std::exchange(out, {})) {
      const auto* start = std::get_if<start_live>(&x);
      text += (text.empty() ? "" : "; ")
              + (start ? "start " + std::to_string(start->under.epoch.get()) : "stop");
    }
    return text;
  }

  void begin() {
    uut.begin(out);
    uut.stopped(out);
    said();
  }

  std::string tick(std::chrono::milliseconds time) {
    now += time;
    uut.tick(now, out);
    return said();
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(chain_tenure_tests, fixture)

CAF_TEST(what a former life may have left is stopped before anything is started) {
  uut.begin(out);
  uut.is_to_be(under(1), out);
  CAF_CHECK_EQUAL(said(), "stop");
  uut.stopped(out);
  CAF_CHECK_EQUAL(said(), "start 1");
}

CAF_TEST(the chain runs while the slot is owned) {
  begin();
  uut.is_to_be(under(1), out);
  CAF_CHECK_EQUAL(said(), "start 1");
  uut.started(out);
  uut.is_to_be(under(1), out);
  CAF_CHECK_EQUAL(said(), "");
  uut.is_to_be(std::nullopt, out);
  CAF_CHECK_EQUAL(said(), "stop");
  CAF_CHECK(!uut.is_held());
  uut.stopped(out);
  CAF_CHECK_EQUAL(said(), "");
}

CAF_TEST(a new epoch starts it anew) {
  begin();
  uut.is_to_be(under(1), out);
  uut.started(out);
  said();
  uut.is_to_be(under(2), out);
  CAF_CHECK_EQUAL(said(), "stop");
  uut.is_to_be(under(3), out);
  uut.stopped(out);
  CAF_CHECK_EQUAL(said(), "start 3");
}

CAF_TEST(a slot that is lost while the chain starts stops it when it has started) {
  begin();
  uut.is_to_be(under(1), out);
  said();
  uut.is_to_be(std::nullopt, out);
  CAF_CHECK_EQUAL(said(), "");
  uut.started(out);
  CAF_CHECK_EQUAL(said(), "stop");
}

CAF_TEST(a start that failed is cleared away and tried again later and later) {
  begin();
  uut.is_to_be(under(1), out);
  said();
  for (auto pause : {200ms, 400ms, 800ms, 1'600ms, 3'200ms, 5'000ms, 5'000ms}) {
    uut.failed(now);
    CAF_CHECK_EQUAL(tick(pause - 1ms), "");
    CAF_CHECK_EQUAL(tick(1ms), "stop");
  }
  uut.stopped(out);
  CAF_CHECK_EQUAL(said(), "start 1");
  uut.failed(now);
  CAF_CHECK_EQUAL(tick(200ms), "stop");
}

CAF_TEST(what is wanted while a failure waits is done behind it) {
  begin();
  uut.is_to_be(under(1), out);
  said();
  uut.failed(now);
  uut.is_to_be(under(2), out);
  CAF_CHECK_EQUAL(said(), "");
  CAF_CHECK_EQUAL(tick(200ms), "stop");
  uut.stopped(out);
  CAF_CHECK_EQUAL(said(), "start 2");
}

CAF_TEST_FIXTURE_SCOPE_END()
