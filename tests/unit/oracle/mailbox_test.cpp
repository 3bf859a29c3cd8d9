#define CAF_SUITE oracle_mailbox

#include "actors/oracle/mailbox.hpp"
#include "tests/unit/oracle/entity_bench.hpp"
#include "tests/unit/oracle/helpers.hpp"

#include <caf/test/unit_test.hpp>

/// The kind `mailbox`: what is stored for bob until he has acknowledged it.
namespace bpci::oracle::mailbox {

namespace {

using namespace testing;

constexpr auto day_ms = std::int64_t{24 * 60 * 60 * 1'000};

struct box : entity_bench {
  box() : entity_bench(make_kind(), "bob") {}

  bounds within{.letters = 3, .bytes = 10'000, .age_ms = 30 * day_ms};

  result<kept> put(const std::string& id, std::size_t size = 4, timestamp_ms at = {}) {
    auto x = *note(id, {"bob"});
    x.delivery = delivery_mode::stored;
    x.body.assign(size, 'x');
    return tell<kept>(store{std::move(x), bytes(32, 7), within}, at);
  }

  result<kept> drop(std::vector<std::uint64_t> numbers) {
    return tell<kept>(remove{std::move(numbers)});
  }

  result<kept> fire(timestamp_ms at) {
    timers.erase(age_timer);
    return tell<kept>(entity::timer_fired{age_timer, at, 1, 0}, at);
  }

  /// "1:x 2:y", and a "+" when there is more.
  std::string seen(std::uint64_t after = 0, std::uint64_t limit = 10) {
    auto got = ask<page>(peek{after, limit}).value();
    std::string out;
    for (const auto& one : got.letters)
      out += std::to_string(one.number) + ":" + one.envelope.id.get() + " ";
    return out + (got.more ? "+" : "");
  }

  kept inside() { return ask<page>(peek{}).value().inside; }

  std::uint64_t left_after(std::vector<std::uint64_t> numbers) {
    return drop(std::move(numbers)).value().letters;
  }

  std::uint64_t left_at(timestamp_ms at) { return fire(at).value().letters; }

  timestamp_ms due() { return timers.at(age_timer).value(); }
};

ec code_of(const auto& x) {
  return x ? ec::none : x.error().code;
}

} // namespace

CAF_TEST(letters are read in the order in which they were stored) {
  box at;
  for (const auto* id : {"x", "y", "z"})
    CAF_REQUIRE_EQUAL(code_of(at.put(id)), ec::none);
  CAF_CHECK_EQUAL(at.seen(), "1:x 2:y 3:z ");
  CAF_CHECK_EQUAL(at.seen(0, 2), "1:x 2:y +");
  CAF_CHECK_EQUAL(at.seen(2, 2), "3:z ");
  CAF_CHECK_EQUAL(at.seen(3), "");
}

CAF_TEST(a letter is what its source has signed and under which key) {
  box at;
  at.put("x");
  auto got = at.ask<page>(peek{0, 1}).value();
  CAF_REQUIRE_EQUAL(got.letters.size(), 1u);
  auto expected = *note("x", {"bob"});
  expected.delivery = delivery_mode::stored;
  expected.body.assign(4, 'x');
  CAF_CHECK(got.letters.front().envelope == expected);
  auto key = bytes(32, 7);
  CAF_CHECK(got.letters.front().source_key == key);
}

CAF_TEST(a full mailbox refuses and takes again when something was removed) {
  box at;
  for (const auto* id : {"x", "y", "z"})
    at.put(id);
  CAF_CHECK_EQUAL(code_of(at.put("w")), ec::busy);
  CAF_CHECK_EQUAL(at.left_after({2}), 2u);
  CAF_CHECK_EQUAL(code_of(at.put("w")), ec::none);
  CAF_CHECK_EQUAL(at.seen(), "1:x 3:z 4:w ");
}

CAF_TEST(the bytes of a mailbox are bounded too but one letter always fits) {
  box at;
  CAF_CHECK_EQUAL(code_of(at.put("x", 20'000)), ec::none);
  CAF_CHECK_EQUAL(code_of(at.put("y")), ec::busy);
  at.drop({1});
  CAF_CHECK_EQUAL(code_of(at.put("y")), ec::none);
  CAF_CHECK_EQUAL(code_of(at.put("z")), ec::none);
}

CAF_TEST(to remove twice or what was never there changes nothing) {
  box at;
  at.put("x");
  at.put("y");
  at.drop({1});
  auto left = at.inside();
  CAF_CHECK_EQUAL(left.letters, 1u);
  CAF_CHECK(at.drop({1, 7}).value() == left);
  at.drop({2});
  CAF_CHECK(at.inside() == kept{});
  CAF_CHECK(at.items.empty());
}

CAF_TEST(to remove and to age reads no bodies) {
  box at;
  at.put("x", 5'000);
  at.drop({1});
  CAF_CHECK(at.bytes_read > 0);
  CAF_CHECK(at.bytes_read < 100);
  at.put("y", 5'000);
  at.fire(timestamp_ms{1});
  CAF_CHECK(at.bytes_read < 100);
}

CAF_TEST(a page of big letters is cut and says that there is more) {
  box at;
  at.within = {.letters = 10, .bytes = 100'000'000, .age_ms = 1'000};
  for (const auto* id : {"x", "y", "z"})
    at.put(id, 1'200'000);
  CAF_CHECK_EQUAL(at.seen(), "1:x +");
  at.put("huge", 5'000'000);
  CAF_CHECK_EQUAL(at.seen(3), "4:huge ");
}

CAF_TEST(what is too old is dropped by the timer and the rest stays) {
  box at;
  at.put("x", 4, timestamp_ms{0});
  at.put("y", 4, timestamp_ms{0});
  at.put("z", 4, timestamp_ms{5 * day_ms});
  CAF_CHECK_EQUAL(at.due(), timestamp_ms{31 * day_ms});
  CAF_CHECK_EQUAL(at.left_at(timestamp_ms{31 * day_ms}), 1u);
  CAF_CHECK_EQUAL(at.seen(), "3:z ");
  CAF_CHECK_EQUAL(at.due(), timestamp_ms{36 * day_ms});
  CAF_CHECK_EQUAL(at.left_at(timestamp_ms{36 * day_ms}), 0u);
  CAF_CHECK(!at.timers.contains(age_timer));
  CAF_CHECK(at.items.empty());
}

CAF_TEST(the timer is set once and again only when it has fired) {
  box at;
  at.put("x", 4, timestamp_ms{0});
  at.timers.clear();
  at.drop({1});
  at.put("y", 4, timestamp_ms{2 * day_ms});
  CAF_CHECK(at.timers.empty());
  at.fire(timestamp_ms{31 * day_ms});
  CAF_CHECK_EQUAL(at.due(), timestamp_ms{33 * day_ms});
}

CAF_TEST(more than fit into one reading are dropped in turns) {
  box at;
  at.within = {.letters = 10'000, .bytes = 100'000'000, .age_ms = 1'000};
  for (auto n = std::uint64_t{0}; n <= labels_max; ++n)
    at.put(numbered('x', n));
  CAF_CHECK_EQUAL(at.left_at(timestamp_ms{10'000}), 1u);
  CAF_CHECK_EQUAL(at.due(), timestamp_ms{10'000});
  CAF_CHECK_EQUAL(at.left_at(timestamp_ms{10'000}), 0u);
}

CAF_TEST(a mailbox that was put away goes on with its numbers) {
  box at;
  at.put("x");
  at.drop({1});
  at.load(make_kind(), at.stored());
  at.put("y");
  CAF_CHECK_EQUAL(at.seen(), "2:y ");
}

} // namespace bpci::oracle::mailbox
