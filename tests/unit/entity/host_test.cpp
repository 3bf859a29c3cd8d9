#define CAF_SUITE entity_host

#include "runtime/entity/host.hpp"

#include <caf/test/unit_test.hpp>

#include <algorithm>
#include <map>
#include <set>

using namespace bpci;
using namespace bpci::entity;

namespace {

using namespace std::chrono_literals;
using slots::epoch_no;
using slots::slot_no;

struct fixture {
  host core{host_limits{.pending_per_entity = 3, .background_activations_per_sec = 10}};
  host::instant now{host::instant{} + 1h};
  host_effects out;

  std::vector<std::string> starts;
  std::vector<std::pair<actor_no, std::uint64_t>> handed; ///< to whom, which ticket
  std::map<std::uint64_t, std::string> answers;
  std::set<actor_no> finished;
  std::set<actor_no> killed;
  std::vector<std::uint64_t> drained;
  std::uint64_t tickets = 0;

  void operator()(const start_actor& x) { starts.push_back(x.key); }
  void operator()(const hand_over& x) { handed.emplace_back(x.to, x.what->ticket); }
  void operator()(const answer_request& x) {
    CAF_CHECK(!answers.contains(x.ticket));
    answers[x.ticket] = x.what ? "none" : std::string{name(x.what.error().code)};
  }
  void operator()(const finish_actor& x) { finished.insert(x.who); }
  void operator()(const kill_actor& x) { killed.insert(x.who); }
  void operator()(const answer_drain& x) { drained.push_back(x.ticket); }

  void perform() {
    for (const auto& x : std::exchange(out, {}))
      std::visit(*this, x);
  }

