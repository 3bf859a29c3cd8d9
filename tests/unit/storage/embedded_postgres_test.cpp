#define CAF_SUITE embedded_postgres

#include "runtime/storage/embedded_postgres.hpp"
#include "test_server.hpp"

#include <caf/test/unit_test.hpp>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <future>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace bpci;
using namespace bpci::storage;
using namespace bpci::storage::test;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

void fill(const fs::path& disk) {
  auto filler = std::ofstream{disk / "filler", std::ios::binary};
  auto block = std::string(1 << 16, 'x');
  while (filler.write(block.data(), static_cast<std::streamsize>(block.size())).flush()) {
  }
}

/// The program that holds a server as its child, to be killed.
struct host {
  pid_t pid = 0;
  pid_t server = 0;

  explicit host(const fs::path& data_dir) {
    int ends[2];
    if (pipe(ends) != 0) return;
    auto folder = data_dir.string();
    pid = fork();
    if (pid == 0) {
      dup2(ends[1], 1);
      execl(STORAGE_HOST, STORAGE_HOST, folder.c_str(), nullptr);
      _exit(127);
    }
    close(ends[1]);
    auto* in = fdopen(ends[0], "r");
    if (std::fscanf(in, "%d", &server) != 1) server = 0;
    std::fclose(in);
  }

  void kill_it() const {
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
  }
};

} // namespace

CAF_TEST(what was stored is there after a stop and a start) {
  temp_dir home;
  auto first = embedded_postgres::start(small(home.path() / "data"));
  CAF_REQUIRE(first.has_value());
  auto pid = (*first)->pid();
  query((*first)->dsn(), "CREATE TABLE t AS SELECT 42 AS x");
  CAF_CHECK_EQUAL(query((*first)->dsn(), "SHOW fsync"), "on");
  CAF_CHECK_EQUAL(query((*first)->dsn(), "SHOW server_encoding"), "UTF8");
  CAF_CHECK_EQUAL(query((*first)->dsn(), "SHOW lc_collate"), "C");
  CAF_CHECK_EQUAL(query((*first)->dsn(), "SHOW listen_addresses"), "");
  CAF_CHECK_EQUAL(query((*first)->dsn(), "SHOW is_superuser"), "off");
  CAF_CHECK(fs::exists(home.path() / "data" / "ballast"));
  (*first)->stop();
  CAF_CHECK(!process_exists(pid));
  first->reset();
  auto second = embedded_postgres::start(small(home.path() / "data"));
  CAF_REQUIRE(second.has_value());
  CAF_CHECK_EQUAL(query((*second)->dsn(), "SELECT x FROM t"), "42");
}

CAF_TEST(a second node is refused on the same directory) {
  temp_dir home;
  auto first = embedded_postgres::start(small(home.path() / "data"));
  CAF_REQUIRE(first.has_value());
  auto second = embedded_postgres::start(small(home.path() / "data"));
  CAF_REQUIRE(!second.has_value());
  CAF_CHECK(second.error().code == ec::storage_failed);
  CAF_CHECK(contains(second.error().detail, "another node uses the data directory"));
}

CAF_TEST(after a kill of the postmaster under load it starts again) {
  temp_dir home;
  auto first = embedded_postgres::start(small(home.path() / "data"));
  CAF_REQUIRE(first.has_value());
  query((*first)->dsn(), "CREATE TABLE t AS SELECT 42 AS x");
  auto why = std::make_shared<std::promise<std::string>>();
  (*first)->on_exit([why](std::string text) { why->set_value(std::move(text)); });
  auto busy = std::async(std::launch::async, [dsn = (*first)->dsn()] {
    try {
      query(dsn, "SELECT count(*) FROM generate_series(1, 60000000)");
    } catch (const std::exception&) { // ends with the server
    }
  });
  std::this_thread::sleep_for(300ms);
  kill((*first)->pid(), SIGKILL);
  CAF_CHECK(contains(why->get_future().get(), "signal 9"));
  first->reset();
  auto begin = std::chrono::steady_clock::now();
  auto second = embedded_postgres::start(small(home.path() / "data"));
  auto took = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now()
                                                                    - begin);
  CAF_MESSAGE("started again after " << took.count() << " ms");
  CAF_REQUIRE(second.has_value());
  CAF_CHECK_EQUAL(query((*second)->dsn(), "SELECT x FROM t"), "42");
  busy.wait();
}

CAF_TEST(an expected end is not reported) {
  temp_dir home;
  auto server = embedded_postgres::start(small(home.path() / "data"));
  CAF_REQUIRE(server.has_value());
  auto told = false;
  (*server)->on_exit([&](const std::string&) { told = true; });
  server->reset();
  CAF_CHECK(!told);
}

