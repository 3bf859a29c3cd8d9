#define CAF_SUITE oracle_mailman

#include "actors/oracle/mailman.hpp"
#include "tests/unit/oracle/helpers.hpp"

#include <caf/test/unit_test.hpp>

#include <deque>
#include <random>
#include <set>

/// MAILMAN: which mailboxes are read, what is in flight, and when to ask again.
namespace bpci::oracle {

namespace {

using namespace testing;

std::string words(const read_mailbox& x) {
  return "read " + x.node.get() + " after " + std::to_string(x.what.after) + " max "
         + std::to_string(x.what.limit);
}

std::string words(const clear_mailbox& x) {
  auto out = "clear " + x.node.get();
  for (auto number : x.what.numbers)
    out += " " + std::to_string(number);
  return out;
}

std::string words(const hand_letter& x) {
  return "hand " + x.what.message->id.get() + " to " + x.target.get();
}

std::string words(const tell_source& x) {
  return "tell " + x.what.source.get() + " of " + x.what.id.get();
}

constexpr std::uint64_t half = 512; ///< The luck that leaves a wait as it is.

class bench {
public:
  explicit bench(std::uint64_t window = 4) : uut(with(window)) {}

  static mailman_config with(std::uint64_t window) {
    auto out = mailman_config{};
    out.self = member_id{"m1"};
    out.window = window;
    out.poll = 30s;
    return out;
  }

  std::string up(const std::string& node = "bob", std::uint64_t session = 1) {
    return effects([&](auto& out) { uut.up(node_id{node}, session_no{session}, now, out); });
  }

  std::string hint(const std::string& node = "bob") {
    return effects([&](auto& out) { uut.hint(node_id{node}, now, out); });
  }

  std::string hint_all() {
    return effects([&](auto& out) { uut.hint_all(now, out); });
  }

  /// Letters numbered so, whose ids are "x" and their number; the last question is answered.
  std::string page(const std::vector<std::uint64_t>& numbers, bool more = false,
                   std::size_t size = 4) {
    mailbox::page what;
    for (auto number : numbers)
      what.letters.push_back({number, letter(number, size), bytes(32, 7)});
    what.more = more;
    what.inside = {100, 100 * size};
    return answer(what);
  }

  std::string page_fails() { return answer(fail(ec::unavailable)); }

  std::string answer(const result<mailbox::page>& what) {
    auto no = last_read;
    return effects([&](auto& out) { uut.page(node_id{"bob"}, no, what, now, half, out); });
  }

  std::string settle(std::uint64_t number, ec code = ec::none) {
    return effects([&](auto& out) { uut.settle(outcome_of(number, code), now, out); });
  }

  bool knows(std::uint64_t number) {
    mailman_effects out;
    return uut.settle(outcome_of(number), now, out);
  }

  std::string cleared(ec code = ec::none) {
    auto what = code == ec::none ? result<void>{} : result<void>{fail(code)};
    auto no = last_clear;
    return effects([&](auto& out) { uut.cleared(node_id{"bob"}, no, what, now, half, out); });
  }

  std::string pass(std::chrono::milliseconds time) {
    now += time;
    return effects([&](auto& out) { uut.tick(now, out); });
  }

  static outcome outcome_of(std::uint64_t number, ec code = ec::none) {
    return {node_id{"alice"}, message_id{numbered('x', number)}, node_id{"bob"}, fail(code)};
  }

  static envelope letter(std::uint64_t number, std::size_t size) {
    auto out = *note(numbered('x', number), {"bob"});
    out.delivery = delivery_mode::stored;
    out.body.assign(size, 'x');
    return out;
  }

