#define CAF_SUITE activation

#include "counter.hpp"
#include "runtime/entity/activation.hpp"
#include "runtime/entity/call.hpp"

#include <caf/test/unit_test.hpp>

#include <map>
#include <set>
#include <stdexcept>

using namespace bpci;
using namespace bpci::entity;
using namespace bpci::example;

namespace {

using std::chrono::steady_clock;

struct explode {};
BPCI_MESSAGE(explode)

struct swell {
  std::uint64_t bytes = 0;
};
BPCI_MESSAGE(swell, bytes)

struct keep {
  std::string name;
};
BPCI_MESSAGE(keep, name)

struct forget_all {};
BPCI_MESSAGE(forget_all)

struct thing {
  std::int64_t value = 0;
  std::string ballast;
};
BPCI_MESSAGE(thing, value, ballast)

/// Does what the tests need.
struct subject {
  static constexpr std::string_view kind = "subject";
  static constexpr std::uint32_t schema = 1;
  using state = thing;
  using commands =
      boost::mp11::mp_list<example::add, explode, swell, keep, forget_all, timer_fired>;
  using questions = boost::mp11::mp_list<get_total>;

  static result<total> on(state& s, const example::add& x, context& c) {
    if (x.amount < 0) return fail(ec::invalid_argument, "negative");
    s.value += x.amount;
    if (!x.tell.empty()) c.send({"subject", x.tell}, example::add{x.amount, {}});
    return total{s.value};
  }
  static result<total> on(state&, const explode&, context&) { throw std::runtime_error("boom"); }
  static result<total> on(state& s, const swell& x, context&) {
    s.ballast.assign(x.bytes, 'x');
    return total{s.value};
  }
  static result<total> on(state& s, const keep& x, context& c) {
    c.put_item(x.name, total{s.value});
    return total{s.value};
  }
  static std::optional<item_range> items_for(const state&, const forget_all&) {
    return item_range{{}, 100, {}};
  }
  static result<total> on(state&, const forget_all&, context& c) {
    for (const auto& x : c.items())
      c.remove_item(x.key);
    return total{static_cast<std::int64_t>(c.items().size())};
  }
  static result<total> on(state& s, const timer_fired& x, context&) {
    s.value += 1 + static_cast<std::int64_t>(x.missed);
    return total{s.value};
  }
  static result<total> on(const state& s, const get_total&) { return total{s.value}; }
};

struct fixture : guard {
  fixture() : limits{.queue_commands = 8, .batch_commands = 4, .state_bytes = 10'000} {}

  activation_limits limits;
  kind_ptr kind = make_kind<subject>();
  activation core{*kind, "7", limits};
  moment now{timestamp_ms{1'000}, steady_clock::time_point{} + std::chrono::hours{1}};
  std::uint64_t tickets = 0;

  std::vector<batch> batches;
  std::map<std::uint64_t, result<response>> answers;
  std::vector<item_range> items_asked;
  std::set<std::string> quarantined;
  std::string in_hand;
  int loads = 0;
  int outbox_woken = 0;
  bool gave_up = false;

  bool take_up(const command& what) override {
    if (quarantined.contains(what.key)) return false;
    in_hand = what.key;
    return true;
  }
  void put_down() override { in_hand.clear(); }

  void operator()(read_state&) { ++loads; }
  void operator()(read_items& x) { items_asked.push_back(x.range); }
  void operator()(commit_batch& x) { batches.push_back(x.what); }
  void operator()(reply& x) {
    CAF_CHECK(!answers.contains(x.ticket));
    answers.emplace(x.ticket, x.answer);
  }
  void operator()(wake_outbox&) { ++outbox_woken; }
  void operator()(wake_timers&) {}
  void operator()(give_up&) { gave_up = true; }

  void perform(effects what) {
    for (auto& x : what)
      std::visit(*this, x);
  }

  std::uint64_t send(std::string key, const auto& what,
                     std::chrono::milliseconds within = std::chrono::seconds{5}) {
    auto x = request{++tickets, make_command({"subject", "7"}, std::move(key), what),
                     now.steady + within};
    perform(core.take(std::make_shared<const request>(std::move(x)), now, *this));
    return tickets;
  }

  void loaded(std::uint64_t version = 0, std::int64_t value = 0) {
    auto stored = stored_entity{version, 1, {}};
    if (version > 0) stored.state = codec::to_msgpack(thing{value, {}});
    perform(core.loaded(std::move(stored), now, *this));
  }

  void done() { end({commit_end::done}); }
  void end(commit_outcome how) { perform(core.committed(std::move(how), now, *this)); }
  void fails(ec code) { perform(core.committed(fail(code), now, *this)); }

  std::string code_of(std::uint64_t ticket) {
    auto found = answers.find(ticket);
    if (found == answers.end()) return "pending";
    return std::string{name(found->second ? ec::none : found->second.error().code)};
  }
  std::int64_t value_of(std::uint64_t ticket) {
    return codec::from_msgpack<total>(answers.at(ticket)->body)->value;
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(activation_tests, fixture)

CAF_TEST(the state is read with the first command and the answer waits for the commit) {
  auto one = send("a", example::add{3, {}});
  CAF_CHECK_EQUAL(loads, 1);
  loaded();
  CAF_REQUIRE_EQUAL(batches.size(), 1u);
  CAF_CHECK_EQUAL(batches[0].known, 0u);
  CAF_CHECK_EQUAL(batches[0].added, 1u);
  CAF_CHECK_EQUAL(code_of(one), "pending");
  done();
  CAF_CHECK_EQUAL(code_of(one), "none");
  CAF_CHECK_EQUAL(value_of(one), 3);
  CAF_CHECK_EQUAL(core.version(), 1u);
  CAF_CHECK(core.idle());
}

CAF_TEST(commands that wait are decided on top of each other and committed together) {
  send("a", example::add{1, {}});
  loaded(4, 10);
  for (auto key : {"b", "c", "d"})
    send(key, example::add{1, "8"});
  CAF_CHECK_EQUAL(batches.size(), 1u);
  done();
  CAF_REQUIRE_EQUAL(batches.size(), 2u);
  CAF_CHECK_EQUAL(batches[1].known, 5u);
  CAF_CHECK_EQUAL(batches[1].added, 3u);
  CAF_CHECK_EQUAL(batches[1].commands[2].version, 8u);
  CAF_CHECK_EQUAL(batches[1].sends[0].key, "effect/subject/7/6/0");
  CAF_CHECK_EQUAL(batches[1].sends[2].key, "effect/subject/7/8/0");
  done();
  CAF_CHECK_EQUAL(value_of(4), 14);
  CAF_CHECK_EQUAL(outbox_woken, 1);
}

CAF_TEST(a batch has a bound) {
  send("a", example::add{1, {}});
  for (auto key : {"b", "c", "d", "e", "f"})
    send(key, example::add{1, {}});
  loaded();
  CAF_CHECK_EQUAL(batches[0].commands.size(), 4u);
  done();
  CAF_CHECK_EQUAL(batches[1].commands.size(), 2u);
}

CAF_TEST(a full queue answers busy) {
  for (auto i = 0; i < 9; ++i)
    send("k" + std::to_string(i), example::add{1, {}});
  CAF_CHECK_EQUAL(code_of(9), "busy");
  CAF_CHECK_EQUAL(core.queued(), 8u);
}

CAF_TEST(a refused command does not spoil the others and is told so after its key was looked up) {
  send("a", example::add{1, {}});
  send("b", example::add{-1, {}});
  send("c", example::add{1, {}});
  loaded();
  CAF_REQUIRE_EQUAL(batches[0].commands.size(), 3u);
  CAF_CHECK(!batches[0].commands[1].response.has_value());
  CAF_CHECK_EQUAL(code_of(2), "pending");
  done();
  CAF_CHECK_EQUAL(code_of(2), "invalid_argument");
  CAF_CHECK_EQUAL(value_of(3), 2);
  CAF_CHECK_EQUAL(core.version(), 2u);
}

CAF_TEST(a refusal alone writes nothing) {
  send("a", example::add{-1, {}});
  loaded();
  CAF_CHECK(!batches[0].state.has_value());
  CAF_CHECK_EQUAL(batches[0].added, 0u);
}

CAF_TEST(a repeated command is answered as before and the others are decided without it) {
  send("a", example::add{5, {}});
  send("b", example::add{1, {}});
  loaded(1, 5);
  end({commit_end::refused, {{verdict::repeated, 0, {codec::to_msgpack(total{5}), 1, true}}}});
  CAF_CHECK_EQUAL(value_of(1), 5);
  CAF_CHECK(answers.at(1)->repeated);
  CAF_REQUIRE_EQUAL(batches.size(), 2u);
  CAF_REQUIRE_EQUAL(batches[1].commands.size(), 1u);
  CAF_CHECK_EQUAL(loads, 1);
  done();
  CAF_CHECK_EQUAL(value_of(2), 6);
}

CAF_TEST(what was committed for an actor that was killed is seen by whoever is told of it) {
  send("a", example::add{5, {}});
  auto next = send("", get_total{});
  loaded(); // the other's commit was on its way
  end({commit_end::refused, {{verdict::repeated, 0, {codec::to_msgpack(total{5}), 1, true}}}});
  CAF_CHECK_EQUAL(value_of(1), 5);
  CAF_CHECK_EQUAL(code_of(next), "pending");
  CAF_CHECK_EQUAL(loads, 2);
  loaded(1, 5);
  CAF_CHECK_EQUAL(value_of(next), 5);
}

CAF_TEST(a timer that was served for an actor that was killed is seen by the next question) {
  send("timer/daily/1", timer_fired{"daily", timestamp_ms{500}, 1, 0});
  auto next = send("", get_total{});
  loaded();
  end({commit_end::refused, {{verdict::outdated, 0, {}}}});
  CAF_CHECK_EQUAL(code_of(next), "pending");
  loaded(1, 1);
  CAF_CHECK_EQUAL(value_of(next), 1);
}

CAF_TEST(another command under a known key is a conflict) {
  send("a", example::add{5, {}});
  loaded();
  end({commit_end::refused, {{verdict::conflict, 0, {}}}});
  CAF_CHECK_EQUAL(code_of(1), "conflict");
  CAF_CHECK(core.idle());
}

CAF_TEST(the same key twice in the queue is not decided twice) {
  send("a", example::add{5, {}});
  send("a", example::add{5, {}});
  loaded();
  CAF_CHECK_EQUAL(batches[0].commands.size(), 1u);
  done();
  CAF_CHECK_EQUAL(batches[1].commands.size(), 1u);
}

CAF_TEST(an unknown outcome is found out before anything is answered) {
  send("a", example::add{5, {}});
  send("b", example::add{1, {}});
  loaded();
  fails(ec::timeout);
  CAF_CHECK(answers.empty());
  CAF_CHECK_EQUAL(loads, 2);
  loaded(1, 5);
  CAF_REQUIRE_EQUAL(batches.size(), 2u);
  CAF_CHECK_EQUAL(batches[1].commands[0].key, "a");
  end({commit_end::refused, {{verdict::repeated, 0, {codec::to_msgpack(total{5}), 1, true}}}});
  done();
  CAF_CHECK_EQUAL(value_of(1), 5);
  CAF_CHECK_EQUAL(value_of(2), 6);
}

CAF_TEST(when it cannot be found out the answer says that it is unknown) {
  auto one = send("a", example::add{5, {}});
  loaded();
  auto two = send("b", example::add{1, {}});
  fails(ec::timeout);
  perform(core.loaded(fail(ec::unavailable), now, *this));
  CAF_CHECK_EQUAL(code_of(one), "timeout");
  CAF_CHECK_EQUAL(code_of(two), "unavailable");
  CAF_CHECK(core.idle());
}

CAF_TEST(what was surely not done is answered with its reason and the state stays) {
  auto one = send("a", example::add{5, {}});
  loaded(1, 1);
  fails(ec::unavailable);
  CAF_CHECK_EQUAL(code_of(one), "unavailable");
  send("b", example::add{1, {}});
  CAF_CHECK_EQUAL(loads, 1);
  CAF_CHECK_EQUAL(batches[1].known, 1u);
}

CAF_TEST(one that the database refuses does not take the others along) {
  send("a", example::add{1, {}});
  send("b", example::add{1, {}});
  send("c", example::add{1, {}});
  loaded();
  fails(ec::invalid_argument);
  CAF_CHECK(answers.empty());
  CAF_CHECK_EQUAL(batches.back().commands.size(), 1u);
  done();
  fails(ec::invalid_argument);
  done();
  CAF_CHECK_EQUAL(code_of(1), "none");
  CAF_CHECK_EQUAL(code_of(2), "invalid_argument");
  CAF_CHECK_EQUAL(value_of(3), 2);
}

CAF_TEST(a stale state is read again and given up after a few times) {
  auto one = send("a", example::add{5, {}});
  loaded();
  for (auto i = 0; i < 5; ++i) {
    end({commit_end::stale});
    CAF_CHECK_EQUAL(code_of(one), "pending");
    loaded(3, 1);
  }
  end({commit_end::stale});
  CAF_CHECK_EQUAL(code_of(one), "retry_after");
}

CAF_TEST(a fenced entity gives up and everything it had goes elsewhere) {
  send("a", example::add{5, {}});
  loaded();
  send("b", example::add{5, {}});
  end({commit_end::fenced});
  CAF_CHECK(gave_up);
  CAF_CHECK_EQUAL(code_of(1), "fenced");
  CAF_CHECK_EQUAL(code_of(2), "fenced");
  CAF_CHECK(core.idle());
}

CAF_TEST(a question sees only what is committed) {
  send("a", example::add{5, {}});
  loaded();
  auto asked = send("", get_total{});
  CAF_CHECK_EQUAL(code_of(asked), "pending");
  done();
  CAF_CHECK_EQUAL(value_of(asked), 5);
}

CAF_TEST(a question is not answered by a node that has lost its lease) {
  send("a", example::add{5, {}});
  loaded();
  done();
  now.may_answer = false;
  CAF_CHECK_EQUAL(code_of(send("", get_total{})), "unavailable");
}

CAF_TEST(a question without a name is answered with the description) {
  auto what = request{
      77, {{"subject", "7"}, {}, {}, 1, {}, 5'000, {}}, now.steady + std::chrono::seconds{5}};
  perform(core.take(std::make_shared<const request>(what), now, *this));
  loaded(1, 5);
  auto body = answers.at(77)->body;
  CAF_CHECK_EQUAL(std::string(body.begin(), body.end()), R"({"value":5,"ballast":""})");
}

CAF_TEST(a command that nobody waits for any more is not carried out) {
  send("a", example::add{5, {}}, std::chrono::milliseconds{10});
  now.steady += std::chrono::milliseconds{11};
  loaded();
  CAF_CHECK_EQUAL(code_of(1), "timeout");
  CAF_CHECK(batches.empty());
}

CAF_TEST(keys that the database cannot hold or that belong to others are refused) {
  CAF_CHECK_EQUAL(code_of(send("effect/counter/7/1/0", example::add{1, {}})), "invalid_argument");
  CAF_CHECK_EQUAL(code_of(send(std::string(201, 'x'), example::add{1, {}})), "invalid_argument");
  CAF_CHECK_EQUAL(code_of(send(std::string("a\0b", 3), example::add{1, {}})), "invalid_argument");
  CAF_CHECK_EQUAL(code_of(send("timer/daily/1", example::add{1, {}})), "invalid_argument");
  CAF_CHECK_EQUAL(code_of(send("x", timer_fired{})), "invalid_argument");
}

CAF_TEST(a firing is part of the transaction that it leads to) {
  send("timer/daily/6", timer_fired{"daily", timestamp_ms{100}, 6, 2});
  loaded(5, 1);
  CAF_REQUIRE_EQUAL(batches[0].firings.size(), 1u);
  CAF_CHECK_EQUAL(batches[0].firings[0].what.fire, 6u);
  CAF_CHECK_EQUAL(batches[0].firings[0].what.missed, 2u);
  end({commit_end::refused, {{verdict::outdated, 0, {}}}});
  CAF_CHECK_EQUAL(code_of(1), "not_found");
}

CAF_TEST(a handler that throws leaves its command in hand) {
  send("a", example::add{1, {}});
  loaded();
  done();
  auto threw = false;
  try {
    send("bad", explode{});
  } catch (const std::runtime_error&) {
    threw = true;
  }
  CAF_CHECK(threw);
  CAF_CHECK_EQUAL(in_hand, "bad");
}

CAF_TEST(a command in quarantine is refused and the queue goes on) {
  quarantined.insert("bad");
  auto bad = send("bad", explode{});
  auto good = send("a", example::add{1, {}});
  loaded();
  CAF_CHECK_EQUAL(code_of(bad), "quarantined");
  done();
  CAF_CHECK_EQUAL(code_of(good), "none");
}

CAF_TEST(items are read when nothing else is under way) {
  send("a", keep{"x"});
  send("b", forget_all{});
  send("c", example::add{1, {}});
  loaded();
  CAF_REQUIRE_EQUAL(batches.size(), 1u);
  CAF_CHECK_EQUAL(batches[0].commands.size(), 1u);
  CAF_CHECK_EQUAL(batches[0].items[0].key, "x");
  done();
  CAF_REQUIRE_EQUAL(items_asked.size(), 1u);
  CAF_CHECK_EQUAL(batches.size(), 1u);
  perform(core.items_loaded(stored_items{1, {{"x", {}}}}, now, *this));
  CAF_REQUIRE_EQUAL(batches.size(), 2u);
  CAF_CHECK_EQUAL(batches[1].commands.size(), 2u);
  CAF_CHECK(!batches[1].items[0].value.has_value());
  done();
  CAF_CHECK_EQUAL(value_of(2), 1);
}

CAF_TEST(items of another version than the state are read again with it) {
  auto one = send("a", forget_all{});
  loaded(1, 1);
  for (auto i = 2u; i < 7; ++i) {
    perform(core.items_loaded(stored_items{i, {}}, now, *this));
    CAF_CHECK_EQUAL(code_of(one), "pending");
    loaded(i, 1);
  }
  perform(core.items_loaded(stored_items{7, {}}, now, *this));
  CAF_CHECK_EQUAL(code_of(one), "retry_after");
  CAF_CHECK(batches.empty());
}

CAF_TEST(a state that grows too large is refused to the command that makes it so) {
  send("a", example::add{1, {}});
  send("b", swell{20'000});
  send("c", example::add{1, {}});
  loaded();
  done(); // the first, alone
  CAF_CHECK_EQUAL(code_of(2), "too_large");
  done();
  CAF_CHECK_EQUAL(value_of(3), 2);
}

CAF_TEST(an effect for something without a name is refused) {
  send("a", example::add{1, "no/name"});
  loaded();
  done();
  CAF_CHECK_EQUAL(code_of(1), "invalid_argument");
}

CAF_TEST_FIXTURE_SCOPE_END()
