#define CAF_SUITE supervision_tree

#include "runtime/supervision/supervision_tree.hpp"
#include "supervised.hpp"

#include <functional>
#include <future>
#include <thread>

using namespace bpci;
using namespace bpci::supervision;
using namespace bpci::supervision::test;

namespace {

constexpr auto event_max = 10s; // far longer than anything here takes

/// With CAF's real scheduler and clock: `stop` waits on a thread outside of the actor system.
struct tree_fixture {
  config cfg;
  caf::actor_system sys{cfg};
  node_context_ptr node = std::make_shared<node_context>();
  std::promise<void> ready;
  std::promise<failure> failed;

  child_spec child(std::string id, bool deaf = false) {
    child_spec spec;
    spec.id = id;
    spec.type = "OBEDIENT";
    spec.spawn = [id, deaf](const spawn_context& x) -> result<caf::actor> {
      return x.system.spawn<obedient>(x, id, std::make_shared<std::string>(), deaf);
    };
    return spec;
  }

  std::unique_ptr<supervision_tree> grow(std::vector<child_spec> children,
                                         std::uint32_t max_restarts = 1) {
    auto how = supervisor_options{.rules = exact_rules(), .children = std::move(children)};
    how.rules.intensity.max_restarts = max_restarts;
    return std::make_unique<supervision_tree>(
        sys, "/node", std::move(how), node,
        supervision_tree::hooks{[this] { ready.set_value(); },
                                [this](const failure& why) { failed.set_value(why); }});
  }

  std::size_t alive() const {
    auto page = node->tree.read({"running", "/node", 1'000}, {});
    return page.rows.size();
  }

  static bool within(std::chrono::seconds most, const std::function<bool()>& holds) {
    auto give_up_at = std::chrono::steady_clock::now() + most;
    while (!holds()) {
      if (std::chrono::steady_clock::now() > give_up_at) return false;
      std::this_thread::sleep_for(1ms);
    }
    return true;
  }

  bool becomes_ready() {
    return ready.get_future().wait_for(event_max) == std::future_status::ready;
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(tree_tests, tree_fixture)

CAF_TEST(a tree grows and is felled) {
  auto tree = grow({child("a"), child("b")});
  CAF_REQUIRE(becomes_ready());
  auto page = node->tree.read({}, {});
  CAF_REQUIRE_EQUAL(page.rows.size(), 3u);
  CAF_CHECK_EQUAL(page.rows[0].children, 2u);
  CAF_CHECK(tree->stop(event_max));
  CAF_CHECK(tree->stop(event_max));
  CAF_CHECK(!node->directory.find("/node/a"));
  tree.reset();
  CAF_CHECK_EQUAL(node->tree.size(), 0u);
  CAF_CHECK(failed.get_future().wait_for(0s) == std::future_status::timeout);
}

CAF_TEST(a root that gives up is reported) {
  auto tree = grow({child("a")});
  CAF_REQUIRE(becomes_ready());
  caf::scoped_actor self{sys};
  auto why = failed.get_future();
  CAF_REQUIRE(within(event_max, [&] {
    if (auto a = node->directory.find("/node/a")) self->send(a, std::string{"crash"});
    return why.wait_for(0s) == std::future_status::ready;
  }));
  auto cause = why.get();
  CAF_CHECK(cause.code == ec::internal);
  CAF_CHECK_EQUAL(cause.detail, "/node/a ended too often: boom");
  CAF_CHECK(tree->stop(event_max));
}

CAF_TEST(a killed actor is back) {
  auto tree = grow({child("a")});
  CAF_REQUIRE(becomes_ready());
  auto victim = node->directory.find("/node/a");
  caf::anon_send(tree->root(), kill_child{"/node/a", "ada", "test"});
  CAF_CHECK(within(event_max, [&] {
    auto next = node->directory.find("/node/a");
    return next && next != victim;
  }));
}

CAF_TEST(a thousand children survive being killed from all sides) {
  auto tree = grow({}, 100);
  caf::scoped_actor self{sys};
  for (auto i = 0; i < 1'000; ++i)
    self->send(tree->root(), start_child{child(std::to_string(i))});
  CAF_REQUIRE(within(event_max, [&] { return alive() == 1'000; }));
  for (auto round = 0; round < 3; ++round)
    for (auto i = 0; i < 1'000; i += 50) {
      auto path = "/node/" + std::to_string(i);
      self->send(tree->root(), kill_child{path, "ada", "test"});
      if (auto who = node->directory.find(path)) self->send(who, std::string{"crash"});
    }
  // The first kill ends each for sure; the rest may find it dead or being restarted.
  CAF_CHECK(within(event_max, [&] {
    auto page = node->tree.read({"/node/950", "", 0}, {});
    return alive() == 1'000 && !page.rows.empty() && page.rows[0].restarts > 0;
  }));
  CAF_CHECK(tree->stop(event_max));
  CAF_CHECK_EQUAL(node->tree.size(), 1u);
}

CAF_TEST(what does not stop in time is killed) {
  auto tree = grow({child("a", true)});
  CAF_REQUIRE(becomes_ready());
  auto stopped = tree->stop(50ms);
  CAF_REQUIRE(!stopped);
  CAF_CHECK(stopped.error().code == ec::timeout);
  CAF_CHECK(!node->directory.find("/node/a"));
}

CAF_TEST_FIXTURE_SCOPE_END()
