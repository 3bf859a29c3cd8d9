#define CAF_SUITE embedded_postgres_actor

#include "messages/inspect.hpp"
#include "runtime/actor/actor_config.hpp"
#include "runtime/storage/embedded_postgres_actor.hpp"
#include "test_server.hpp"

#include <caf/all.hpp>
#include <caf/test/unit_test.hpp>

#include <csignal>
#include <fstream>

using namespace bpci;
using namespace bpci::storage;
using namespace bpci::storage::test;
using namespace std::chrono_literals;

namespace {

constexpr auto answer_max = 60s;

struct fixture {
  actor_config cfg;
  caf::actor_system sys{cfg};
  caf::scoped_actor self{sys};
  temp_dir home;

  caf::actor spawn_server() {
    return sys.spawn<embedded_postgres_actor, caf::detached>(small(home.path() / "data"));
  }

  std::string address(const caf::actor& server) {
    std::string text;
    self->request(server, answer_max, get_database{})
        .receive([&](const database_address& x) { text = x.conninfo; },
                 [&](caf::error& why) { CAF_MESSAGE(to_string(from_caf(why))); });
    return text;
  }

  /// Why `who` ended.
  failure wait_for_end(const caf::actor& who) {
    failure why;
    self->monitor(who);
    self->receive([&](const caf::down_msg& x) { why = from_caf(x.reason); },
                  caf::after(20s) >> [&] { why = fail(ec::timeout); });
    return why;
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(embedded_postgres_actor_tests, fixture)

CAF_TEST(the actor ends with its server and the next one has the same address) {
  auto first = spawn_server();
  auto where = address(first);
  CAF_REQUIRE(!where.empty());
  auto pid_file = home.path() / "data" / "cluster" / "postmaster.pid";
  auto postmaster = 0;
  std::ifstream{pid_file} >> postmaster;
  CAF_REQUIRE(postmaster > 0);
  kill(postmaster, SIGKILL);
  CAF_CHECK(wait_for_end(first).code == ec::storage_failed);
  auto second = spawn_server();
  CAF_CHECK_EQUAL(address(second), where);
  CAF_CHECK_EQUAL(query(where, "SELECT 1"), "1");
  send_exit_now(second, caf::exit_reason::user_shutdown);
  wait_for_end(second);
}

CAF_TEST(an actor that cannot start its server ends with the reason) {
  auto how = small(home.path() / "data");
  how.bin_dir = "/nonexistent";
  auto server = sys.spawn<embedded_postgres_actor, caf::detached>(how);
  CAF_CHECK_EQUAL(address(server), "");
  auto why = wait_for_end(server);
  CAF_CHECK(why.code == ec::storage_failed || why.code == ec::restarted);
}

CAF_TEST(the server is gone when its actor is) {
  auto server = spawn_server();
  auto where = address(server);
  CAF_REQUIRE(!where.empty());
  send_exit_now(server, caf::exit_reason::user_shutdown);
  wait_for_end(server);
  CAF_CHECK(eventually([&] {
    return !std::filesystem::exists(home.path() / "data" / "cluster" / "postmaster.pid");
  }));
}

CAF_TEST_FIXTURE_SCOPE_END()
