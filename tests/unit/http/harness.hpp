#pragma once

#include "gateways/http/client.hpp"
#include "gateways/http/problem.hpp"
#include "gateways/http/server.hpp"

#include <arpa/inet.h>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <netinet/in.h>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

/// A server on loopback and a client that says exactly what it is told, byte by byte.
namespace bpci::http::test {

using namespace std::chrono_literals;

constexpr auto patience = 5'000ms;

/// Waits for something that another thread brings about.
template <class Predicate>
bool eventually(Predicate holds, std::chrono::milliseconds within = patience) {
  const auto until = std::chrono::steady_clock::now() + within;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(2ms);
  }
  return true;
}

/// A TCP connection without any knowledge of HTTP.
class raw_client {
public:
  explicit raw_client(std::uint16_t port, int receive_buffer = 0)
      : handle_(::socket(AF_INET, SOCK_STREAM, 0)) {
    if (receive_buffer > 0)
      ::setsockopt(handle_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    const timeval limit{.tv_sec = 5, .tv_usec = 0};
    ::setsockopt(handle_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    ::setsockopt(handle_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::connect(handle_, reinterpret_cast<const sockaddr*>(&to), sizeof to);
  }
  ~raw_client() {
    if (handle_ >= 0) ::close(handle_);
  }
  raw_client(raw_client&& other) noexcept
      : handle_(std::exchange(other.handle_, -1)), rest_(std::move(other.rest_)) {}

  /// How much the connection took; less than all once it is broken or full for 5 s.
  std::size_t send(std::string_view text) {
    std::size_t done = 0;
    while (done < text.size()) {
      const auto n = ::send(handle_, text.data() + done, text.size() - done, MSG_NOSIGNAL);
      if (n <= 0) break;
      done += static_cast<std::size_t>(n);
    }
    return done;
  }

  /// What fits now, without waiting.
  std::size_t send_now(std::string_view text) {
    const auto n = ::send(handle_, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    return n > 0 ? static_cast<std::size_t>(n) : 0;
  }

  /// Up to `text` included; what there is if the connection ends first.
  std::string read_until(std::string_view text) {
    for (;;) {
      if (const auto at = rest_.find(text); at != std::string::npos) return cut(at + text.size());
      if (!more()) return cut(rest_.size());
    }
  }

  std::string read_bytes(std::size_t count) {
    while (rest_.size() < count && more()) {
    }
    return cut(std::min(count, rest_.size()));
  }

  std::string read_all() {
    while (more()) {
    }
    return cut(rest_.size());
  }

  /// One answer with a Content-Length: the head and the body.
  std::pair<std::string, std::string> read_answer() {
    auto head = read_until("\r\n\r\n");
    std::size_t length = 0;
    if (const auto at = head.find("Content-Length: "); at != std::string::npos)
      length = std::stoul(head.substr(at + 16));
    return {head, read_bytes(length)};
  }

  /// Whether the other side has closed, within the receive timeout.
  bool ended() { return rest_.empty() && !more() && ended_; }

private:
  bool more() {
    char buffer[65536];
    const auto n = ::recv(handle_, buffer, sizeof buffer, 0);
    ended_ = n == 0 || (n < 0 && errno == ECONNRESET);
    if (n <= 0) return false;
    rest_.append(buffer, static_cast<std::size_t>(n));
    return true;
  }

  std::string cut(std::size_t count) {
    auto out = rest_.substr(0, count);
    rest_.erase(0, count);
    return out;
  }

  int handle_;
  std::string rest_;
  bool ended_ = false;
};

/// Keeps what a WebSocket brought, and grants nothing by itself.
class recorder : public socket_listener {
public:
  explicit recorder(std::shared_ptr<socket> where, bool echo = false)
      : where_(std::move(where)), echo_(echo) {}

  void on_frames(std::vector<frame> frames) override {
    if (echo_) {
      for (auto& x : frames)
        where_->send(std::move(x.data), x.kind);
      where_->grant(frames.size());
    }
    std::lock_guard lock{mutex_};
    ++calls_;
    count_ += frames.size();
    for (auto& x : frames)
      if (!echo_) frames_.push_back(std::move(x));
  }
  void on_writable() override { ++writable_; }
  void on_closed(ec why, std::string detail) override {
    std::lock_guard lock{mutex_};
    ends_.push_back({why, std::move(detail)});
  }

  socket& where() { return *where_; }
  std::size_t count() const {
    std::lock_guard lock{mutex_};
    return count_;
  }
  std::size_t calls() const {
    std::lock_guard lock{mutex_};
    return calls_;
  }
  std::vector<close_info> ends() const {
    std::lock_guard lock{mutex_};
    return ends_;
  }
  int writable() const { return writable_; }

private:
  std::shared_ptr<socket> where_;
  bool echo_;
  mutable std::mutex mutex_;
  std::size_t calls_ = 0;
  std::size_t count_ = 0;
  std::vector<frame> frames_;
  std::vector<close_info> ends_;
  std::atomic<int> writable_{0};
};

/// A handler with one path for each situation.
class scripted : public handler {
public:
  void on_request(request what, responder answer) override {
    if (what.path == "/hello") return answer(text_response("hello", "text/plain"));
    if (what.path == "/echo") return answer(text_response(what.body, "text/plain"));
    if (what.path == "/big") return answer(text_response(std::string(8 << 20, 'x'), "text/plain"));
    if (what.path == "/throw") throw std::runtime_error("on purpose");
    if (what.path == "/inject") {
      auto out = text_response("x", "text/plain");
      out.headers.set("X-Good", "yes");
      out.headers.set("X-Bad", "a\r\nX-Injected: yes");
      return answer(std::move(out));
    }
    if (what.path == "/drop") return;
    std::lock_guard lock{mutex_};
    if (what.path == "/hold")
      held_.push_back(answer);
    else
      answer(problem(fail(ec::not_found), what.id));
  }

  result<std::shared_ptr<socket_listener>> on_websocket(upgrade_request what,
                                                        std::shared_ptr<socket> where) override {
    if (what.path == "/refuse") return fail(ec::not_permitted, "no WebSocket for you");
    if (what.path == "/throw") throw std::runtime_error("on purpose");
    if (what.path == "/greet") where->send(bytes{'h', 'i'}, frame_kind::text);
    auto out = std::make_shared<recorder>(std::move(where), what.path == "/echo");
    std::lock_guard lock{mutex_};
    sockets_.push_back(out);
    return std::shared_ptr<socket_listener>{std::move(out)};
  }

  std::size_t held() const {
    std::lock_guard lock{mutex_};
    return held_.size();
  }
  responder take_held() {
    std::lock_guard lock{mutex_};
    auto out = std::move(held_.back());
    held_.pop_back();
    return out;
  }
  /// The latest WebSocket; waits until there is one.
  std::shared_ptr<recorder> last_socket() {
    eventually([&] {
      std::lock_guard lock{mutex_};
      return !sockets_.empty();
    });
    std::lock_guard lock{mutex_};
    return sockets_.empty() ? nullptr : sockets_.back();
  }

private:
  mutable std::mutex mutex_;
  std::vector<responder> held_;
  std::vector<std::shared_ptr<recorder>> sockets_;
};

/// A running server.
struct running {
  explicit running(server_options how = {}) : who(std::make_shared<scripted>()) {
    it = make_server(std::move(how), who);
    port = it->start().value();
  }

  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port); }
  [[nodiscard]] std::string ws(const std::string& path) const {
    return "ws://127.0.0.1:" + std::to_string(port) + path;
  }
  [[nodiscard]] std::unique_ptr<websocket_client> connect(const std::string& path) const {
    websocket_client_options how;
    how.url = ws(path);
    auto out = websocket_client::connect(how);
    return out ? std::move(*out) : nullptr;
  }

  std::shared_ptr<scripted> who;
  std::unique_ptr<server> it;
  std::uint16_t port = 0;
};

inline std::string get(const std::string& path) {
  return "GET " + path + " HTTP/1.1\r\nHost: test\r\n\r\n";
}

inline bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

} // namespace bpci::http::test