  mailman uut;
  instant now = at(0ms).steady;
  std::uint64_t last_read = 0;
  std::uint64_t last_clear = 0;

private:
  template <class Call>
  std::string effects(Call&& call) {
    mailman_effects out;
    call(out);
    std::vector<std::string> said;
    for (const auto& effect : out) {
      if (const auto* x = std::get_if<read_mailbox>(&effect)) last_read = x->no;
      if (const auto* x = std::get_if<clear_mailbox>(&effect)) last_clear = x->no;
      said.push_back(std::visit([](const auto& x) { return words(x); }, effect));
    }
    return join(said);
  }
};

} // namespace

CAF_TEST(the mailbox of a node that connects is read from the start and handed over) {
  bench at;
  CAF_CHECK_EQUAL(at.up(), "read bob after 0 max 4");
  CAF_CHECK_EQUAL(at.page({3, 5}), "hand x3 to bob; hand x5 to bob");
  CAF_CHECK_EQUAL(at.uut.in_flight(), 2u);
  CAF_CHECK_EQUAL(at.up(), ""); // the same session, announced to it again
}

CAF_TEST(an acknowledged letter is told to its source and then removed) {
  bench at;
  at.up();
  at.page({1, 2});
  CAF_CHECK_EQUAL(at.settle(2), "tell alice of x2");
  CAF_CHECK_EQUAL(at.settle(2), "");
  CAF_CHECK_EQUAL(at.settle(1), "tell alice of x1");
  CAF_CHECK_EQUAL(at.pass(250ms), "clear bob 1 2");
  CAF_CHECK_EQUAL(at.pass(250ms), "");
  CAF_CHECK_EQUAL(at.cleared(), "");
  CAF_CHECK_EQUAL(at.pass(250ms), "");
}

CAF_TEST(an outcome of what came from elsewhere is somebody else s) {
  bench at;
  CAF_CHECK(!at.knows(1));
  at.up();
  at.page({1});
  CAF_CHECK(!at.knows(2));
  CAF_CHECK(at.knows(1));
}

CAF_TEST(the next page is asked for when half of the window is free) {
  bench at;
  at.up();
  CAF_CHECK_EQUAL(at.page({1, 2, 3, 4}, true),
                  "hand x1 to bob; hand x2 to bob; hand x3 to bob; hand x4 to bob");
  CAF_CHECK_EQUAL(at.settle(1), "tell alice of x1");
  CAF_CHECK_EQUAL(at.settle(2), "tell alice of x2; read bob after 4 max 2");
  CAF_CHECK_EQUAL(at.settle(3), "tell alice of x3");
  CAF_CHECK_EQUAL(at.page({5}), "hand x5 to bob");
}

CAF_TEST(big letters come in small pages) {
  bench at{100};
  at.up();
  at.page({1}, true, 400 * 1'024);
  CAF_CHECK_EQUAL(at.settle(1), "tell alice of x1");
  CAF_CHECK_EQUAL(at.page({2}, true, 2 * 1'024 * 1'024), "hand x2 to bob; read bob after 2 max 1");
  CAF_CHECK_EQUAL(at.page({3}, true, 2 * 1'024 * 1'024), "hand x3 to bob"); // four megabytes
  CAF_CHECK_EQUAL(at.settle(2), "tell alice of x2; read bob after 3 max 1");
}

CAF_TEST(a hint makes an empty mailbox read again and one that is being read afterwards) {
  bench at;
  CAF_CHECK_EQUAL(at.hint(), "");
  at.up();
  CAF_CHECK_EQUAL(at.hint(), "");
  CAF_CHECK_EQUAL(at.page({}), "read bob after 0 max 4");
  CAF_CHECK_EQUAL(at.page({}), "");
  CAF_CHECK_EQUAL(at.hint(), "read bob after 0 max 4");
  CAF_CHECK_EQUAL(at.page({1}), "hand x1 to bob");
}

CAF_TEST(whoever may have missed a hint reads again) {
  bench at;
  at.up();
  at.page({});
  CAF_CHECK_EQUAL(at.hint_all(), "read bob after 0 max 4");
}

CAF_TEST(a lost hint costs no more than the time between two looks) {
  bench at;
  at.up();
  at.page({});
  CAF_CHECK_EQUAL(at.pass(29'999ms), "");
  CAF_CHECK_EQUAL(at.pass(1ms), "read bob after 0 max 4");
}

CAF_TEST(a question without an answer is asked again and later each time) {
  bench at;
  at.up();
  for (auto wait : {100ms, 200ms, 400ms}) {
    CAF_CHECK_EQUAL(at.page_fails(), "");
    CAF_CHECK_EQUAL(at.pass(wait - 1ms), "");
    CAF_CHECK_EQUAL(at.pass(1ms), "read bob after 0 max 4");
  }
  for (auto turn = 0; turn < 20; ++turn) {
    at.page_fails();
    CAF_CHECK_EQUAL(at.pass(10s), "read bob after 0 max 4");
  }
}

CAF_TEST(a reconnect brings everything that was not acknowledged again and in order) {
  bench at;
  at.up();
  at.page({1, 2, 3});
  at.settle(2);
  at.uut.down(node_id{"bob"});
  CAF_CHECK_EQUAL(at.uut.in_flight(), 0u);
  CAF_CHECK_EQUAL(at.up("bob", 2), "read bob after 0 max 4");
  // 2 has not been removed yet, and is not delivered once more.
  CAF_CHECK_EQUAL(at.page({1, 2, 3, 4}), "hand x1 to bob; hand x3 to bob; hand x4 to bob");
}

CAF_TEST(an answer of before the reconnect is not taken for one of after it) {
  bench at;
  at.up();
  auto old = at.last_read;
  at.up("bob", 2);
  auto fresh = std::exchange(at.last_read, old);
  CAF_CHECK_EQUAL(at.page({1}), "");
  at.last_read = fresh;
  CAF_CHECK_EQUAL(at.page({1}), "hand x1 to bob");
}

CAF_TEST(what a node has acknowledged before it left is removed all the same) {
  bench at;
  at.up();
  at.page({1});
  at.settle(1);
  at.uut.down(node_id{"bob"});
  CAF_CHECK_EQUAL(at.pass(250ms), "clear bob 1");
  CAF_CHECK_EQUAL(at.uut.mailboxes(), 1u);
  at.cleared();
  CAF_CHECK_EQUAL(at.uut.mailboxes(), 0u);
}

CAF_TEST(a removal that fails is tried again and nothing is delivered twice meanwhile) {
  bench at;
  at.up();
  at.page({1});
  at.settle(1);
  CAF_CHECK_EQUAL(at.pass(250ms), "clear bob 1");
  at.cleared(ec::timeout);
  CAF_CHECK_EQUAL(at.pass(99ms), "");
  CAF_CHECK_EQUAL(at.pass(1ms), "clear bob 1");
  at.hint();
  CAF_CHECK_EQUAL(at.page({1, 2}), "hand x2 to bob");
}

CAF_TEST(many acknowledgements are removed without waiting and in parts) {
  bench at{1'000};
  at.up();
  std::vector<std::uint64_t> numbers(400);
  for (std::size_t n = 0; n < numbers.size(); ++n)
    numbers[n] = n + 1;
  at.page(numbers);
  for (auto number : numbers) {
    auto said = at.settle(number);
    CAF_CHECK_EQUAL(said.find("clear") != std::string::npos, number == 64);
  }
  auto said = at.cleared();
  CAF_CHECK(said.starts_with("clear bob 65 66 "));
  CAF_CHECK(said.ends_with(" 320")); // 256 of them
  CAF_CHECK(at.cleared().starts_with("clear bob 321 "));
}

CAF_TEST(a letter that is not acknowledged frees the window and comes again after a while) {
  bench at{2};
  at.up();
  CAF_CHECK_EQUAL(at.page({1, 2}, true), "hand x1 to bob; hand x2 to bob");
  CAF_CHECK_EQUAL(at.pass(29'999ms), "");
  CAF_CHECK_EQUAL(at.pass(1ms), "read bob after 2 max 2");
  CAF_CHECK_EQUAL(at.page({3}), "hand x3 to bob");
  CAF_CHECK_EQUAL(at.settle(3), "tell alice of x3");
  at.pass(1s);
  at.cleared();
  CAF_CHECK_EQUAL(at.pass(29s), "read bob after 0 max 2");
  CAF_CHECK_EQUAL(at.page({1, 2}), "hand x1 to bob; hand x2 to bob");
}

CAF_TEST(a letter that its node never takes comes more and more rarely) {
  bench at;
  at.up();
  at.page({1});
  auto handed = 0;
  for (auto second = 0; second < 3'600; ++second) {
    auto said = at.pass(1s);
    if (said.starts_with("read bob after 0"))
      handed += at.page({1}) == "hand x1 to bob";
    else if (said.starts_with("read"))
      at.page({});
  }
  CAF_CHECK(handed >= 5);
  CAF_CHECK(handed <= 10);
}

CAF_TEST(a link whose queue is full gets the letter a second later) {
  bench at;
  at.up();
  at.page({1, 2});
  CAF_CHECK_EQUAL(at.settle(1, ec::busy), "");
  CAF_CHECK_EQUAL(at.pass(999ms), "");
  CAF_CHECK_EQUAL(at.pass(1ms), "read bob after 0 max 3");
  CAF_CHECK_EQUAL(at.page({1, 2}), "hand x1 to bob");
}

CAF_TEST(two letters under one id are handed over one after the other) {
  bench at;
  at.up();
  mailbox::page what;
  for (std::uint64_t number : {1, 2})
    what.letters.push_back({number, bench::letter(7, 4), {}});
  CAF_CHECK_EQUAL(at.answer(what), "hand x7 to bob");
  CAF_CHECK_EQUAL(at.settle(7), "tell alice of x7");
  at.pass(250ms);
  at.cleared();
  CAF_CHECK_EQUAL(at.pass(30s), "read bob after 0 max 4");
  what.letters.erase(what.letters.begin());
  CAF_CHECK_EQUAL(at.answer(what), "hand x7 to bob");
}

CAF_TEST(a retry is the same message under any signature and another content is not ) {
  auto x = bench::letter(1, 4);
  auto again = x;
  again.sequence = 9;
  again.sent_at = timestamp_ms{9};
  again.priority = priority::High;
  again.signature = bytes(64, 1);
  CAF_CHECK(identity_of(again) == identity_of(x));
  again.body.push_back('y');
  CAF_CHECK(identity_of(again) != identity_of(x));
  again = x;
  again.targets.push_back(node_id{"carol"});
  CAF_CHECK(identity_of(again) != identity_of(x));
}

// -- whatever happens ----------------------------------------------------------------------

namespace {

/// A mailbox, a LINK and a node that lose what they can lose, under a random order of events.
class story {
public:
  explicit story(std::uint64_t seed) : random_(seed), uut_(bench::with(1 + pick(6))) {}

  void play() {
    for (auto step = 0; step < 400; ++step) {
      play_step();
      CAF_REQUIRE(uut_.in_flight() <= 12);
    }
    failing_ = false;
    if (!connected_) connect();
    for (auto second = 0; second < 1'300 && !(letters_.empty() && under_way_.empty()); ++second) {
      now_ += 1s;
      with([&](auto& out) { uut_.tick(now_, out); });
      while (!under_way_.empty())
        answer_one();
    }
    CAF_CHECK(letters_.empty());
    CAF_CHECK_EQUAL(handled_.size(), stored_);
  }

private:
  std::size_t pick(std::size_t below) { return random_() % below; }

  void play_step() {
    switch (pick(8)) {
    case 0:
    case 1:
      letters_.insert(++stored_);
      if (pick(2) == 0) with([&](auto& out) { uut_.hint(bob_, now_, out); });
      return;
    case 2:
      return pick(4) > 0 ? void() : connected_ ? disconnect() : connect();
    case 3:
      now_ += std::chrono::milliseconds{pick(20'000)};
      return with([&](auto& out) { uut_.tick(now_, out); });
    default:
      if (!under_way_.empty()) answer_one();
    }
  }

  void connect() {
    connected_ = true;
    with([&](auto& out) { uut_.up(bob_, session_no{++session_}, now_, out); });
  }

  void disconnect() {
    connected_ = false;
    uut_.down(bob_);
    std::erase_if(under_way_, [](const auto& x) { return std::holds_alternative<hand_letter>(x); });
  }

  void answer_one() {
    auto next = std::move(under_way_.front());
    under_way_.pop_front();
    std::visit([this](const auto& x) { answer(x); }, next);
  }

  bool fails() { return failing_ && pick(4) == 0; }

  void answer(const read_mailbox& x) {
    if (fails())
      return with([&](auto& out) { uut_.page(bob_, x.no, fail(ec::timeout), now_, half, out); });
    mailbox::page what;
    for (auto it = letters_.upper_bound(x.what.after); it != letters_.end(); ++it) {
      if (what.letters.size() == x.what.limit) what.more = true;
      if (what.more) break;
      what.letters.push_back({*it, bench::letter(*it, 4), {}});
    }
    with([&](auto& out) { uut_.page(bob_, x.no, what, now_, half, out); });
  }

  /// A removal whose answer is lost may have been done.
  void answer(const clear_mailbox& x) {
    auto lost = fails();
    for (auto number : x.what.numbers)
      if (!lost || pick(2) == 0) {
        CAF_CHECK(handled_.contains(number));
        letters_.erase(number);
      }
    auto what = lost ? result<void>{fail(ec::timeout)} : result<void>{};
    with([&](auto& out) { uut_.cleared(bob_, x.no, what, now_, half, out); });
  }

  /// The node may never answer, or the link may be full.
  void answer(const hand_letter& x) {
    if (fails()) return;
    auto number = std::stoull(x.what.message->id.get().substr(1));
    auto code = fails() ? ec::busy : ec::none;
    if (code == ec::none) handled_.insert(number);
    with([&](auto& out) { uut_.settle(bench::outcome_of(number, code), now_, out); });
  }

  void answer(const tell_source&) {}

  template <class Call>
  void with(Call&& call) {
    mailman_effects out;
    call(out);
    for (auto& effect : out)
      under_way_.push_back(std::move(effect));
  }

  std::mt19937_64 random_;
  mailman uut_;
  node_id bob_{"bob"};
  instant now_ = at(0ms).steady;
  bool connected_ = false;
  bool failing_ = true;
  std::uint64_t session_ = 0;
  std::uint64_t stored_ = 0;
  std::set<std::uint64_t> letters_; ///< In the mailbox.
  std::set<std::uint64_t> handled_; ///< By the node.
  std::deque<mailman_effect> under_way_;
};

} // namespace

CAF_TEST(whatever is lost every letter is handled and removed only after that) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    CAF_MESSAGE("seed " << seed);
    story{seed}.play();
  }
}

} // namespace bpci::oracle
