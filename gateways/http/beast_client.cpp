#include "gateways/http/beast_address.hpp"
#include "gateways/http/beast_websocket.hpp"
#include "gateways/http/client.hpp"

#include <boost/asio/connect.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>

#include <condition_variable>
#include <deque>
#include <future>
#include <mutex>
#include <optional>

namespace bpci::http {

namespace {

using namespace io;
namespace bhttp = boost::beast::http;
using tcp = asio::ip::tcp;
using resolver = asio::ip::basic_resolver<tcp, executor>;

constexpr std::size_t answer_bytes_max = 64 * 1024 * 1024;

/// Runs single operations of its own I/O context to their end, or to a deadline.
class blocking {
public:
  explicit blocking(time_point deadline) : deadline_(deadline) {}

  asio::io_context& context() noexcept { return context_; }

  /// `start(done)` begins an operation that calls `done(error, ...)`; `abort` makes it end early.
  template <class Start, class Abort>
  error_code wait(Start&& start, Abort&& abort) {
    std::optional<error_code> out;
    start([&out](error_code why, auto&&...) { out = why; });
    context_.restart();
    context_.run_until(deadline_);
    if (out) return *out;
    abort();
    context_.restart();
    context_.run();
    return asio::error::timed_out;
  }

private:
  asio::io_context context_{1};
  time_point deadline_;
};

result<void> connect(blocking& io, tcp_socket& socket, const address& to) {
  const auto abort = [&] {
    error_code ignored;
    socket.close(ignored);
  };
  resolver names{io.context()};
  resolver::results_type found;
  auto why = io.wait(
      [&](auto done) {
        names.async_resolve(to.host, to.port,
                            [&found, done](error_code e, resolver::results_type all) mutable {
                              found = std::move(all);
                              done(e);
                            });
      },
      [&] { names.cancel(); });
  if (!why) why = io.wait([&](auto done) { asio::async_connect(socket, found, done); }, abort);
  if (why) return broken(to, why);
  error_code ignored;
  socket.set_option(tcp::no_delay(true), ignored);
  return {};
}

bhttp::request<bhttp::string_body> build(const address& to, const std::string& method,
                                         const std::string& path, const header_list& headers,
                                         std::string body) {
  bhttp::request<bhttp::string_body> out;
  out.version(11);
  out.method_string(method);
  out.target(path);
  out.set(bhttp::field::host, to.authority());
  out.set(bhttp::field::user_agent, "bpci");
  for (const auto& [key, value] : headers.fields)
    out.set(key, value);
  out.keep_alive(false);
  if (!body.empty() && out.find(bhttp::field::content_type) == out.end())
    out.set(bhttp::field::content_type, "application/json");
  out.body() = std::move(body);
  out.prepare_payload();
  return out;
}

template <class Message>
response read_out(Message&& message) {
  response out;
  out.status = static_cast<int>(message.result_int());
  for (const auto& x : message)
    out.headers.fields.emplace_back(std::string{x.name_string()}, std::string{x.value()});
  out.content_type = out.headers.get("Content-Type");
  out.body = std::move(message.body());
  return out;
}

/// Keeps what comes until it is asked for.
class inbox final : public socket_listener {
public:
  void on_frames(std::vector<frame> frames) override {
    std::lock_guard lock{mutex_};
    for (auto& x : frames)
      frames_.push_back(std::move(x));
    changed_.notify_all();
  }

  void on_writable() override {
    std::lock_guard lock{mutex_};
    ++writable_;
    changed_.notify_all();
  }

  void on_closed(ec why, std::string detail) override {
    std::lock_guard lock{mutex_};
    closed_ = close_info{why, std::move(detail)};
    changed_.notify_all();
  }

  result<frame> take(time_point deadline) {
    std::unique_lock lock{mutex_};
    if (!changed_.wait_until(lock, deadline, [&] { return closed_ || !frames_.empty(); }))
      return fail(ec::timeout);
    if (frames_.empty()) return ended();
    auto out = std::move(frames_.front());
    frames_.pop_front();
    return out;
  }

  /// Tries until it succeeds, each time that there may be room.
  template <class Try>
  result<void> until_room(time_point deadline, Try&& once) {
    std::unique_lock lock{mutex_};
    for (;;) {
      if (closed_) return ended();
      const auto before = writable_;
      lock.unlock();
      if (once()) return {};
      lock.lock();
      if (!changed_.wait_until(lock, deadline, [&] { return closed_ || writable_ != before; }))
        return fail(ec::busy, "the connection takes no more");
    }
  }

  void wait_for_end(time_point deadline) {
    std::unique_lock lock{mutex_};
    changed_.wait_until(lock, deadline, [&] { return closed_.has_value(); });
  }

  [[nodiscard]] std::optional<close_info> closed() const {
    std::lock_guard lock{mutex_};
    return closed_;
  }

private:
  [[nodiscard]] failure ended() const {
    return fail(closed_->why == ec::none ? ec::unavailable : closed_->why, closed_->detail);
  }

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<frame> frames_;
  std::uint64_t writable_ = 0;
  std::optional<close_info> closed_;
};

class beast_websocket_client final : public websocket_client {
public:
  explicit beast_websocket_client(const websocket_client_options& how)
      : how_(how),
        loop_(std::clamp(how.limits.close_max / 4, std::chrono::milliseconds{10},
                         std::chrono::milliseconds{500})) {}

  ~beast_websocket_client() override { loop_.end(); }

