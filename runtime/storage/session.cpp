#include "runtime/storage/session.hpp"

#include <fcntl.h>
#include <libpq-fe.h>
#include <map>
#include <sys/socket.h>
#include <unistd.h>

namespace bpci::storage {

namespace {

constexpr std::uint64_t the_only_job = 1;

std::string quoted(const std::string& value) {
  auto text = std::string{"'"};
  for (auto c : value) {
    if (c == '\'' || c == '\\') text += '\\';
    text += c;
  }
  return text + "'";
}

std::map<std::string, std::string> parse(const std::string& conninfo) {
  char* problem = nullptr;
  auto* parsed = PQconninfoParse(conninfo.c_str(), &problem);
  if (!parsed) {
    auto text = std::string{problem ? problem : "out of memory"};
    PQfreemem(problem);
    throw pqxx::broken_connection{text};
  }
  std::map<std::string, std::string> values;
  for (auto* option = parsed; option->keyword; ++option)
    if (option->val) values[option->keyword] = option->val;
  PQconninfoFree(parsed);
  return values;
}

std::string setting(const char* name, std::chrono::milliseconds value) {
  return std::string{" -c "} + name + "=" + std::to_string(value.count());
}

std::string complete(const session_options& how) {
  auto values = parse(how.conninfo);
  values.try_emplace("connect_timeout", std::to_string(connect_max.count()));
  values["client_encoding"] = "UTF8";
  if (!how.application_name.empty()) values["application_name"] = how.application_name;
  values["options"] +=
      setting("statement_timeout", how.statement_max)
      + setting("idle_in_transaction_session_timeout", how.idle_in_transaction_max);
  std::string text;
  for (const auto& [key, value] : values)
    text += key + "=" + quoted(value) + " ";
  return text;
}

} // namespace

wire::~wire() {
  closed();
}

void wire::opened(int socket) {
  closed();
  std::lock_guard lock{mutex_};
  socket_ = fcntl(socket, F_DUPFD_CLOEXEC, 3);
  reachable_ = true;
}

void wire::closed() {
  std::lock_guard lock{mutex_};
  if (socket_ >= 0) close(socket_);
  socket_ = -1;
}

void wire::failed_to_open() {
  std::lock_guard lock{mutex_};
  reachable_ = false;
}

void wire::take(std::uint64_t job) {
  std::lock_guard lock{mutex_};
  job_ = job;
  begun_ = false;
  cut_ = false;
}

bool wire::begin() {
  std::lock_guard lock{mutex_};
  begun_ = !cut_;
  return begun_;
}

void wire::end() {
  std::lock_guard lock{mutex_};
  job_ = 0;
}

bool wire::pause(std::chrono::milliseconds time) {
  std::unique_lock lock{mutex_};
  return !changed_.wait_for(lock, time, [this] { return cut_; });
}

wire::stage wire::cut(std::uint64_t job) {
  std::lock_guard lock{mutex_};
  if (job_ != job) return stage::over;
  cut_ = true;
  if (socket_ >= 0) shutdown(socket_, SHUT_RDWR);
  changed_.notify_all();
  return begun_ ? stage::begun : stage::not_begun;
}

bool wire::connected() const {
  std::lock_guard lock{mutex_};
  return socket_ >= 0;
}

bool wire::reachable() const {
  std::lock_guard lock{mutex_};
  return reachable_;
}

deadline_scope::deadline_scope(wire& it, std::chrono::milliseconds longest) : wire_(it) {
  wire_.take(the_only_job);
  thread_ = std::thread{[this, longest] {
    std::unique_lock lock{mutex_};
    if (!over_.wait_for(lock, longest, [this] { return done_; })) wire_.cut(the_only_job);
  }};
}

deadline_scope::~deadline_scope() {
  {
    std::lock_guard lock{mutex_};
    done_ = true;
  }
  over_.notify_all();
  thread_.join();
  wire_.end();
}

std::unique_ptr<pqxx::connection> open_session(const session_options& how, wire& it) {
  it.closed();
  auto connection = std::make_unique<pqxx::connection>(complete(how));
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
  // Deprecated because libpqxx 7 never reactivates; 6.4 does unless told not to.
  connection->inhibit_reactivation(true);
#pragma GCC diagnostic pop
  it.opened(connection->sock());
  return connection;
}

} // namespace bpci::storage