CAF_TEST(the server dies with a node that is killed and the next node takes over) {
  temp_dir home;
  host node{home.path() / "data"};
  CAF_REQUIRE(node.server > 0);
  CAF_CHECK(process_exists(node.server));
  node.kill_it();
  CAF_CHECK(eventually([&] { return !process_exists(node.server); }));
  auto next = embedded_postgres::start(small(home.path() / "data"));
  CAF_CHECK(next.has_value());
}

CAF_TEST(a server that outlived its node is stopped by the next one) {
  temp_dir home;
  host node{home.path() / "data"};
  CAF_REQUIRE(node.server > 0);
  // Stopped, it cannot act on the signal that its parent is gone.
  kill(node.server, SIGSTOP);
  node.kill_it();
  CAF_CHECK(process_exists(node.server));
  auto waker = std::async(std::launch::async, [&] {
    std::this_thread::sleep_for(500ms);
    kill(node.server, SIGCONT);
  });
  auto next = embedded_postgres::start(small(home.path() / "data"));
  CAF_REQUIRE(next.has_value());
  CAF_CHECK(!process_exists(node.server));
}

CAF_TEST(a directory that the account cannot enter is named) {
  if (geteuid() != 0) return;
  temp_dir home;
  fs::create_directory(home.path() / "closed");
  fs::permissions(home.path() / "closed", fs::perms::owner_all);
  auto server = embedded_postgres::start(small(home.path() / "closed" / "data"));
  CAF_REQUIRE(!server.has_value());
  CAF_CHECK(contains(server.error().detail, "may not enter " + home.path().string() + "/closed;"));
}

CAF_TEST(an account that does not exist is named) {
  if (geteuid() != 0) return;
  temp_dir home;
  auto how = small(home.path() / "data");
  how.user = "no-such-account";
  auto server = embedded_postgres::start(how);
  CAF_REQUIRE(!server.has_value());
  CAF_CHECK(contains(server.error().detail, "no account no-such-account"));
}

CAF_TEST(data of another major version is not touched) {
  temp_dir home;
  CAF_REQUIRE(embedded_postgres::start(small(home.path() / "data")).has_value());
  std::ofstream{home.path() / "data" / "cluster" / "PG_VERSION"} << "9\n";
  auto server = embedded_postgres::start(small(home.path() / "data"));
  CAF_REQUIRE(!server.has_value());
  CAF_CHECK(contains(server.error().detail, "postgresql-9"));
}

CAF_TEST(a path too long for a socket works as well) {
  temp_dir home;
  auto server = embedded_postgres::start(small(home.path() / std::string(100, 'x')));
  CAF_REQUIRE(server.has_value());
  CAF_CHECK_EQUAL(query((*server)->dsn(), "SELECT 1"), "1");
  auto from = (*server)->dsn().find('\'') + 1;
  auto socket = (*server)->dsn().substr(from, (*server)->dsn().find('\'', from) - from);
  CAF_CHECK(!socket.starts_with(home.path().string()));
  CAF_CHECK(fs::is_directory(socket));
  server->reset();
  CAF_CHECK(!fs::exists(socket));
}

CAF_TEST(a full disk is named and the ballast lets the server recover) {
  temp_dir home;
  auto disk = home.path() / "disk";
  fs::create_directory(disk);
  if (geteuid() != 0 || mount("none", disk.c_str(), "tmpfs", 0, "size=160m,mode=0711") != 0) {
    CAF_MESSAGE("no right to mount: skipped");
    return;
  }
  {
    auto how = small(disk / "data");
    how.ballast_bytes = 32 << 20;
    auto first = embedded_postgres::start(how);
    CAF_REQUIRE(first.has_value());
    query((*first)->dsn(), "CREATE TABLE t AS SELECT 42 AS x");
    kill((*first)->pid(), SIGKILL);
    std::promise<void> gone;
    (*first)->on_exit([&](const std::string&) { gone.set_value(); });
    gone.get_future().wait();
    first->reset();
    fill(disk);
    auto second = embedded_postgres::start(how);
    CAF_REQUIRE(second.has_value());
    CAF_CHECK_EQUAL(query((*second)->dsn(), "SELECT x FROM t"), "42");
    CAF_CHECK(!fs::exists(disk / "data" / "ballast"));
    fs::remove(disk / "filler");
    (*second)->housekeep();
    CAF_CHECK(fs::exists(disk / "data" / "ballast"));
  }
  {
    fill(disk);
    auto third = embedded_postgres::start(small(disk / "other"));
    CAF_REQUIRE(!third.has_value());
    CAF_CHECK(contains(third.error().detail, "is full"));
  }
  CAF_CHECK_EQUAL(umount2(disk.c_str(), MNT_DETACH), 0);
}