  result<void> open() {
    const auto to = parse_address(how_.url, "ws://");
    if (!to) return to.error();
    if (!fits_in_a_request("GET", to->path, how_.headers))
      return fail(ec::invalid_argument, "the path or a header cannot be sent");
    const auto deadline = clock::now() + how_.connect_timeout;
    auto native = connected(*to, deadline);
    if (!native) return native.error();
    loop_.start();
    return shake_hands(*to, *native, deadline);
  }

  using websocket_client::send;
  result<void> send(std::shared_ptr<const bytes> data, frame_kind kind,
                    std::chrono::milliseconds timeout) override {
    return inbox_->until_room(clock::now() + timeout, [&] { return link_->send(data, kind); });
  }

  result<frame> receive(std::chrono::milliseconds timeout) override {
    auto out = inbox_->take(clock::now() + timeout);
    if (out) link_->grant(1);
    return out;
  }

  void close(ec why, std::string reason) override {
    link_->close(why, std::move(reason));
    inbox_->wait_for_end(clock::now() + how_.limits.close_max + how_.limits.close_max / 2);
  }

  [[nodiscard]] bool is_open() const override { return !inbox_->closed(); }
  [[nodiscard]] close_info closed() const override {
    return inbox_->closed().value_or(close_info{});
  }
  [[nodiscard]] const std::string& subprotocol() const noexcept override { return subprotocol_; }

private:
  struct native_socket {
    tcp protocol;
    tcp_socket::native_handle_type handle;
    std::string remote;
  };

  /// Connects on a context of its own; the socket then moves into the loop.
  static result<native_socket> connected(const address& to, time_point deadline) {
    blocking io{deadline};
    tcp_socket socket{io.context()};
    if (const auto done = http::connect(io, socket, to); !done) return done.error();
    error_code why;
    const auto remote = socket.remote_endpoint(why);
    if (why) return broken(to, why);
    return native_socket{remote.protocol(), socket.release(), remote.address().to_string()};
  }

  result<void> shake_hands(const address& to, const native_socket& native, time_point deadline) {
    websocket_session::accept_fields fields{{"User-Agent", "bpci"}};
    if (!how_.subprotocol.empty()) fields.emplace_back("Sec-WebSocket-Protocol", how_.subprotocol);
    for (const auto& x : how_.headers.fields)
      fields.push_back(x);
    auto limits = how_.limits;
    tcp_socket socket{loop_.context(), native.protocol, native.handle};
    error_code ignored;
    socket.non_blocking(true, ignored);
    link_ = std::make_shared<websocket_link>(loop_.post_box(), limits, native.remote);
    auto done = std::make_shared<std::promise<result<void>>>();
    auto answer = done->get_future();
    const auto session = std::make_shared<websocket_session>(std::move(socket), loop_, limits,
                                                             link_, inbox_, nullptr);
    loop_.post_box()->post([this, session, to, fields = std::move(fields), done]() mutable {
      loop_.add(session);
      session->handshake(to.authority(), to.path, std::move(fields), how_.connect_timeout,
                         [this, session = session.get(), done](error_code why) {
                           done->set_value(outcome(*session, why));
                         });
    });
    if (answer.wait_until(deadline) == std::future_status::ready) return answer.get();
    loop_.end();
    return fail(ec::timeout, "no handshake with " + to.authority());
  }

  result<void> outcome(const websocket_session& session, error_code why) {
    const auto& said = session.answer();
    if (why == boost::beast::websocket::error::upgrade_declined) return refusal(said);
    if (why) return fail(ec::malformed, "the handshake failed: " + why.message());
    const auto chosen = said[bhttp::field::sec_websocket_protocol];
    subprotocol_.assign(chosen.data(), chosen.size());
    return {};
  }

  websocket_client_options how_;
  std::shared_ptr<inbox> inbox_ = std::make_shared<inbox>();
  std::shared_ptr<websocket_link> link_;
  std::string subprotocol_;
  loop loop_;
};

} // namespace

result<response> call(const std::string& base_url, const std::string& method,
                      const std::string& path, const header_list& headers, std::string body,
                      std::chrono::milliseconds timeout) {
  const auto to = parse_address(base_url, "http://");
  if (!to) return to.error();
  if (!fits_in_a_request(method, path, headers))
    return fail(ec::invalid_argument, "the method, the path or a header cannot be sent");
  blocking io{clock::now() + timeout};
  tcp_socket socket{io.context()};
  if (const auto done = connect(io, socket, *to); !done) return done.error();
  const auto abort = [&] {
    error_code ignored;
    socket.close(ignored);
  };
  const auto out = build(*to, method, path, headers, std::move(body));
  const auto sent = io.wait([&](auto done) { bhttp::async_write(socket, out, done); }, abort);
  if (sent == asio::error::timed_out) return broken(*to, sent);
  boost::beast::flat_buffer buffer;
  bhttp::response_parser<bhttp::string_body> parser;
  parser.body_limit(answer_bytes_max);
  parser.skip(method == "HEAD");
  // A server that refuses early answers before it has read everything: a failed write is no end.
  const auto why =
      io.wait([&](auto done) { bhttp::async_read(socket, buffer, parser, done); }, abort);
  if (!why) return read_out(parser.release());
  if (why.category() == make_error_code(bhttp::error::bad_version).category()
      && why != bhttp::error::end_of_stream && why != bhttp::error::partial_message)
    return fail(ec::malformed, to->authority() + ": " + why.message());
  return broken(*to, sent ? sent : why);
}

result<std::unique_ptr<websocket_client>>
websocket_client::connect(const websocket_client_options& how) {
  auto out = std::make_unique<beast_websocket_client>(how);
  if (const auto done = out->open(); !done) return done.error();
  return std::unique_ptr<websocket_client>{std::move(out)};
}

} // namespace bpci::http
