#define CAF_SUITE peers_links

#include "runtime/supervision/register_messages.hpp"
#include "tests/actor/peers/operators.hpp"

#include <caf/test/unit_test.hpp>

/// Operators' nodes with real sockets between them.
namespace bpci::peers {

namespace {

using namespace test;

consensus::prepare vote(std::uint64_t at) {
  consensus::prepare out;
  out.at = height{at};
  return out;
}

/// A proposal of about this size.
consensus::proposal_message large_vote(std::size_t size) {
  consensus::proposal_message out;
  out.body.transactions.emplace_back(size, std::uint8_t{7});
  return out;
}

struct fixture {
  actor_config config{2};
  caf::actor_system sys{config};
  std::vector<std::unique_ptr<operator_node>> nodes;

  ~fixture() {
    for (auto& x : nodes)
      x->stop();
    nodes.clear();
    sys.await_all_actors_done();
  }

  operator_node& make(std::uint8_t no, operator_settings how = {}) {
    return *nodes.emplace_back(std::make_unique<operator_node>(sys, no, std::move(how)));
  }

  /// bob dials ada.
  std::pair<operator_node&, operator_node&> two(operator_settings how = {}) {
    auto& ada = make(1, how);
    auto& bob = make(2, how);
    ada.begin();
    bob.begin({ada.card()});
    CAF_REQUIRE(eventually([&] { return ada.is_linked(bob) && bob.is_linked(ada); }));
    return {ada, bob};
  }

