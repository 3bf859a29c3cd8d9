#include "gateways/http/beast_http_session.hpp"
#include "gateways/http/problem.hpp"
#include "gateways/http/server.hpp"
#include "runtime/log/log.hpp"

#include <boost/asio/ip/address.hpp>

#include <algorithm>
#include <array>
#include <future>
#include <thread>

namespace bpci::http {

namespace {

using namespace io;
using namespace std::chrono_literals;

/// Connections over the bound that get a proper answer at the same time. The others are told in one
/// write and closed at once: whoever has sent nothing yet will read it, too.
constexpr std::size_t refused_at_once_max = 64;

/// The answer to those others.
std::string short_refusal() {
  const auto what = problem(fail(ec::too_many_connections), correlation_id{"refused"});
  return "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 1\r\nContent-Type: "
         + what.content_type + "\r\nContent-Length: " + std::to_string(what.body.size())
         + "\r\n\r\n" + what.body;
}

/// Nothing here can block, and nothing is kept.
void turn_away(tcp_socket& socket) {
  static const auto text = short_refusal();
  std::array<char, 4096> unread; // closing with something unread would take the answer back
  error_code ignored;
  socket.read_some(asio::buffer(unread), ignored);
  socket.write_some(asio::buffer(text), ignored);
  socket.shutdown(tcp_socket::shutdown_send, ignored);
}

/// What a node out of file descriptors waits before it accepts again.
constexpr auto accept_pause = 100ms;

constexpr auto stop_poll = 5ms;

/// Fine enough for the shortest deadline, and no more often than needed.
std::chrono::milliseconds tick_for(const server_options& how) {
  const auto& ws = how.websocket;
  const auto least =
      std::min({how.header_timeout, how.body_timeout, how.request_timeout, how.idle_timeout,
                ws.write_stall, ws.ping_interval, ws.idle, ws.close_max});
  return std::clamp(least / 4, 10ms, 1'000ms);
}

failure not_bound(const server_options& how, error_code why) {
  const auto where = how.host + ":" + std::to_string(how.port);
  if (why == asio::error::address_in_use) return fail(ec::address_in_use, where);
  return fail(ec::config_invalid, where + ": " + why.message());
}

class beast_server final : public server {
public:
  beast_server(server_options how, std::shared_ptr<handler> who) {
    core_.options = std::move(how);
    core_.who = std::move(who);
    const auto count = std::max<std::size_t>(core_.options.io_threads, 1);
    for (std::size_t i = 0; i < count; ++i)
      loops_.push_back(std::make_unique<loop>(tick_for(core_.options)));
  }

  ~beast_server() override { stop(0ms); }

  result<std::uint16_t> start() override {
    error_code why;
    const auto address = asio::ip::make_address(core_.options.host, why);
    if (why) return fail(ec::config_invalid, core_.options.host + " is not an IP address");
    const asio::ip::tcp::endpoint where{address, core_.options.port};
    acceptor_.emplace(loops_.front()->context());
    pause_.emplace(loops_.front()->context());
    if (acceptor_->open(where.protocol(), why)
        || acceptor_->set_option(asio::socket_base::reuse_address(true), why)
        || acceptor_->bind(where, why)
        || acceptor_->listen(tcp_acceptor::max_listen_connections, why))
      return not_bound(core_.options, why);
    const auto port = acceptor_->local_endpoint().port();
    for (const auto& x : loops_)
      x->start();
    started_ = true;
    loops_.front()->post_box()->post([this] { accept(); });
    return port;
  }

  void stop(std::chrono::milliseconds within) override {
    if (!started_) return;
    started_ = false;
    const auto deadline = clock::now() + within;
    core_.stopping = true;
    close_acceptor();
    for (const auto& x : loops_)
      x->post_box()->post([&loop = *x] { loop.shut_all(); });
    while (clock::now() < deadline && core_.http_connections + core_.websockets > 0)
      std::this_thread::sleep_for(stop_poll);
    for (const auto& x : loops_)
      x->end();
  }

  [[nodiscard]] server_stats stats() const override {
    return {.http_connections = core_.http_connections,
            .websockets = core_.websockets,
            .accepted = core_.accepted,
            .refused = core_.refused,
            .requests = core_.requests};
  }

private:
  /// When it returns, no connection can be added to a loop any more.
  void close_acceptor() {
    std::promise<void> done;
    loops_.front()->post_box()->post([this, &done] {
      error_code ignored;
      acceptor_->close(ignored);
      pause_->cancel();
      done.set_value();
    });
    done.get_future().wait();
  }

  void accept() {
    auto& where = *loops_[next_++ % loops_.size()];
    const auto peer = std::make_shared<tcp_socket>(where.context());
    acceptor_->async_accept(*peer, [this, peer, &where](error_code why) {
      if (core_.stopping || why == asio::error::operation_aborted) return;
      if (why) return pause(why);
      // A socket belongs to its loop from here on.
      where.post_box()->post([this, peer, &where] { welcome(std::move(*peer), where); });
      accept();
    });
  }

  void pause(error_code why) {
    log::warn("http-accept-failed", {{"why", why.message()}});
    pause_->expires_after(accept_pause);
    pause_->async_wait([this](error_code aborted) {
      if (!aborted && !core_.stopping) accept();
    });
  }

  void welcome(tcp_socket socket, loop& where) {
    ++core_.accepted;
    error_code why;
    const auto remote = socket.remote_endpoint(why);
    socket.set_option(asio::ip::tcp::no_delay(true), why);
    socket.set_option(asio::socket_base::keep_alive(true), why);
    socket.non_blocking(true, why);
    // The other side may be gone already.
    if (why) return;
    const auto open = core_.http_connections.load();
    const auto full = open >= core_.options.max_http_connections;
    if (full) ++core_.refused;
    if (open >= core_.options.max_http_connections + refused_at_once_max) return turn_away(socket);
    const auto session = std::make_shared<http_session>(std::move(socket), where, core_,
                                                        remote.address().to_string());
    where.add(session);
    if (full)
      session->refuse(fail(ec::too_many_connections));
    else if (core_.stopping)
      session->cut();
    else
      session->start();
  }

  server_core core_;
  std::vector<std::unique_ptr<loop>> loops_; ///< After the core, which their connections use.
  std::optional<tcp_acceptor> acceptor_;
  std::optional<timer> pause_;
  std::size_t next_ = 0;
  bool started_ = false;
};

} // namespace

std::unique_ptr<server> make_server(server_options how, std::shared_ptr<handler> who) {
  return std::make_unique<beast_server>(std::move(how), std::move(who));
}

} // namespace bpci::http
