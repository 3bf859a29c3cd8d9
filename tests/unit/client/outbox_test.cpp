#define CAF_SUITE client_outbox

#include "gateways/clients/cpp/dedupe_window.hpp"
#include "gateways/clients/cpp/outbox.hpp"

#include <caf/test/unit_test.hpp>

using namespace bpci;
using namespace bpci::client;
using namespace std::chrono_literals;

namespace {

constexpr auto start_wall = std::int64_t{1'800'000'000'000};

struct fixture {
  outbox box{{node_id{"me"}, 1'000, {100ms, 5'000ms}}};
  moment now{timestamp_ms{start_wall}, outbox::instant{} + 1h};
  std::vector<report> told;
  oracle::limits limits{1'000'000, 3, 8, 300, 1'000'000, 5'000, 30};

  void wait(std::chrono::milliseconds time) {
    now.steady += time;
    now.wall = timestamp_ms{now.wall.get() + time.count()};
  }

  result<void> add(const char* id, std::vector<node_id> to = {node_id{"bob"}},
                   std::chrono::milliseconds deadline = 60s) {
    outgoing x{.targets = std::move(to), .type = "T", .body = {}, .id = message_id{id}};
    return box.add(std::move(x), deadline, now, [this](const report& r) { told.push_back(r); });
  }

  void open(std::uint64_t resume_from = 0) { box.opened(limits, resume_from, now); }

  /// Of the next envelope; 0 if there is none.
  std::uint64_t next_sequence() {
    const auto x = box.next(now);
    return x ? x->sequence : 0;
  }

  /// The ids of all that can be sent now.
  std::vector<std::string> drain() {
    std::vector<std::string> out;
    while (auto x = box.next(now))
      out.push_back(x->id.get());
    return out;
  }

  void tell(const completions& all) {
    for (const auto& x : all)
      x.tell(x.what);
  }

  void receipt(const char* id, const char* target = "bob") {
    tell(box.on_receipt({message_id{id}, node_id{target}}));
  }

  void refuse(const char* id, ec code, std::optional<std::uint64_t> after = {},
              std::optional<node_id> target = {}) {
    oracle::refusal x;
    x.code = name(code);
    x.id = message_id{id};
    x.target = std::move(target);
    x.retry_after_ms = after;
    tell(box.on_refusal(x, now, 0));
  }
};

using ids = std::vector<std::string>;

} // namespace

CAF_TEST_FIXTURE_SCOPE(outbox_tests, fixture)

CAF_TEST(nothing is sent before the handshake) {
  CAF_CHECK(add("a"));
  CAF_CHECK(drain().empty());
  open();
  CAF_CHECK(drain() == ids{"a"});
}

CAF_TEST(no more than the window is under way and messages leave in their order) {
  open();
  for (const auto* id : {"a", "b", "c", "d", "e"})
    CAF_CHECK(add(id));
  CAF_CHECK((drain() == ids{"a", "b", "c"}));
  CAF_CHECK_EQUAL(box.in_flight(), 3u);
  receipt("b");
  CAF_CHECK(drain() == ids{"d"});
  receipt("a");
  receipt("c");
  CAF_CHECK(drain() == ids{"e"});
  CAF_CHECK_EQUAL(told.size(), 3u);
  CAF_CHECK(told[0].delivered());
}

