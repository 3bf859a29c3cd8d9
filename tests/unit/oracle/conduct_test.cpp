#define CAF_SUITE oracle_conduct

#include "actors/oracle/conduct.hpp"
#include "tests/unit/oracle/helpers.hpp"

#include <caf/test/unit_test.hpp>

/// When a BPI node has broken the rules too often, and for how long it is isolated then.
namespace bpci::oracle {

namespace {

using namespace testing;

constexpr auto rules = conduct_rules{.threshold = 100, .period = 60s, .base = 60s, .max = 600s};

instant after(std::chrono::milliseconds time) {
  return at(time).steady;
}

/// Which one of many was one too many; 0: none.
int notes_until_caught(conduct& uut, ec code, std::chrono::milliseconds every, int most = 1'000) {
  for (auto i = 1; i <= most; ++i)
    if (uut.note(code, after(i * every))) return i;
  return 0;
}

} // namespace

CAF_TEST(what happens to honest nodes weighs nothing) {
  for (auto code : {ec::none, ec::too_old, ec::busy, ec::rate_limited, ec::too_large, ec::conflict,
                    ec::quarantined, ec::unknown_target}) {
    conduct uut{rules};
    CAF_CHECK_EQUAL(notes_until_caught(uut, code, 0ms), 0);
  }
}

CAF_TEST(the heavier the fault the fewer are forgiven) {
  for (auto [code, most] : {std::pair{ec::bad_signature, 5},
                            {ec::wrong_source, 5},
                            {ec::malformed, 20},
                            {ec::replayed, 50},
                            {ec::from_the_future, 50},
                            {ec::invalid_argument, 100}}) {
    conduct uut{rules};
    CAF_CHECK_EQUAL(notes_until_caught(uut, code, 0ms), most);
  }
}

CAF_TEST(what is far enough apart is forgotten) {
  conduct seldom{rules};
  CAF_CHECK_EQUAL(notes_until_caught(seldom, ec::bad_signature, 12s), 0);
  conduct often{rules};
  CAF_CHECK(notes_until_caught(often, ec::bad_signature, 9s) > 5);
}

CAF_TEST(the score falls with time and begins anew when it was too high) {
  conduct uut{rules};
  CAF_CHECK_EQUAL(uut.score(after(0ms)), 0u);
  for (auto i = 0; i < 4; ++i)
    CAF_CHECK(!uut.note(ec::bad_signature, after(0ms)));
  CAF_CHECK_EQUAL(uut.score(after(0ms)), 80u);
  CAF_CHECK_EQUAL(uut.score(after(30s)), 30u);
  CAF_CHECK_EQUAL(uut.score(after(60s)), 0u);
  CAF_CHECK(uut.note(ec::bad_signature, after(0ms)));
  CAF_CHECK_EQUAL(uut.score(after(0ms)), 0u);
}

CAF_TEST(without a threshold nobody is caught) {
  conduct uut{{.threshold = 0}};
  CAF_CHECK_EQUAL(notes_until_caught(uut, ec::bad_signature, 0ms), 0);
  CAF_CHECK_EQUAL(uut.score(after(0ms)), 0u);
}

CAF_TEST(one fault is enough where the threshold is low) {
  conduct uut{{.threshold = 1, .period = 1s}};
  CAF_CHECK_EQUAL(notes_until_caught(uut, ec::bad_signature, 0ms), 1);
}

CAF_TEST(each isolation lasts twice as long as the one before up to the longest) {
  std::string lasts;
  for (std::uint64_t before = 0; before < 6; ++before)
    lasts += std::to_string(isolation_of(60s, 600s, before) / 1s) + " ";
  CAF_CHECK_EQUAL(lasts, "60 120 240 480 600 600 ");
  CAF_CHECK_EQUAL(isolation_of(60s, 600s, ~std::uint64_t{0}), 600s);
  CAF_CHECK_EQUAL(isolation_of(90s, 60s, 0), 60s);
  CAF_CHECK_EQUAL(isolation_of(0s, 60s, 3), 0s);
}

// -- as LINK notes it ---------------------------------------------------------------------

CAF_TEST(a link accuses a node whose signatures are wrong again and again) {
  link_bench alice{small_limits, 10, rules};
  for (std::uint64_t i = 1; i < 5; ++i) {
    auto forged = sign(alice.letter(numbered('m', i), i), keys_of(2));
    CAF_CHECK_EQUAL(alice.take_as_is(forged), "refuse " + numbered('m', i) + " bad_signature");
  }
  auto last = sign(alice.letter("m5", 5), keys_of(2));
  CAF_CHECK_EQUAL(alice.take_as_is(last), "refuse m5 bad_signature; accuse bad_signature");
  CAF_CHECK_EQUAL(alice.take_as_is(last), "refuse m5 bad_signature");
}

CAF_TEST(a reconnect does not wash a node clean) {
  link_bench alice{small_limits, 10, rules};
  auto other = alice.letter("m1", 1);
  other.source = node_id{"bob"};
  for (auto i = 0; i < 4; ++i)
    alice.take_signed(other);
  alice.uut.attach(alice.keys.pub, 0);
  CAF_CHECK_EQUAL(alice.take_signed(other), "refuse m1 wrong_source; accuse wrong_source");
  alice.uut.attach(alice.keys.pub, 0);
  CAF_CHECK_EQUAL(alice.take_signed(other), "refuse m1 wrong_source");
  CAF_CHECK_EQUAL(alice.uut.score(alice.now.steady), 20u);
}

CAF_TEST(frames that mean nothing and frames that are not for a link count too) {
  link_bench alice{small_limits, 10, {.threshold = 10, .period = 60s}};
  CAF_CHECK_EQUAL(alice.garbage(), "refuse ? malformed");
  CAF_CHECK_EQUAL(alice.take(peer{}), "refuse ? unsupported; accuse unsupported");
}

CAF_TEST(a node that keeps the rules is never accused) {
  link_bench alice{small_limits, 10, {.threshold = 1, .period = 60s}};
  for (std::uint64_t i = 1; i <= 20; ++i)
    CAF_CHECK(alice.take_letter(numbered('m', i), i).find("accuse") == std::string::npos);
}

} // namespace bpci::oracle
