#include "test_server.hpp"

#include <pqxx/connection>
#include <pqxx/nontransaction>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <thread>
#include <unistd.h>

/// libpqxx 6.4 loses the result of a query (2 kB) when the connection breaks under it: its
/// `make_result` asks for the encoding, which throws, before anything owns the result.
extern "C" const char* __lsan_default_suppressions() { // NOLINT(bugprone-reserved-identifier)
  return "leak:PQmakeEmptyPGresult\n";
}

namespace bpci::storage::test {

namespace {

/// Servers sync their files; in memory that takes no time, where there is enough of it.
std::string home_of_tests() {
  constexpr std::uintmax_t needed = std::uintmax_t{1} << 30;
  std::error_code error;
  auto space = std::filesystem::space("/dev/shm", error);
  return !error && space.available > needed ? "/dev/shm" : "/tmp";
}

} // namespace

temp_dir::temp_dir() {
  auto name = home_of_tests() + "/bpci-test-XXXXXX";
  if (!mkdtemp(name.data())) throw std::runtime_error("mkdtemp");
  path_ = name;
  // As root the server runs under another account, which has to pass.
  std::filesystem::permissions(path_, std::filesystem::perms{0711});
}

temp_dir::~temp_dir() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

embedded_options small(const std::filesystem::path& data_dir) {
  embedded_options how;
  how.data_dir = data_dir;
  how.shared_buffers_mib = 16;
  how.ballast_bytes = 1 << 20;
  return how;
}

embedded_postgres& shared_server() {
  static temp_dir home;
  static auto server = embedded_postgres::start(small(home.path() / "data")).value();
  return *server;
}

std::string fresh_database() {
  static std::atomic<int> count{0};
  auto& server = shared_server();
  auto admin = server.dsn();
  admin.replace(admin.find("user=bpci"), 9, "user=postgres");
  auto name = "test" + std::to_string(++count);
  query(admin, "CREATE DATABASE " + name + " OWNER bpci");
  auto dsn = server.dsn();
  return dsn.replace(dsn.find("dbname=bpci"), 11, "dbname=" + name);
}

std::string query(const std::string& conninfo, const std::string& sql) {
  pqxx::connection connection{conninfo};
  pqxx::nontransaction session{connection};
  auto rows = session.exec(sql);
  return rows.empty() || rows.columns() == 0 ? "" : rows[0][0].as<std::string>("");
}

bool eventually(const std::function<bool()>& ready) {
  for (int i = 0; i < 500; ++i) {
    if (ready()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds{20});
  }
  return ready();
}

bool process_exists(pid_t pid) {
  std::ifstream in{"/proc/" + std::to_string(pid) + "/stat"};
  std::string number, name, state;
  return in >> number >> name >> state && state != "Z";
}

} // namespace bpci::storage::test