CAF_TEST(what has no answer is sent again after a reconnect with a new sequence) {
  open();
  CAF_CHECK(add("a"));
  CAF_CHECK(add("b"));
  const auto first = box.next(now);
  const auto second = box.next(now);
  receipt("b");
  wait(5s);
  box.closed();
  CAF_CHECK(drain().empty());
  open();
  const auto again = box.next(now);
  CAF_REQUIRE(again);
  CAF_CHECK(again->id == first->id);
  CAF_CHECK(again->sequence > second->sequence);
  CAF_CHECK_EQUAL(again->sent_at.get(), start_wall + 5'000);
  CAF_CHECK(again->body == first->body);
  CAF_CHECK(again->targets == first->targets);
  CAF_CHECK(!box.next(now));
}

CAF_TEST(a stored message is safe with its first receipt and a live one says nothing of it) {
  open();
  outgoing x{
      .targets = {node_id{"bob"}, node_id{"eve"}}, .type = "T", .body = {}, .id = message_id{"a"}};
  x.delivery = oracle::delivery_mode::stored;
  CAF_CHECK(box.add(x, 60s, now, [this](const report& r) { told.push_back(r); }));
  CAF_CHECK(add("b"));
  const auto stored = box.next(now);
  CAF_CHECK(stored->delivery == oracle::delivery_mode::stored);
  CAF_CHECK(!box.next(now)->delivery);
  tell(box.on_receipt({message_id{"a"}, node_id{"bob"}, true}));
  CAF_CHECK(box.contains(message_id{"a"}));
  receipt("a", "eve");
  CAF_CHECK(!box.contains(message_id{"a"}));
  CAF_REQUIRE_EQUAL(told.size(), 1u);
  CAF_CHECK(told[0].delivered());
  CAF_CHECK(told[0].targets[0].stored);
  CAF_CHECK(!told[0].targets[1].stored);
  receipt("a"); // nobody waits for it
  CAF_CHECK_EQUAL(told.size(), 1u);
}

CAF_TEST(retries after a reconnect come before newer messages) {
  open();
  CAF_CHECK(add("a"));
  CAF_CHECK(add("b"));
  drain();
  CAF_CHECK(add("c"));
  box.closed();
  CAF_CHECK(add("d"));
  open();
  CAF_CHECK((drain() == ids{"a", "b", "c"}));
}

CAF_TEST(sequences begin above the clock and above what the server has seen) {
  open(7);
  CAF_CHECK(add("a"));
  CAF_CHECK_EQUAL(next_sequence(), static_cast<std::uint64_t>(start_wall) + 1);
  box.closed();
  open(static_cast<std::uint64_t>(start_wall) + 500);
  CAF_CHECK_EQUAL(next_sequence(), static_cast<std::uint64_t>(start_wall) + 501);
  CAF_CHECK_EQUAL(box.last_sequence(), static_cast<std::uint64_t>(start_wall) + 501);
}

CAF_TEST(sequences go on rising when the clock jumps back) {
  open();
  CAF_CHECK(add("a"));
  const auto before = next_sequence();
  box.closed();
  now.wall = timestamp_ms{5};
  open();
  CAF_CHECK_EQUAL(next_sequence(), before + 1);
}

CAF_TEST(a refusal for want of room is waited for as long as the server says) {
  open();
  CAF_CHECK(add("a"));
  CAF_CHECK(add("b"));
  CAF_CHECK_EQUAL(drain().size(), 2u);
  refuse("a", ec::rate_limited, 250);
  CAF_CHECK(add("c"));
  CAF_CHECK(drain().empty()); // the order stays: c waits behind a
  CAF_CHECK(*box.wake(now) - now.steady == 250ms);
  wait(249ms);
  CAF_CHECK(drain().empty());
  wait(1ms);
  CAF_CHECK((drain() == ids{"a", "c"}));
  CAF_CHECK(told.empty());
}

CAF_TEST(without a time from the server the wait doubles) {
  open();
  CAF_CHECK(add("a"));
  for (const auto expected : {50ms, 100ms, 200ms, 400ms}) { // half of it: the luck is 0
    CAF_CHECK(drain() == ids{"a"});
    refuse("a", ec::busy);
    CAF_CHECK(*box.wake(now) - now.steady == expected);
    wait(expected);
  }
}

CAF_TEST(an absurd time from the server does not stop the client for good) {
  open();
  CAF_CHECK(add("a", {node_id{"bob"}}, 1h));
  drain();
  refuse("a", ec::busy, ~std::uint64_t{0});
  CAF_CHECK(*box.wake(now) - now.steady == 60s);
}

CAF_TEST(one target that is busy is asked again when the others have answered) {
  open();
  CAF_CHECK(add("a", {node_id{"bob"}, node_id{"eve"}}));
  CAF_CHECK(drain() == ids{"a"});
  refuse("a", ec::busy, 100, node_id{"bob"});
  wait(100ms);
  CAF_CHECK(drain().empty()); // eve has not answered: the message is still under way
  receipt("a", "eve");
  const auto again = box.next(now);
  CAF_REQUIRE(again);
  CAF_CHECK_EQUAL(again->targets.size(), 2u); // the list is not shortened
  receipt("a", "bob");
  CAF_REQUIRE_EQUAL(told.size(), 1u);
  CAF_CHECK(told[0].delivered());
  CAF_CHECK_EQUAL(box.in_flight(), 0u);
}

CAF_TEST(a message whose target is busy does not hold up the others) {
  open();
  CAF_CHECK(add("a"));
  drain();
  refuse("a", ec::busy, 100, node_id{"bob"});
  CAF_CHECK(add("b", {node_id{"eve"}}));
  CAF_CHECK(drain() == ids{"b"});
}

CAF_TEST(a final refusal of one target is kept beside the receipt of another) {
  open();
  CAF_CHECK(add("a", {node_id{"bob"}, node_id{"eve"}}));
  drain();
  refuse("a", ec::unknown_target, {}, node_id{"bob"});
  CAF_CHECK(told.empty());
  receipt("a", "eve");
  CAF_REQUIRE_EQUAL(told.size(), 1u);
  CAF_CHECK(told[0].targets[0].why.code == ec::unknown_target);
  CAF_CHECK(told[0].targets[1].why.code == ec::none);
  CAF_CHECK(!told[0].delivered());
}

CAF_TEST(a final refusal of the whole message ends it for every target) {
  open();
  CAF_CHECK(add("a", {node_id{"bob"}, node_id{"eve"}}));
  drain();
  refuse("a", ec::too_old);
  CAF_REQUIRE_EQUAL(told.size(), 1u);
  for (const auto& x : told[0].targets)
    CAF_CHECK(x.why.code == ec::too_old);
  CAF_CHECK_EQUAL(box.size(), 0u);
}

CAF_TEST(an answer to the first transmission counts while the second one waits) {
  open();
  CAF_CHECK(add("a"));
  drain();
  box.closed();
  open();
  receipt("a");
  CAF_CHECK_EQUAL(told.size(), 1u);
  CAF_CHECK(drain().empty());
  receipt("a"); // twice is harmless
  CAF_CHECK_EQUAL(told.size(), 1u);
}

CAF_TEST(a late refusal of one target does not disturb the retry) {
  open();
  CAF_CHECK(add("a"));
  drain();
  refuse("a", ec::restarted, 50);
  refuse("a", ec::busy, 5'000, node_id{"bob"});
  wait(50ms);
  CAF_CHECK(drain() == ids{"a"});
}

CAF_TEST(a message ends at its deadline wherever it is) {
  CAF_CHECK(add("a", {node_id{"bob"}}, 100ms));
  open();
  drain();
  CAF_CHECK(add("b", {node_id{"bob"}}, 50ms));
  CAF_CHECK(*box.wake(now) <= now.steady + 50ms);
  wait(50ms);
  tell(box.expire(now));
  CAF_REQUIRE_EQUAL(told.size(), 1u);
  CAF_CHECK_EQUAL(told[0].id.get(), "b");
  wait(50ms);
  tell(box.expire(now));
  CAF_REQUIRE_EQUAL(told.size(), 2u);
  CAF_CHECK(told[1].targets[0].why.code == ec::timeout);
  CAF_CHECK_EQUAL(box.size(), 0u);
  CAF_CHECK_EQUAL(box.in_flight(), 0u);
  CAF_CHECK(!box.wake(now));
}

CAF_TEST(the queue has a bound and an id is under way only once) {
  outbox small{{node_id{"me"}, 2, {}}};
  const auto put = [&](const char* id, std::vector<node_id> to) {
    outgoing x{.targets = std::move(to), .type = "T", .body = {}, .id = message_id{id}};
    return small.add(std::move(x), 1s, now, {});
  };
  CAF_CHECK(put("a", {node_id{"bob"}}));
  CAF_CHECK(put("a", {node_id{"bob"}}).error().code == ec::conflict);
  CAF_CHECK(put("b", {node_id{"bob"}}));
  CAF_CHECK(put("c", {node_id{"bob"}}).error().code == ec::busy);
}

CAF_TEST(what the server would refuse as malformed is refused at once) {
  CAF_CHECK(add("no spaces").error().code == ec::invalid_argument);
  CAF_CHECK(add("a", {}).error().code == ec::invalid_argument);
  CAF_CHECK(add("a", {node_id{"bob"}, node_id{"bob"}}).error().code == ec::invalid_argument);
  CAF_CHECK(add("a", {node_id{""}}).error().code == ec::invalid_argument);
  CAF_CHECK_EQUAL(box.size(), 0u);
}

CAF_TEST(the rate that the server allows is kept) {
  limits.rate_limit_per_sec = 100;
  limits.max_in_flight = 1'000;
  open();
  for (auto i = 0; i < 300; ++i)
    CAF_CHECK(add(("m" + std::to_string(i)).c_str()));
  std::size_t sent = drain().size();
  CAF_CHECK_EQUAL(sent, 75u); // a part of the second's worth is kept back for the network
  CAF_CHECK(*box.wake(now) - now.steady == 10ms);
  for (auto i = 0; i < 100; ++i) {
    wait(10ms);
    sent += drain().size();
  }
  CAF_CHECK_EQUAL(sent, 175u);
}

CAF_TEST(one message a second is still sent at such a rate) {
  limits.rate_limit_per_sec = 1;
  open();
  CAF_CHECK(add("a"));
  CAF_CHECK(add("b"));
  CAF_CHECK(drain() == ids{"a"});
  CAF_CHECK(*box.wake(now) - now.steady == 1s);
  wait(1s);
  CAF_CHECK(drain() == ids{"b"});
}

CAF_TEST(at the end every message has a report) {
  open();
  for (const auto* id : {"a", "b", "c", "d", "e"})
    CAF_CHECK(add(id));
  drain();
  tell(box.refuse_all(fail(ec::shutting_down)));
  CAF_CHECK_EQUAL(told.size(), 5u);
  CAF_CHECK_EQUAL(box.size(), 0u);
}

CAF_TEST(under any order of answers and breaks each message is reported once) {
  // A small generator of its own, so that a failure can be repeated.
  std::uint64_t seed = 42;
  const auto luck = [&seed](std::uint64_t below) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (seed >> 33U) % below;
  };
  constexpr auto messages = 400u;
  std::map<std::string, int> reports;
  std::vector<std::string> under_way;
  auto added = 0u;
  std::uint64_t last = 0;
  open();
  for (auto turns = 0; turns < 100'000 && (added < messages || box.size() > 0); ++turns) {
    const auto what = luck(10);
    if (what < 3 && added < messages)
      CAF_CHECK(add(("m" + std::to_string(added++)).c_str(), {node_id{"bob"}, node_id{"eve"}}, 1h));
    if (what == 3 && luck(10) == 0) {
      box.closed();
      under_way.clear();
      open(last);
    }
    while (auto x = box.next(now)) {
      CAF_CHECK(x->sequence > last);
      last = x->sequence;
      under_way.push_back(x->id.get());
    }
    CAF_CHECK(box.in_flight() <= limits.max_in_flight);
    if (!under_way.empty()) {
      const auto id = under_way[luck(under_way.size())];
      const auto* target = luck(2) == 0 ? "bob" : "eve";
      if (what == 4)
        refuse(id.c_str(), ec::busy, luck(50), node_id{target});
      else if (what == 5)
        refuse(id.c_str(), ec::rate_limited, luck(50));
      else
        receipt(id.c_str(), target);
    }
    wait(std::chrono::milliseconds{luck(20)});
  }
  for (const auto& x : told)
    ++reports[x.id.get()];
  CAF_CHECK_EQUAL(reports.size(), messages);
  CAF_CHECK_EQUAL(told.size(), messages);
  CAF_CHECK_EQUAL(box.in_flight(), 0u);
}

CAF_TEST_FIXTURE_SCOPE_END()

// -- batches -----------------------------------------------------------------------------

namespace {

struct batch_fixture : fixture {
  batch_fixture() {
    box = outbox{{node_id{"me"}, 1'000, {100ms, 5'000ms}, 0}};
    limits.max_batch = 5;
    limits.batch_size = 4;
  }

  /// "b1: a/bob b/bob", with the sequence's distance to the clock left out; empty: none.
  std::string next_batch(const char* fresh = "b1") {
    const auto x = box.next_batch(now, message_id{fresh});
    if (!x) return {};
    auto out = x->id.get() + ":";
    for (const auto& one : x->items)
      out += " " + one.id.get() + "/" + one.target.get();
    return out;
  }

  std::string told_ids() {
    std::string out;
    for (const auto& x : std::exchange(told, {}))
      out += (out.empty() ? "" : " ") + x.id.get()
             + (x.delivered() ? "" : std::string{"="} + std::string{name(x.targets[0].why.code)});
    return out;
  }

  void receipts(const char* id, std::vector<node_id> targets) {
    tell(box.on_receipt(oracle::receipt_batch{message_id{id}, std::move(targets)}));
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(outbox_batch_tests, batch_fixture)

CAF_TEST(what waits goes in batches of the suggested size) {
  open();
  for (const auto* id : {"a", "b", "c", "d", "e", "f"})
    CAF_CHECK(add(id));
  CAF_CHECK_EQUAL(next_batch("b1"), "b1: a/bob b/bob c/bob d/bob");
  CAF_CHECK_EQUAL(next_batch("b2"), "b2: e/bob f/bob");
  CAF_CHECK_EQUAL(box.in_flight(), 2u);
}

CAF_TEST(one message alone is no batch and without support of the server none is made) {
  open();
  CAF_CHECK(add("a"));
  CAF_CHECK_EQUAL(next_batch(), "");
  CAF_CHECK(drain() == ids{"a"});
  limits.max_batch = 0;
  open();
  CAF_CHECK(add("b"));
  CAF_CHECK(add("c"));
  CAF_CHECK_EQUAL(next_batch(), "");
  CAF_CHECK((drain() == ids{"a", "b", "c"}));
}

CAF_TEST(what was sent alone stays alone and nothing overtakes it) {
  open();
  CAF_CHECK(add("a"));
  CAF_CHECK(drain() == ids{"a"});
  box.closed();
  CAF_CHECK(add("b"));
  CAF_CHECK(add("c"));
  open();
  CAF_CHECK_EQUAL(next_batch(), "");
  CAF_CHECK(box.next(now)->id == message_id{"a"});
  CAF_CHECK_EQUAL(next_batch(), "b1: b/bob c/bob");
}

CAF_TEST(the messages to one target are told together when it has answered) {
  open();
  CAF_CHECK(add("a"));
  CAF_CHECK(add("b", {node_id{"eve"}}));
  CAF_CHECK(add("c"));
  CAF_CHECK_EQUAL(next_batch(), "b1: a/bob b/eve c/bob");
  CAF_CHECK_EQUAL(box.size(), 3u);
  receipt("b1", "bob");
  CAF_CHECK_EQUAL(told_ids(), "a c");
  CAF_CHECK_EQUAL(box.size(), 1u);
  refuse("b1", ec::expired, {}, node_id{"eve"});
  CAF_CHECK_EQUAL(told_ids(), "b=expired");
  CAF_CHECK_EQUAL(box.size(), 0u);
  CAF_CHECK_EQUAL(box.in_flight(), 0u);
}

CAF_TEST(a batch keeps its id and its content through a reconnect) {
  open();
  CAF_CHECK(add("a"));
  CAF_CHECK(add("b", {node_id{"eve"}}));
  CAF_CHECK_EQUAL(next_batch("b1"), "b1: a/bob b/eve");
  receipt("b1", "bob");
  box.closed();
  CAF_CHECK(add("c"));
  open();
  CAF_CHECK_EQUAL(next_batch("b2"), "b1: a/bob b/eve");
  receipts("b1", {node_id{"bob"}, node_id{"eve"}});
  CAF_CHECK_EQUAL(told_ids(), "a b");
}

CAF_TEST(a batch that is refused for a time is sent again as it was) {
  open();
  CAF_CHECK(add("a"));
  CAF_CHECK(add("b"));
  CAF_CHECK_EQUAL(next_batch(), "b1: a/bob b/bob");
  refuse("b1", ec::busy, 500);
  CAF_CHECK_EQUAL(next_batch("b2"), "");
  wait(500ms);
  CAF_CHECK_EQUAL(next_batch("b2"), "b1: a/bob b/bob");
}

CAF_TEST(each message of a batch has its own deadline) {
  open();
  CAF_CHECK(add("a", {node_id{"bob"}}, 1s));
  CAF_CHECK(add("b", {node_id{"bob"}}, 2s));
  CAF_CHECK_EQUAL(next_batch(), "b1: a/bob b/bob");
  wait(1s);
  tell(box.expire(now));
  CAF_CHECK_EQUAL(told_ids(), "a=timeout");
  CAF_CHECK_EQUAL(box.size(), 1u);
  box.closed();
  open();
  CAF_CHECK_EQUAL(next_batch("b2"), "b1: a/bob b/bob");
  wait(1s);
  tell(box.expire(now));
  CAF_CHECK_EQUAL(told_ids(), "b=timeout");
  CAF_CHECK_EQUAL(box.size(), 0u);
  CAF_CHECK_EQUAL(box.in_flight(), 0u);
  CAF_CHECK(!box.contains(message_id{"a"}));
}

CAF_TEST(a message under way in a batch is a conflict for another under its id) {
  open();
  CAF_CHECK(add("a"));
  CAF_CHECK(add("b"));
  CAF_CHECK_EQUAL(next_batch(), "b1: a/bob b/bob");
  CAF_CHECK(add("b").error().code == ec::conflict);
}

CAF_TEST(a whole batch that is refused is refused to each of its messages) {
  open();
  CAF_CHECK(add("a"));
  CAF_CHECK(add("b", {node_id{"eve"}}));
  CAF_CHECK_EQUAL(next_batch(), "b1: a/bob b/eve");
  refuse("b1", ec::bad_signature);
  CAF_CHECK_EQUAL(told_ids(), "a=bad_signature b=bad_signature");
  CAF_CHECK_EQUAL(box.size(), 0u);
}

CAF_TEST(a batch waits until the rate allows all its messages) {
  limits.rate_limit_per_sec = 4;
  open();
  for (const auto* id : {"a", "b", "c", "d", "e", "f"})
    CAF_CHECK(add(id));
  CAF_CHECK_EQUAL(next_batch("b1"), "b1: a/bob b/bob c/bob d/bob");
  CAF_CHECK_EQUAL(next_batch("b2"), "");
  const auto wake = box.wake(now);
  CAF_REQUIRE(wake);
  CAF_CHECK(*wake > now.steady);
  now.steady = *wake;
  CAF_CHECK_EQUAL(next_batch("b3"), "b2: e/bob f/bob");
}

CAF_TEST(the end refuses every message of a batch once) {
  open();
  CAF_CHECK(add("a"));
  CAF_CHECK(add("b"));
  CAF_CHECK(add("c"));
  CAF_CHECK_EQUAL(next_batch(), "b1: a/bob b/bob c/bob");
  tell(box.refuse_all(fail(ec::shutting_down)));
  CAF_CHECK_EQUAL(told_ids(), "a=shutting_down b=shutting_down c=shutting_down");
}

CAF_TEST_FIXTURE_SCOPE_END()

CAF_TEST(the window of handled messages forgets the oldest) {
  dedupe_window window{3};
  const node_id bob{"bob"};
  for (const auto* id : {"a", "b", "c"})
    window.add(bob, message_id{id});
  window.add(bob, message_id{"a"});
  CAF_CHECK_EQUAL(window.size(), 3u);
  window.add(bob, message_id{"d"});
  CAF_CHECK(!window.contains(bob, message_id{"a"}));
  CAF_CHECK(window.contains(bob, message_id{"d"}));
  CAF_CHECK(!window.contains(node_id{"eve"}, message_id{"d"}));
}

CAF_TEST(the backoff doubles up to its bound and half of it is left to luck) {
  const backoff how{100ms, 5'000ms};
  CAF_CHECK(delay(how, 0, 0) == 50ms);
  CAF_CHECK(delay(how, 0, 50) == 100ms);
  CAF_CHECK(delay(how, 0, 51) == 50ms);
  CAF_CHECK(delay(how, 3, 0) == 400ms);
  CAF_CHECK(delay(how, 60, 0) == 2'500ms);
  for (auto i = 0u; i < 100; ++i)
    CAF_CHECK(delay(how, i, i * 7'919) <= 5'000ms);
}
