#include "tcp_proxy.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cstring>
#include <deque>
#include <fcntl.h>
#include <list>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdexcept>
#include <string>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

namespace bpci::chaos {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::size_t held_max = 1 << 20; ///< bytes in one direction; then nothing more is read
constexpr int backlog = 64;

[[noreturn]] void give_up(const char* what) {
  throw std::runtime_error(std::string{"proxy: "} + what + ": " + std::strerror(errno));
}

/// A file that is closed with the object.
class handle {
public:
  explicit handle(int file = -1) : file_(file) {}
  handle(handle&& x) noexcept : file_(std::exchange(x.file_, -1)) {}
  handle& operator=(handle&& x) noexcept {
    std::swap(file_, x.file_);
    return *this;
  }
  ~handle() {
    if (file_ >= 0) close(file_);
  }
  [[nodiscard]] int get() const noexcept { return file_; }
  [[nodiscard]] bool open() const noexcept { return file_ >= 0; }

private:
  int file_;
};

handle listen_on(const std::string& host) {
  handle out{socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  if (!out.open()) give_up("socket");
  sockaddr_in where{};
  where.sin_family = AF_INET;
  if (inet_pton(AF_INET, host.c_str(), &where.sin_addr) != 1) give_up("the address");
  if (bind(out.get(), reinterpret_cast<const sockaddr*>(&where), sizeof where) != 0)
    give_up("bind");
  if (listen(out.get(), backlog) != 0) give_up("listen");
  return out;
}

handle connect_to(const std::filesystem::path& path) {
  handle out{socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  sockaddr_un where{};
  where.sun_family = AF_UNIX;
  if (!out.open() || path.native().size() >= sizeof where.sun_path) return handle{};
  std::ranges::copy(path.native(), where.sun_path);
  if (connect(out.get(), reinterpret_cast<const sockaddr*>(&where), sizeof where) != 0)
    return handle{};
  fcntl(out.get(), F_SETFL, O_NONBLOCK);
  return out;
}

handle connect_to(const sockaddr_in& where) {
  handle out{socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  if (!out.open()) return handle{};
  if (connect(out.get(), reinterpret_cast<const sockaddr*>(&where), sizeof where) != 0)
    return handle{};
  const int yes = 1;
  setsockopt(out.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  fcntl(out.get(), F_SETFL, O_NONBLOCK);
  return out;
}

/// Bytes on their way from one socket to the other.
class direction {
public:
  [[nodiscard]] bool takes() const noexcept { return !ended_ && held_ < held_max; }
  [[nodiscard]] bool holds() const noexcept { return !chunks_.empty(); }
  [[nodiscard]] bool done() const noexcept { return ended_ && chunks_.empty(); }

  [[nodiscard]] bool due(steady_clock::time_point now) const {
    return holds() && chunks_.front().due <= now;
  }
  [[nodiscard]] steady_clock::time_point next() const { return chunks_.front().due; }

  /// False when the connection is broken.
  bool read_from(int file, milliseconds delay) {
    std::array<char, 64 * 1024> part{};
    const auto n = recv(file, part.data(), part.size(), 0);
    if (n < 0) return errno == EAGAIN || errno == EINTR;
    if (n == 0) {
      ended_ = true;
      return true;
    }
    held_ += static_cast<std::size_t>(n);
    chunks_.push_back({steady_clock::now() + delay, std::string(part.data(), part.data() + n)});
    return true;
  }

  bool write_to(int file, steady_clock::time_point now) {
    while (due(now)) {
      auto& text = chunks_.front().text;
      const auto n = send(file, text.data(), text.size(), MSG_NOSIGNAL);
      if (n < 0) return errno == EAGAIN || errno == EINTR;
      held_ -= static_cast<std::size_t>(n);
      text.erase(0, static_cast<std::size_t>(n));
      if (text.empty()) chunks_.pop_front();
    }
    if (done() && !closed_) {
      closed_ = true;
      shutdown(file, SHUT_WR);
    }
    return true;
  }

private:
  struct chunk {
    steady_clock::time_point due;
    std::string text;
  };
  std::deque<chunk> chunks_;
  std::size_t held_ = 0;
  bool ended_ = false;
  bool closed_ = false;
};

struct link {
  handle client;
  handle server;
  direction up;
  direction down;
  bool broken = false;
};

} // namespace

class tcp_proxy::loop {
public:
  loop(const std::string& host, std::filesystem::path upstream)
      : host_(host),
        upstream_(std::move(upstream)),
        listener_(listen_on(host)),
        wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    sockaddr_in where{};
    socklen_t size = sizeof where;
    getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&where), &size);
    port_ = ntohs(where.sin_port);
    thread_ = std::thread{[this] { run(); }};
  }

  ~loop() {
    ending_ = true;
    wake();
    thread_.join();
  }

  void wake() {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = write(wake_.get(), &one, sizeof one);
  }

  std::atomic<mode> how{mode::pass};
  std::atomic<milliseconds::rep> delay_ms{0};
  std::atomic<std::uint16_t> upstream_port{0}; ///< 0: not known yet
  std::atomic<bool> drop{false};
  std::atomic<std::size_t> count{0};

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

private:
  void run() {
    while (!ending_) {
      const auto now_how = how.load();
      if (drop.exchange(false) || now_how == mode::refuse) links_.clear();
      count = links_.size();
      wait(now_how);
      if (now_how == mode::stall) continue;
      accept_all();
      for (auto& x : links_)
        serve(x);
      links_.remove_if([](const auto& x) { return x.broken || (x.up.done() && x.down.done()); });
    }
  }

  /// Until something can be done, or a delayed chunk is due.
  void wait(mode now_how) {
    std::vector<pollfd> watched{{wake_.get(), POLLIN, 0}};
    auto until = steady_clock::now() + milliseconds{1'000};
    if (now_how != mode::stall) {
      watched.push_back({listener_.get(), POLLIN, 0});
      for (const auto& x : links_) {
        watch(watched, x.client.get(), x.up, x.down, until);
        watch(watched, x.server.get(), x.down, x.up, until);
      }
    }
    const auto left = std::chrono::ceil<milliseconds>(until - steady_clock::now()).count();
    poll(watched.data(), watched.size(), static_cast<int>(std::max<milliseconds::rep>(left, 0)));
    std::uint64_t ignored = 0;
    [[maybe_unused]] const auto n = read(wake_.get(), &ignored, sizeof ignored);
  }

  static void watch(std::vector<pollfd>& out, int file, const direction& from, const direction& to,
                    steady_clock::time_point& until) {
    const auto now = steady_clock::now();
    short events = 0;
    if (from.takes()) events |= POLLIN;
    if (to.due(now)) events |= POLLOUT;
    if (to.holds() && !to.due(now)) until = std::min(until, to.next());
    if (events != 0) out.push_back({file, events, 0});
  }

  void accept_all() {
    for (;;) {
      handle client{accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)};
      if (!client.open()) return;
      // Asked for after the accept: who connects after `set_mode` finds the new mode.
      if (how == mode::refuse) continue;
      auto server = connect_upstream();
      if (!server.open()) continue;
      const int yes = 1;
      setsockopt(client.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
      links_.push_back({std::move(client), std::move(server), {}, {}, false});
    }
  }

  [[nodiscard]] handle connect_upstream() const {
    if (!upstream_.empty()) return connect_to(upstream_);
    if (upstream_port == 0) return handle{};
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_port = htons(upstream_port);
    if (inet_pton(AF_INET, host_.c_str(), &where.sin_addr) != 1) return handle{};
    return connect_to(where);
  }

  void serve(link& x) const {
    const milliseconds delay{delay_ms.load()};
    if (x.up.takes() && !x.up.read_from(x.client.get(), delay)) x.broken = true;
    if (x.down.takes() && !x.down.read_from(x.server.get(), milliseconds{0})) x.broken = true;
    // Later than the reading: what has no delay is due.
    const auto now = steady_clock::now();
    if (!x.up.write_to(x.server.get(), now)) x.broken = true;
    if (!x.down.write_to(x.client.get(), now)) x.broken = true;
    if (x.down.done()) x.broken = true;
  }

  std::string host_;
  std::filesystem::path upstream_;
  handle listener_;
  handle wake_;
  std::uint16_t port_ = 0;
  std::list<link> links_;
  std::atomic<bool> ending_{false};
  std::thread thread_;
};

tcp_proxy::tcp_proxy(const std::string& host, std::filesystem::path upstream)
    : loop_(std::make_unique<loop>(host, std::move(upstream))) {}

tcp_proxy::tcp_proxy(const std::string& host) : tcp_proxy(host, std::filesystem::path{}) {}

tcp_proxy::~tcp_proxy() = default;

std::uint16_t tcp_proxy::port() const noexcept {
  return loop_->port();
}

void tcp_proxy::set_upstream(std::uint16_t port) {
  loop_->upstream_port = port;
}

void tcp_proxy::set_mode(mode x) {
  loop_->how = x;
  loop_->wake();
}

void tcp_proxy::set_delay(std::chrono::milliseconds x) {
  loop_->delay_ms = x.count();
  loop_->wake();
}

void tcp_proxy::drop_all() {
  loop_->drop = true;
  loop_->wake();
}

std::size_t tcp_proxy::connections() const {
  return loop_->count;
}

} // namespace bpci::chaos
