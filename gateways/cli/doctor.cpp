#include "gateways/cli/doctor.hpp"

#include "config/addresses.hpp"
#include "config/load.hpp"
#include "runtime/storage/account.hpp"
#include "runtime/storage/pg_layout.hpp"
#include "runtime/time/clock.hpp"

#include <arpa/inet.h>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <libpq-fe.h>
#include <memory>
#include <netdb.h>
#include <sys/socket.h>
#include <sys/timex.h>
#include <system_error>
#include <unistd.h>

namespace bpci::cli {

namespace {

namespace fs = std::filesystem;

/// Whoever has an earlier clock has none: this program is younger.
constexpr timestamp_ms clock_least{1'735'689'600'000}; // 2025-01-01T00:00:00Z

/// As libpq takes it: whole seconds, for each address.
constexpr const char* database_seconds_max = "3";

constexpr auto port_answer_max = std::chrono::milliseconds{2'000};

std::string text_of(int error) {
  return std::generic_category().message(error);
}

/// The folder itself, or the nearest one above it that exists.
fs::path existing(fs::path x) {
  std::error_code why;
  x = fs::absolute(x, why).lexically_normal();
  while (!fs::exists(x, why) && x.has_parent_path() && x != x.parent_path())
    x = x.parent_path();
  return x;
}

struct address_deleter {
  void operator()(addrinfo* x) const noexcept { ::freeaddrinfo(x); }
};

/// 0 when a listener could be opened there, else the errno.
int try_to_listen(const config::listen_settings& where) {
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const auto port = std::to_string(where.port);
  if (::getaddrinfo(where.host.c_str(), port.c_str(), &hints, &found) != 0) return EADDRNOTAVAIL;
  const std::unique_ptr<addrinfo, address_deleter> address{found};
  const auto open = ::socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (open < 0) return errno;
  // As the node does: connections that have just ended are not in the way.
  const int yes = 1;
  ::setsockopt(open, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  const auto bound =
      ::bind(open, address->ai_addr, address->ai_addrlen) == 0 && ::listen(open, 1) == 0;
  const auto why = bound ? 0 : errno;
  ::close(open);
  return why;
}

std::string url_of(const config::listen_settings& where) {
  auto host = where.host;
  if (host == "0.0.0.0") host = "127.0.0.1";
  if (host == "::") host = "::1";
  return "http://" + config::host_and_port(host, where.port);
}

finding bad(std::string name, std::string detail, std::string fix) {
  return {std::move(name), verdict::fail, std::move(detail), std::move(fix)};
}

/// libpq's texts end with line ends, and have several lines for several addresses.
std::string one_line(std::string text) {
  for (auto& x : text)
    if (x == '\n' || x == '\t') x = ' ';
  while (text.ends_with(' '))
    text.pop_back();
  return text;
}

} // namespace

finding check_data_dir(const config::node_config& c) {
  const fs::path folder{c.node.data_dir};
  const auto there = existing(folder);
  std::error_code why;
  if (!fs::is_directory(there, why))
    return bad("data directory", there.string() + " is not a folder",
               "Set node.data_dir to a folder, or move that file away.");
  if (::access(there.c_str(), W_OK | X_OK) != 0)
    return bad("data directory", there.string() + ": " + text_of(errno),
               "Give the account that runs the node the right to write there, or set "
               "node.data_dir to another folder.");
  const auto whole = fs::absolute(folder, why).lexically_normal();
  return {"data directory",
          verdict::ok,
          whole.string() + (there == whole ? " is writable" : " can be made"),
          {}};
}

finding check_postgres(const config::node_config& c) {
  const std::string name = "PostgreSQL";
  if (!c.storage.dsn.empty() || !c.storage.dsn_file.empty())
    return {name, verdict::skipped, "a database is configured", {}};
  const auto found = storage::find_binaries(c.storage.embedded.bin_dir, std::nullopt);
  if (!found)
    return bad(name, found.error().detail,
               "Install it (Debian: apt install postgresql), or set storage.embedded.bin_dir, or "
               "configure a database with storage.dsn_file.");
  if (::geteuid() == 0)
    if (const auto who = storage::find_account(c.storage.embedded.user); !who)
      return bad(name, who.error().detail,
                 "Make the account, or name another one with storage.embedded.user.");
  return {name, verdict::ok, "private, from " + found->string(), {}};
}

finding check_database(const config::node_config& c) {
  const std::string name = "database";
  const auto dsn = config::storage_dsn(c.storage);
  if (!dsn) return bad(name, dsn.error().detail, "Correct storage.dsn_file.");
  if (dsn->empty()) return {name, verdict::skipped, "the private one starts with the node", {}};
  const char* keys[]{"dbname", "connect_timeout", "application_name", nullptr};
  const char* values[]{dsn->c_str(), database_seconds_max, "bpci doctor", nullptr};
  const std::unique_ptr<PGconn, decltype(&PQfinish)> link{PQconnectdbParams(keys, values, 1),
                                                          &PQfinish};
  if (PQstatus(link.get()) != CONNECTION_OK)
    return bad(name, one_line(PQerrorMessage(link.get())),
               "Check that the database runs, that its address is right, and that pg_hba.conf lets "
               "this machine in.");
  return {name,
          verdict::ok,
          "PostgreSQL " + std::to_string(PQserverVersion(link.get()) / 10'000) + " answers",
          {}};
}

finding check_clock(timestamp_ms now) {
  if (now < clock_least)
    return bad("clock", "it says " + rfc3339(now), "Set the clock, then keep it right with NTP.");
  timex state{};
  if (::adjtimex(&state) == TIME_ERROR || (state.status & STA_UNSYNC) != 0)
    return {"clock", verdict::warn, rfc3339(now) + ", not kept by NTP",
            "Run an NTP client such as chrony: messages are refused when clocks differ."};
  return {"clock", verdict::ok, rfc3339(now), {}};
}

finding check_port(const context& with, const config::node_config& c) {
  const auto where = url_of(c.listen);
  const auto why = try_to_listen(c.listen);
  if (why == 0) return {"port", verdict::ok, where + " is free", {}};
  if (why != EADDRINUSE)
    return bad("port", where + ": " + text_of(why),
               why == EACCES ? "Choose a port above 1023 with listen.port."
                             : "Set listen.host to an address of this machine.");
  api node{with.around(), url_of(c.listen), {}, port_answer_max};
  if (node.get("/health")) return {"port", verdict::ok, where + ": a node answers", {}};
  return bad("port", where + " is taken by a program that is no bpci node",
             "Stop that program, or choose another port with listen.port.");
}

findings check_api(const context& with, const config::node_config& c) {
  const auto secret = with.token();
  if (!secret) return {bad("token", secret.error().detail, secret.error().next_step)};
  api node{with.around(), with.url_given() ? with.url() : url_of(c.listen), *secret,
           with.timeout()};
  findings out;
  if (const auto alive = node.get("/health"); !alive) {
    out.push_back(bad("API", alive.error().detail, alive.error().next_step));
    out.push_back({"token", verdict::skipped, "the API does not answer", {}});
    return out;
  }
  out.push_back({"API", verdict::ok, node.base_url() + " answers", {}});
  const auto ready = node.get("/health/ready");
  if (!ready)
    out.push_back(bad("ready",
                      ready.error().detail.empty() ? ready.error().title : ready.error().detail,
                      ready.error().next_step));
  else
    out.push_back({"ready", verdict::ok, "the node serves", {}});
  const auto stats = node.get("/api/v1/oracle/stats");
  if (stats)
    out.push_back({"token", verdict::ok, "accepted", {}});
  else
    out.push_back(bad("token", stats.error().title, stats.error().next_step));
  return out;
}

} // namespace bpci::cli
