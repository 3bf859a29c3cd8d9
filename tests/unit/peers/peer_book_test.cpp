#define CAF_SUITE peer_book

#include "actors/peers/peer_book.hpp"

#include <caf/test/unit_test.hpp>

#include <algorithm>

using namespace bpci;
using namespace bpci::peers;
using namespace std::chrono_literals;

namespace {

address named(std::uint8_t who) {
  address out{};
  out.back() = who;
  return out;
}

const auto self = named(50);
const auto ada = named(1);
const auto bob = named(60);
const auto eve = named(99);

const auto broke = failure{ec::unavailable, "the connection broke"};
const auto elsewhere = failure{ec::not_owner, "h:1"};

/// No jitter.
constexpr std::uint64_t flat = 0;

struct fixture {
  peer_book uut{self, {{ada, {"ws://a1", "ws://a2"}}, {bob, {"ws://b1"}}}};
  instant now = instant{} + 1h;

  /// "1 ws://a1; 60 ws://b1"
  std::string dialled() {
    std::string out;
    for (const auto& x : uut.due(now, [](const address&) { return true; }))
      out += (out.empty() ? "" : "; ") + std::to_string(x.who.back()) + " " + x.url;
    return out;
  }

  /// bob is out of the way.
  void link_bob() {
    static_cast<void>(dialled());
    uut.opened(bob, true, now, timestamp_ms{1});
    uut.failed(ada, broke, now, flat);
  }

  std::string after(milliseconds time) {
    now += time;
    return dialled();
  }

  std::string verdict(const address& who) {
    auto got = uut.admit(who, now);
    return std::string{name(got ? ec::none : got.error().code)};
  }

  chain::peer_status line(const address& who) {
    const auto all = uut.list();
    const auto found = std::ranges::find(all, who, &chain::peer_status::who);
    return found == all.end() ? chain::peer_status{} : *found;
  }

