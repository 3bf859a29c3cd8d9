#define CAF_SUITE pg_layout

#include "runtime/storage/pg_layout.hpp"

#include <caf/test/unit_test.hpp>

#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

using namespace bpci;
using namespace bpci::storage;
namespace fs = std::filesystem;

namespace {

struct fixture {
  fs::path folder = fs::temp_directory_path() / ("bpci-layout-" + std::to_string(getpid()));
  fixture() { fs::create_directory(folder); }
  ~fixture() { fs::remove_all(folder); }

  static unsigned mode(const fs::path& file) {
    struct stat what {};
    stat(file.c_str(), &what);
    return what.st_mode & 0777u;
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(pg_layout_tests, fixture)

CAF_TEST(the folder of the socket is closed to others) {
  auto made = make_layout(folder / "data", std::nullopt);
  CAF_REQUIRE(made.has_value());
  CAF_CHECK_EQUAL(made->socket, folder / "data" / "socket");
  CAF_CHECK_EQUAL(mode(made->socket), 0700u);
  CAF_CHECK_EQUAL(mode(made->log), 0700u);
}

CAF_TEST(a socket whose path would be too long stands elsewhere) {
  auto made = make_layout(folder / std::string(100, 'x'), std::nullopt);
  CAF_REQUIRE(made.has_value());
  CAF_CHECK(made->socket.native().size() < 80);
  CAF_CHECK_EQUAL(mode(made->socket), 0700u);
  fs::remove(made->socket);
}

CAF_TEST(a socket folder that is not ours is refused) {
  fs::create_directory(folder / "data");
  std::ofstream{folder / "data" / "socket"} << "not a folder";
  auto made = make_layout(folder / "data", std::nullopt);
  CAF_REQUIRE(!made.has_value());
  CAF_CHECK(made.error().code == ec::storage_failed);
  CAF_CHECK(made.error().detail.find("/data/socket") != std::string::npos);
}

CAF_TEST(a directory is held once) {
  auto first = directory_lock::take(folder / "lock");
  CAF_REQUIRE(first.has_value());
  auto second = directory_lock::take(folder / "lock");
  CAF_REQUIRE(!second.has_value());
  CAF_CHECK(second.error().detail.find("another node") != std::string::npos);
}

CAF_TEST(a missing server names the package) {
  auto found = find_binaries({}, "7");
  CAF_REQUIRE(!found.has_value());
  CAF_CHECK(found.error().detail.find("apt install postgresql-7") != std::string::npos);
}

CAF_TEST(only the newest logs are kept) {
  for (auto i = 10; i < 18; ++i)
    std::ofstream{folder / ("postgres-202401" + std::to_string(i) + "-000000.log")} << "x";
  std::ofstream{folder / "start.log"} << "x";
  prune_logs(folder);
  CAF_CHECK(!fs::exists(folder / "postgres-20240112-000000.log"));
  CAF_CHECK(fs::exists(folder / "postgres-20240113-000000.log"));
  CAF_CHECK(fs::exists(folder / "start.log"));
  CAF_CHECK_EQUAL(newest_log(folder), folder / "postgres-20240117-000000.log");
}

CAF_TEST(the last words of a server leave out what went well) {
  std::ofstream{folder / "log"} << "LOG:  starting\nFATAL:  no\nHINT:  try\nLOG:  down\n";
  CAF_CHECK_EQUAL(last_words(folder / "log"), "FATAL:  no HINT:  try");
  CAF_CHECK_EQUAL(last_words(folder / "missing"), "");
}

CAF_TEST(the ballast takes real space) {
  CAF_CHECK(make_ballast(folder / "ballast", 1 << 20));
  struct stat what {};
  stat((folder / "ballast").c_str(), &what);
  CAF_CHECK(what.st_blocks * 512 >= 1 << 20);
  CAF_CHECK(!make_ballast(folder / "ballast", 1 << 20));
}

CAF_TEST_FIXTURE_SCOPE_END()