  static bool has_votes(operator_node& at, std::size_t count) {
    return eventually([&] { return at.got.count(&record::votes) >= count; }, 10s);
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(peers_links_tests, fixture)

CAF_TEST(two nodes link and what they say reaches whom it is for) {
  auto [ada, bob] = two();
  CAF_CHECK(bob.line(ada.self()).dialled_by_us);
  CAF_CHECK(!ada.line(bob.self()).dialled_by_us);
  ada.tell(vote(5));
  bob.tell(vote(6), {ada.self()});
  bob.tell(chain::share_transactions{{{1, 2, 3}}});
  bob.tell(chain::share_evidence{});
  bob.tell(chain::share_announcements{{{4, 5}}});
  CAF_REQUIRE(has_votes(ada, 1) && has_votes(bob, 1));
  const auto at_bob = bob.got.read(&record::votes).front();
  CAF_CHECK(at_bob.from == ada.self());
  CAF_CHECK(std::get<consensus::prepare>(at_bob.what) == vote(5));
  CAF_CHECK(eventually([&] { return ada.got.count(&record::transactions) == 1; }));
  CAF_CHECK(eventually([&] { return ada.got.count(&record::evidence) == 1; }));
  CAF_CHECK(eventually([&] { return ada.got.count(&record::announcements) == 1; }));
  CAF_CHECK(ada.got.read(&record::transactions).front().from == bob.self());
}

CAF_TEST(of four that all dial each other each has one link to each) {
  std::vector<known_peer> all;
  for (std::uint8_t no = 1; no <= 4; ++no)
    all.push_back(make(no).card());
  for (auto& x : nodes)
    x->begin(all);
  for (auto& x : nodes)
    CAF_CHECK(eventually([&] { return x->links() == 3; }, 20s));
  // A link may give way to a better one just then: what matters is said again.
  const auto reaches = [&](operator_node& to, std::uint64_t at, address except = {}) {
    return eventually([&] {
      nodes[0]->tell(vote(at), {}, except);
      const auto told = to.got.read(&record::votes);
      return std::ranges::any_of(told, [&](const chain::vote_arrived& x) {
        return std::get<consensus::prepare>(x.what) == vote(at);
      });
    });
  };
  for (auto i : {1u, 2u, 3u})
    CAF_CHECK(reaches(*nodes[i], 1));
  CAF_CHECK(reaches(*nodes[1], 2, nodes[3]->self()));
  CAF_CHECK(reaches(*nodes[3], 3));
  for (const auto& x : nodes[3]->got.read(&record::votes))
    CAF_CHECK(std::get<consensus::prepare>(x.what) != vote(2));
}

CAF_TEST(where the other stands is told when a link opens and when it changes) {
  auto [ada, bob] = two();
  CAF_CHECK(eventually([&] { return bob.got.count(&record::seen) > 0; }));
  auto head = std::make_shared<consensus::chain_head>();
  head->head.at = height{12};
  caf::anon_send(ada.peers(), chain::position{head, {}, false, nullptr});
  CAF_CHECK(eventually([&] { return bob.line(ada.self()).at == height{12}; }));
  CAF_CHECK(bob.got.read(&record::seen).back().head.at == height{12});
}

CAF_TEST(a question is answered by whom it was asked) {
  auto [ada, bob] = two();
  ada.got.answers = [](const chain::peer_message& x) {
    const auto& asked = std::get<chain::ask_blocks>(x);
    return std::make_shared<const chain::peer_message>(
        chain::some_blocks{asked.from, {bytes(3 << 20, 1), bytes(10, 2)}});
  };
  auto answer = bob.question(ada.self(), chain::ask_blocks{height{4}, 2});
  CAF_REQUIRE(answer);
  CAF_CHECK(answer->from == ada.self());
  const auto& blocks = std::get<chain::some_blocks>(*answer->what);
  CAF_CHECK_EQUAL(blocks.from.get(), 4u);
  CAF_CHECK_EQUAL(blocks.blocks.front().size(), std::size_t{3} << 20);
}

CAF_TEST(a question without an answer ends with its time or its link) {
  auto [ada, bob] = two();
  auto late = bob.question(ada.self(), chain::ask_snapshot{}, 300ms);
  CAF_CHECK(!late && late.error().code == ec::timeout);
  auto nobody = bob.question(keys_of(77)->pub.bytes, chain::ask_snapshot{});
  CAF_CHECK(!nobody && nobody.error().code == ec::not_found);
  auto statement = bob.question(ada.self(), chain::share_evidence{});
  CAF_CHECK(!statement && statement.error().code == ec::invalid_argument);
}

CAF_TEST(an answer of another kind is no answer and counts against who gave it) {
  auto [ada, bob] = two();
  ada.got.answers = [](const chain::peer_message&) {
    return std::make_shared<const chain::peer_message>(chain::some_chunk{});
  };
  auto answer = bob.question(ada.self(), chain::ask_snapshot{});
  CAF_CHECK(!answer && answer.error().code == ec::malformed);
  CAF_CHECK(eventually([&] { return bob.line(ada.self()).misbehaved == 1; }));
  CAF_CHECK(bob.is_linked(ada));
}

CAF_TEST(a PEER that is killed links again) {
  auto [ada, bob] = two();
  for (auto* one : {&ada, &bob}) {
    auto& other = one == &ada ? bob : ada;
    const auto before = one->peer_of(other);
    CAF_REQUIRE(before);
    operator_node::end(before);
    CAF_CHECK(eventually(
        [&] {
          auto now = one->peer_of(other);
          return now && now != before && one->is_linked(other) && other.is_linked(*one);
        },
        20s));
    const auto had = ada.got.count(&record::votes);
    CAF_CHECK(eventually([&] {
      bob.tell(vote(9));
      return ada.got.count(&record::votes) > had;
    }));
  }
  CAF_CHECK(ada.got.count(&record::lost) > 0);
}

CAF_TEST(a large proposal passes once both have proved who they are) {
  auto [ada, bob] = two();
  ada.tell(large_vote(18 << 20));
  CAF_REQUIRE(has_votes(bob, 1));
  CAF_CHECK(std::get<consensus::proposal_message>(bob.got.read(&record::votes).front().what)
                .body.transactions.front()
                .size()
            == std::size_t{18} << 20);
}

CAF_TEST(nodes of two chains do not link) {
  auto& ada = make(1);
  auto& bob = make(2, {.chain_id = "test-2"});
  ada.begin();
  bob.begin({ada.card()});
  CAF_CHECK(
      eventually([&] { return bob.line(ada.self()).last_error.starts_with("not_permitted"); }));
  CAF_CHECK(!ada.is_linked(bob));
}

CAF_TEST(who answers under the url of another is not taken for it) {
  auto& ada = make(1);
  auto& bob = make(2);
  ada.begin();
  const auto meant = keys_of(77)->pub.bytes;
  bob.begin({{meant, {ada.url()}}});
  CAF_CHECK(eventually([&] { return bob.line(meant).last_error.starts_with("wrong_source"); }));
  CAF_CHECK_EQUAL(bob.links(), 0u);
  CAF_CHECK_EQUAL(ada.links(), 0u);
}

CAF_TEST(a member that does not hold the chain sends the dialler to the next one) {
  auto& away = make(1);
  auto& ada = make(3);
  auto& bob = make(2);
  ada.begin();
  bob.begin({{ada.self(), {away.url(), ada.url()}}});
  CAF_CHECK(eventually([&] { return bob.is_linked(ada); }));
}

CAF_TEST(what cannot be dialled has its reason in the list) {
  auto& ada = make(1);
  auto& bob = make(2);
  const auto gone = ada.url();
  ada.stop();
  const auto one = keys_of(71)->pub.bytes;
  const auto other = keys_of(72)->pub.bytes;
  bob.begin({{one, {"http://127.0.0.1:1"}}, {other, {gone}}});
  CAF_CHECK(eventually([&] { return bob.line(one).last_error.starts_with("invalid_argument"); }));
  CAF_CHECK(eventually([&] { return bob.line(other).last_error.starts_with("unavailable"); }));
}

CAF_TEST(before the proof a large frame ends the connection) {
  auto& ada = make(1);
  ada.begin();
  auto eve = puppet{ada, 9};
  eve.follow(2); // the challenge, and the welcome
  eve.raw(encode(peers::say("test-1", large_vote(2 << 20))));
  CAF_CHECK_EQUAL(eve.closed(), "too_large");
  CAF_CHECK_EQUAL(ada.got.count(&record::votes), 0u);
}

CAF_TEST(before the proof nothing is heard) {
  auto& ada = make(1);
  ada.begin();
  auto eve = puppet{ada, 9};
  eve.follow(2);
  eve.say(vote(1));
  CAF_CHECK_EQUAL(eve.closed(), "handshake_required");
  CAF_CHECK_EQUAL(ada.got.count(&record::votes), 0u);
}

CAF_TEST(behind the proof a frame beyond the largest ends the link) {
  auto& ada = make(1);
  ada.begin();
  auto eve = puppet{ada, 9};
  CAF_REQUIRE_EQUAL(eve.open() ? "" : eve.error(), "");
  eve.raw(bytes(frame_bytes_max + 1, 0));
  // The connection may break while the rest is on its way, before the reason is read.
  CAF_CHECK(eve.closed() != "open");
  CAF_CHECK(eventually([&] { return ada.links() == 0; }));
}

CAF_TEST(noise ends the link and who makes it often is not let in) {
  auto& ada = make(1);
  ada.begin();
  for (auto i = 0; i < 8; ++i) {
    auto eve = puppet{ada, 9};
    CAF_REQUIRE_EQUAL(eve.open() ? "" : eve.error(), "");
    eve.raw({1, 2, 3});
    CAF_CHECK_EQUAL(eve.closed(), "malformed");
    CAF_CHECK(eventually(
        [&] { return ada.line(eve.self()).misbehaved == static_cast<std::uint64_t>(i) + 1; }));
  }
  auto eve = puppet{ada, 9};
  CAF_CHECK(!eve.open());
  CAF_CHECK_EQUAL(eve.closed(), "rate_limited");
}

CAF_TEST(a flood is read slowly and nobody else waits for it) {
  constexpr std::size_t flood = 2'000;
  auto slow = allowance::rates{.frames_per_sec = 50, .bytes_per_sec = 1 << 20, .burst_secs = 1};
  auto [ada, bob] = two({.rates = slow});
  auto eve = puppet{ada, 9};
  CAF_REQUIRE_EQUAL(eve.open() ? "" : eve.error(), "");
  for (std::size_t i = 0; i < flood; ++i)
    eve.say(vote(i));
  CAF_REQUIRE(has_votes(ada, 40));
  bob.tell(vote(7'777));
  const auto of_bob = [&] {
    const auto all = ada.got.read(&record::votes);
    return std::ranges::count(all, bob.self(), &chain::vote_arrived::from);
  };
  CAF_CHECK(eventually([&] { return of_bob() == 1; }));
  CAF_CHECK(ada.got.count(&record::votes) < flood);
  CAF_CHECK_EQUAL(ada.links(), 2u);
}

CAF_TEST(a peer that does not read does not hold up the others) {
  auto [ada, bob] = two();
  auto deaf = puppet{ada, 9};
  CAF_REQUIRE_EQUAL(deaf.open() ? "" : deaf.error(), "");
  CAF_REQUIRE(eventually([&] { return ada.links() == 2; }));
  // Far more than the sockets of both sides and the write queue hold.
  for (auto i = 0; i < 16; ++i) {
    ada.tell(large_vote(8 << 20));
    CAF_REQUIRE(has_votes(bob, static_cast<std::size_t>(i) + 1));
  }
}

CAF_TEST(PEERS that is killed leaves nothing behind and its successor links again) {
  auto [ada, bob] = two();
  operator_node::end(bob.peers());
  CAF_CHECK(eventually([&] { return !ada.is_linked(bob); }));
  bob.begin({ada.card()});
  CAF_CHECK(eventually([&] { return ada.is_linked(bob) && bob.is_linked(ada); }, 20s));
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace bpci::peers