  void misbehave(const address& who, int times) {
    for (auto i = 0; i < times; ++i)
      CAF_CHECK(!uut.misbehaved(who, "a bad signature", now));
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(peer_book_tests, fixture)

CAF_TEST(everybody who is configured is dialled at once and only once) {
  CAF_CHECK_EQUAL(dialled(), "1 ws://a1; 60 ws://b1");
  CAF_CHECK_EQUAL(after(1h), "");
}

CAF_TEST(nobody dials himself) {
  auto book = peer_book{self, {{self, {"ws://me"}}}};
  CAF_CHECK(book.due(now, [](const address&) { return true; }).empty());
  CAF_CHECK(book.configured().empty());
}

CAF_TEST(who cannot be dialled yet is dialled later) {
  CAF_CHECK(uut.due(now, [](const address& who) { return who == bob; }).size() == 1);
  CAF_CHECK_EQUAL(dialled(), "1 ws://a1");
}

CAF_TEST(the pause doubles with each failure up to the longest) {
  link_bob();
  CAF_CHECK_EQUAL(after(249ms), "");
  CAF_CHECK_EQUAL(after(1ms), "1 ws://a2");
  for (auto pause : {500ms, 1'000ms, 2'000ms, 4'000ms, 8'000ms, 15'000ms, 15'000ms}) {
    uut.failed(ada, broke, now, flat);
    CAF_CHECK_EQUAL(after(pause - 1ms), "");
    CAF_CHECK(!after(1ms).empty());
  }
}

CAF_TEST(jitter makes a pause shorter and never longer) {
  link_bob();
  static_cast<void>(after(1h));
  uut.failed(ada, broke, now, 125);
  CAF_CHECK_EQUAL(after(374ms), "");
  CAF_CHECK_EQUAL(after(1ms), "1 ws://a1");
}

CAF_TEST(a member that does not hold the chain sends us to the next one at once) {
  CAF_CHECK_EQUAL(dialled(), "1 ws://a1; 60 ws://b1");
  uut.failed(ada, elsewhere, now, flat);
  CAF_CHECK_EQUAL(dialled(), "1 ws://a2");
}

CAF_TEST(a cluster none of whose members holds the chain is left in peace) {
  static_cast<void>(dialled());
  uut.failed(ada, elsewhere, now, flat);
  static_cast<void>(dialled());
  uut.failed(ada, elsewhere, now, flat);
  CAF_CHECK_EQUAL(after(249ms), "");
  CAF_CHECK_EQUAL(after(1ms), "1 ws://a1");
}

CAF_TEST(who is linked is not dialled and who was lost is dialled again) {
  static_cast<void>(dialled());
  uut.opened(ada, true, now, timestamp_ms{7});
  CAF_CHECK_EQUAL(after(1h), "");
  uut.closed(ada, broke, now, flat);
  CAF_CHECK_EQUAL(after(250ms), "1 ws://a1");
}

CAF_TEST(a link that lasted makes the pause short again and one that did not does not ) {
  link_bob();
  for (auto i = 0; i < 5; ++i) {
    static_cast<void>(after(1h));
    uut.failed(ada, broke, now, flat);
  }
  static_cast<void>(after(1h));
  uut.opened(ada, true, now, timestamp_ms{7});
  now += 9'999ms;
  uut.closed(ada, broke, now, flat);
  CAF_CHECK_EQUAL(after(14'999ms), "");
  CAF_CHECK(!after(1ms).empty());
  uut.opened(ada, true, now, timestamp_ms{7});
  now += 10s;
  uut.closed(ada, broke, now, flat);
  CAF_CHECK(!after(250ms).empty());
}

CAF_TEST(a dial that was not wanted any more is no failure) {
  static_cast<void>(dialled());
  uut.opened(ada, false, now, timestamp_ms{7});
  uut.failed(ada, {ec::superseded, {}}, now, flat);
  CAF_CHECK(line(ada).linked);
  CAF_CHECK(!line(ada).dialled_by_us);
  CAF_CHECK_EQUAL(line(ada).last_error, "");
  uut.closed(ada, broke, now, flat);
  CAF_CHECK_EQUAL(after(250ms), "1 ws://a1");
}

CAF_TEST(of two links both sides keep the one that the smaller address dialled) {
  for (auto first_by_ada : {true, false}) {
    auto stays_at_ada = newer_link_stays(ada, bob, first_by_ada, !first_by_ada);
    auto stays_at_bob = newer_link_stays(bob, ada, !first_by_ada, first_by_ada);
    CAF_CHECK_EQUAL(stays_at_ada, stays_at_bob);
    CAF_CHECK_EQUAL(stays_at_ada, !first_by_ada);
  }
}

CAF_TEST(of two links that the same side dialled the newer stays) {
  CAF_CHECK(newer_link_stays(ada, bob, true, true));
  CAF_CHECK(newer_link_stays(ada, bob, false, false));
}

CAF_TEST(validators and those who are configured are always let in and strangers up to a bound) {
  auto rules = book_rules{};
  rules.strangers_max = 2;
  uut = peer_book{self, {{ada, {"ws://a1"}}}, rules};
  CAF_CHECK_EQUAL(verdict(eve), "none");
  CAF_CHECK_EQUAL(verdict(named(98)), "none");
  CAF_CHECK_EQUAL(verdict(named(97)), "busy");
  CAF_CHECK_EQUAL(verdict(eve), "none");
  CAF_CHECK_EQUAL(verdict(ada), "none");
  uut.validators_are({named(97)});
  CAF_CHECK_EQUAL(verdict(named(97)), "none");
  CAF_CHECK_EQUAL(verdict(self), "not_permitted");
}

CAF_TEST(a stranger that does not open its link in time is forgotten) {
  static_cast<void>(verdict(eve));
  now += 14'999ms;
  CAF_CHECK(uut.forget(now).empty());
  now += 1ms;
  CAF_CHECK(uut.forget(now) == std::vector{eve});
  CAF_CHECK(uut.forget(now).empty());
  CAF_CHECK_EQUAL(uut.list().size(), 2u);
}

CAF_TEST(a stranger is remembered while it is linked) {
  static_cast<void>(verdict(eve));
  uut.opened(eve, false, now, timestamp_ms{7});
  now += 1h;
  CAF_CHECK(uut.forget(now).empty());
  uut.closed(eve, broke, now, flat);
  CAF_CHECK(uut.forget(now) == std::vector{eve});
}

CAF_TEST(who misbehaves often is shut out and for longer each time) {
  link_bob();
  for (auto penalty : {30s, 60s, 120s}) {
    misbehave(bob, 7);
    CAF_CHECK(uut.misbehaved(bob, "a bad signature", now));
    uut.closed(bob, {ec::rate_limited, {}}, now, flat);
    uut.failed(ada, broke, now, flat);
    now += penalty - 1s;
    CAF_CHECK_EQUAL(verdict(bob), "rate_limited");
    CAF_CHECK(dialled().find("60") == std::string::npos);
    now += 1s;
    CAF_CHECK_EQUAL(verdict(bob), "none");
    CAF_CHECK(dialled().find("60 ws://b1") != std::string::npos);
    uut.opened(bob, true, now, timestamp_ms{7});
  }
  CAF_CHECK_EQUAL(line(bob).misbehaved, 24u);
}

CAF_TEST(what happens rarely is forgiven) {
  for (auto i = 0; i < 100; ++i) {
    misbehave(bob, 1);
    now += 30s;
  }
}

CAF_TEST(a stranger that was shut out does not come back as a new one) {
  static_cast<void>(verdict(eve));
  misbehave(eve, 7);
  CAF_CHECK(uut.misbehaved(eve, "noise", now));
  now += 20s;
  CAF_CHECK(uut.forget(now).empty());
  CAF_CHECK_EQUAL(verdict(eve), "rate_limited");
}

CAF_TEST(the list says how it stands with everybody) {
  static_cast<void>(dialled());
  uut.opened(bob, true, now, timestamp_ms{7});
  uut.stands_at(bob, {height{12}, {}});
  uut.failed(ada, broke, now, flat);
  auto all = uut.list();
  CAF_REQUIRE_EQUAL(all.size(), 2u);
  CAF_CHECK(all[0].who == ada);
  CAF_CHECK(!all[0].linked);
  CAF_CHECK(all[0].last_error.starts_with("unavailable: "));
  CAF_CHECK(all[1].linked && all[1].dialled_by_us);
  CAF_CHECK_EQUAL(all[1].at.get(), 12u);
  CAF_CHECK_EQUAL(all[1].since.get(), 7);
}

CAF_TEST_FIXTURE_SCOPE_END()