  std::uint64_t send(std::string id, slot_state slot = {slot_no{5}, epoch_no{2}, epoch_no{2}},
                     bool background = false) {
    auto x = std::make_shared<request>();
    x->ticket = ++tickets;
    x->what.to = {"counter", std::move(id)};
    x->what.background = background;
    core.take(std::move(x), slot, now, out);
    perform();
    return tickets;
  }
  void started(const std::string& key, actor_no who) {
    core.started(key, who, now, out);
    perform();
  }
  void performed(const std::string& key, std::uint64_t ticket) {
    core.performed(key, ticket, response{}, now, out);
    perform();
  }
  void ended(const std::string& key, actor_no who) {
    core.ended(key, who, now, out);
    perform();
  }
  void tick(std::size_t press = 0) {
    core.tick(now, press, out);
    perform();
  }
  std::string code_of(std::uint64_t ticket) {
    return answers.contains(ticket) ? answers[ticket] : "pending";
  }
  /// An active entity without work.
  void rest(const std::string& id, actor_no who) {
    auto ticket = send(id);
    started("counter:" + id, who);
    performed("counter:" + id, ticket);
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(entity_host_tests, fixture)

CAF_TEST(an actor is started with the first command and gets what has waited for it) {
  send("a");
  send("a");
  CAF_CHECK_EQUAL(starts.size(), 1u);
  CAF_CHECK(handed.empty());
  started("counter:a", 100);
  CAF_CHECK_EQUAL(handed.size(), 2u);
  performed("counter:a", 1);
  CAF_CHECK_EQUAL(code_of(1), "none");
  CAF_CHECK_EQUAL(code_of(2), "pending");
}

CAF_TEST(a slot of another node is not ours) {
  CAF_CHECK_EQUAL(code_of(send("a", {slot_no{5}, {}, epoch_no{9}})), "not_owner");
  CAF_CHECK(starts.empty());
}

CAF_TEST(what a dead actor had in hand is answered at once) {
  send("a");
  started("counter:a", 100);
  ended("counter:a", 100);
  CAF_CHECK_EQUAL(code_of(1), "restarted");
  CAF_CHECK_EQUAL(core.size(), 0u);
  send("a");
  CAF_CHECK_EQUAL(starts.size(), 2u);
}

CAF_TEST(too much for one entity is busy) {
  for (auto i = 0; i < 4; ++i)
    send("a");
  CAF_CHECK_EQUAL(code_of(4), "busy");
  CAF_CHECK_EQUAL(code_of(3), "pending");
}

CAF_TEST(a start that fails is told to those that wait for it) {
  send("a");
  core.started("counter:a", fail(ec::unavailable), now, out);
  perform();
  CAF_CHECK_EQUAL(code_of(1), "unavailable");
  CAF_CHECK_EQUAL(core.size(), 0u);
}

CAF_TEST(an entity that is idle for long is ended and the next command starts it again) {
  rest("a", 100);
  now += 59s;
  tick();
  CAF_CHECK(finished.empty());
  now += 2s;
  tick();
  CAF_CHECK(finished.contains(100));
  auto late = send("a");
  CAF_CHECK_EQUAL(starts.size(), 1u);
  ended("counter:a", 100);
  CAF_CHECK_EQUAL(starts.size(), 2u);
  started("counter:a", 101);
  CAF_CHECK_EQUAL(handed.back().second, late);
}

CAF_TEST(one that is used stays) {
  rest("a", 100);
  now += 59s;
  performed("counter:a", send("a"));
  now += 59s;
  tick();
  CAF_CHECK(finished.empty());
}

CAF_TEST(under pressure the longest idle leave first) {
  for (auto i = 0; i < 3; ++i) {
    rest("e" + std::to_string(i), 100 + i);
    now += 1s;
  }
  performed("counter:e0", send("e0"));
  CAF_CHECK_EQUAL(core.idle(), 3u);
  tick(2);
  CAF_CHECK((finished == std::set<actor_no>{101, 102}));
}

CAF_TEST(a busy one is not ended) {
  send("a");
  started("counter:a", 100);
  now += 1h;
  tick(10);
  CAF_CHECK(finished.empty());
}

CAF_TEST(a slot is drained when its last actor has ended) {
  rest("idle", 100);
  auto busy = send("busy");
  started("counter:busy", 101);
  core.drain({slot_no{5}}, 7, out);
  perform();
  CAF_CHECK((finished == std::set<actor_no>{100, 101}));
  CAF_CHECK_EQUAL(code_of(send("new")), "retry_after");
  ended("counter:idle", 100);
  performed("counter:busy", busy);
  CAF_CHECK_EQUAL(code_of(busy), "none");
  CAF_CHECK(drained.empty());
  ended("counter:busy", 101);
  CAF_REQUIRE_EQUAL(drained.size(), 1u);
  CAF_CHECK_EQUAL(drained[0], 7u);
  CAF_CHECK_EQUAL(code_of(send("new", {slot_no{5}, {}, epoch_no{2}})), "retry_after");
  CAF_CHECK_EQUAL(code_of(send("new", {slot_no{5}, {}, epoch_no{3}, true})), "not_owner");
}

CAF_TEST(a slot without actors is drained at once) {
  rest("a", 100);
  core.drain({slot_no{6}}, 7, out);
  perform();
  CAF_CHECK_EQUAL(drained.size(), 1u);
  CAF_CHECK(finished.empty());
}

CAF_TEST(an actor that is being started finishes what it is started for before the slot goes) {
  auto ticket = send("a");
  core.drain({slot_no{5}}, 7, out);
  started("counter:a", 100);
  CAF_CHECK_EQUAL(handed.size(), 1u);
  CAF_CHECK(finished.contains(100));
  performed("counter:a", ticket);
  ended("counter:a", 100);
  CAF_CHECK_EQUAL(drained.size(), 1u);
}

CAF_TEST(actors of a lost slot are killed and their requests go to the new owner) {
  auto ticket = send("a");
  started("counter:a", 100);
  core.slots_are({{slot_no{5}, {}, epoch_no{3}}}, out);
  perform();
  CAF_CHECK(killed.contains(100));
  CAF_CHECK_EQUAL(code_of(ticket), "not_owner");
  ended("counter:a", 100);
  CAF_CHECK_EQUAL(core.size(), 0u);
}

CAF_TEST(an actor of an earlier epoch is replaced) {
  auto old = send("a");
  started("counter:a", 100);
  auto fresh = send("a", {slot_no{5}, epoch_no{4}, epoch_no{4}});
  CAF_CHECK(killed.contains(100));
  CAF_CHECK_EQUAL(code_of(old), "not_owner");
  ended("counter:a", 100);
  CAF_CHECK_EQUAL(starts.size(), 2u);
  started("counter:a", 101);
  CAF_CHECK_EQUAL(handed.back().second, fresh);
}

CAF_TEST(an actor that comes up after its slot was lost is killed) {
  auto ticket = send("a");
  core.slots_are({{slot_no{5}, {}, epoch_no{3}}}, out);
  started("counter:a", 100);
  CAF_CHECK(killed.contains(100));
  CAF_CHECK_EQUAL(code_of(ticket), "not_owner");
  ended("counter:a", 100);
  CAF_CHECK_EQUAL(core.size(), 0u);
}

CAF_TEST(an actor whose end is told before its start is started again for what waits) {
  auto ticket = send("a");
  ended("counter:a", 100);
  CAF_CHECK_EQUAL(core.size(), 1u);
  started("counter:a", 100);
  CAF_CHECK_EQUAL(starts.size(), 2u);
  CAF_CHECK(handed.empty());
  ended("counter:a", 99); // of an incarnation that nobody has asked for any more
  started("counter:a", 101);
  CAF_CHECK_EQUAL(handed.back().second, ticket);
  performed("counter:a", ticket);
  CAF_CHECK_EQUAL(code_of(ticket), "none");
}

CAF_TEST(activations in the background have a rate and give way to others) {
  auto mine = slot_state{slot_no{5}, epoch_no{2}, epoch_no{2}};
  for (auto i = 0; i < 20; ++i)
    send("b" + std::to_string(i), mine, true);
  CAF_CHECK_EQUAL(starts.size(), 1u);
  send("b19");
  CAF_CHECK_EQUAL(starts.back(), "counter:b19");
  send("other");
  CAF_CHECK_EQUAL(starts.size(), 3u);
  now += 500ms;
  tick();
  CAF_CHECK_EQUAL(starts.size(), 8u);
  now += 10s;
  tick();
  CAF_CHECK_EQUAL(starts.size(), 18u);
}

CAF_TEST(a name is a key and back) {
  auto ref = entity_ref{"mailbox", "bank:a"};
  CAF_CHECK_EQUAL(key_of(ref), "mailbox:bank:a");
  CAF_CHECK(ref_of(key_of(ref)) == ref);
}

CAF_TEST_FIXTURE_SCOPE_END()
