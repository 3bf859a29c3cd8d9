#define CAF_SUITE chaos_parts

#include "database_server.hpp"
#include "network.hpp"
#include "tcp_proxy.hpp"
#include "tests/e2e/process.hpp"

#include <caf/test/unit_test.hpp>
#include <pqxx/connection>
#include <pqxx/nontransaction>

#include <cstdlib>

using namespace bpci;
using namespace bpci::chaos;
using namespace std::chrono_literals;

namespace {

constexpr auto start_max = 30'000ms;

struct folder {
  folder() {
    auto name = (std::filesystem::temp_directory_path() / "bpci-parts-XXXXXX").string();
    if (!mkdtemp(name.data())) CAF_FAIL("no temporary folder");
    std::filesystem::permissions(name, std::filesystem::perms{0711});
    path = name;
  }
  ~folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  std::filesystem::path path;
};

bool answers(const std::string& dsn, const std::string& sql = "SELECT 1") {
  try {
    pqxx::connection connection{dsn + " connect_timeout=2"};
    pqxx::nontransaction session{connection};
    session.exec(sql);
    return true;
  } catch (const std::exception&) {
    return false;
  }
}

std::string through(const tcp_proxy& x) {
  return "host=127.0.0.1 port=" + std::to_string(x.port())
         + " user=bpci dbname=bpci sslmode=disable";
}

std::chrono::milliseconds time_of(const auto& what) {
  const auto begun = std::chrono::steady_clock::now();
  what();
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now()
                                                               - begun);
}

} // namespace

CAF_TEST(a database that crashes is started again unless it is to stay down) {
  folder home;
  database_server server{{.folder = home.path / "db"}};
  CAF_CHECK(answers(server.dsn()));
  server.crash(false);
  CAF_REQUIRE(server.wait_until_running(start_max));
  CAF_CHECK(answers(server.dsn()));
  CAF_CHECK_EQUAL(server.restarts(), 1u);
  server.crash(true);
  CAF_CHECK(!answers(server.dsn()));
  CAF_CHECK(!server.wait_until_running(1'000ms));
  server.start();
  CAF_REQUIRE(server.wait_until_running(start_max));
  CAF_CHECK(answers(server.dsn()));
}

CAF_TEST(a proxy passes stalls delays and refuses) {
  folder home;
  database_server server{{.folder = home.path / "db"}};
  tcp_proxy proxy{"127.0.0.1", server.socket()};
  CAF_CHECK(answers(through(proxy)));
  proxy.set_mode(tcp_proxy::mode::stall);
  CAF_CHECK(time_of([&] { CAF_CHECK(!answers(through(proxy))); }) >= 1'900ms);
  proxy.set_mode(tcp_proxy::mode::pass);
  CAF_CHECK(answers(through(proxy)));
  proxy.set_delay(100ms);
  CAF_CHECK(time_of([&] { CAF_CHECK(answers(through(proxy))); }) >= 200ms);
  proxy.set_delay(0ms);
  proxy.set_mode(tcp_proxy::mode::refuse);
  CAF_CHECK(time_of([&] { CAF_CHECK(!answers(through(proxy))); }) < 1'500ms);
  proxy.set_mode(tcp_proxy::mode::pass);
  pqxx::connection held{through(proxy)};
  CAF_CHECK(e2e::eventually(1'000ms, [&] { return proxy.connections() == 1; }));
  proxy.drop_all();
  CAF_CHECK(e2e::eventually(1'000ms, [&] { return proxy.connections() == 0; }));
  CAF_CHECK(answers(through(proxy)));
}

CAF_TEST(a full disk stops the database and a freed one brings it back with its data) {
  if (const auto why = database_server::disk_obstacle()) {
    CAF_MESSAGE("skipped: " << *why);
    return;
  }
  folder home;
  database_server server{{.folder = home.path / "db", .tmpfs_bytes = std::uint64_t{320} << 20}};
  CAF_REQUIRE(answers(server.dsn(), "CREATE TABLE kept AS SELECT 1 AS x"));
  server.fill_disk();
  const auto big =
      "CREATE TABLE big AS SELECT g, repeat('x', 500) FROM generate_series(1, 400000) g";
  CAF_CHECK(!answers(server.dsn(), big));
  server.switch_log();
  CAF_CHECK(e2e::eventually(start_max, [&] { return !answers(server.dsn()); }));
  server.free_disk();
  CAF_REQUIRE(server.wait_until_running(start_max));
  CAF_CHECK(e2e::eventually(start_max, [&] { return answers(server.dsn(), "TABLE kept"); }));
  CAF_CHECK(answers(server.dsn(), "CREATE TABLE more AS SELECT 1"));
}

CAF_TEST(a network can be cut in one direction and in both) {
  if (const auto why = network::obstacle()) {
    CAF_MESSAGE("skipped: " << *why);
    return;
  }
  network net{3};
  // A route that does not exist is told at once; what is dropped is not answered.
  const auto reaches = [&](std::size_t from, std::size_t to) {
    auto words = net.prefix(from);
    for (const auto* word : {"/usr/bin/timeout", "1", "/bin/bash", "-c"})
      words.emplace_back(word);
    words.push_back("echo x > /dev/tcp/" + net.node_address(to) + "/9");
    const auto got = e2e::run_command(
        {.program = words.front(), .arguments = {words.begin() + 1, words.end()}}, 5'000ms);
    return got.err.find("refused") != std::string::npos;
  };
  CAF_CHECK(reaches(1, 2));
  CAF_CHECK(reaches(2, 1));
  net.cut(1, 2);
  CAF_CHECK(!reaches(1, 2));
  CAF_CHECK(!reaches(2, 1)); // The answer is lost.
  CAF_CHECK(reaches(1, 3));
  net.heal();
  CAF_CHECK(reaches(1, 2));
  net.isolate(3);
  CAF_CHECK(!reaches(3, 1));
  CAF_CHECK(!reaches(2, 3));
  CAF_CHECK(reaches(1, 2));
  net.heal();
  CAF_CHECK(reaches(3, 1));
}
