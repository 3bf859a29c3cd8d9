#include "tests/bench/forwarder.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/rfc6455.hpp>
#include <boost/beast/websocket/stream.hpp>

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <vector>

namespace bpci::bench {

namespace {

namespace asio = boost::asio;
namespace websocket = boost::beast::websocket;
using error_code = boost::system::error_code;
using executor = asio::io_context::executor_type;
using tcp_socket = asio::basic_stream_socket<asio::ip::tcp, executor>;

class session;

struct forwarder {
  asio::io_context context{1};
  std::vector<std::shared_ptr<session>> sessions; ///< A session's number is its place.
  std::vector<session*> dirty;                    ///< Have something to send.

  void flush_soon(session& which);
  void flush();
};

class session : public std::enable_shared_from_this<session> {
public:
  session(forwarder& all, tcp_socket socket) : all_(all), ws_(std::move(socket)) {
    ws_.next_layer().set_option(asio::ip::tcp::no_delay{true});
    ws_.binary(true);
  }

  void run(std::uint32_t number) {
    ws_.async_accept([me = shared_from_this(), number](error_code why) {
      if (why) return;
      me->append(&number, sizeof number);
      me->all_.flush_soon(*me);
      me->read();
    });
  }

  /// Frames are written around Beast, which would write each by itself.
  void append(const void* data, std::size_t size) {
    constexpr std::uint8_t final_binary = 0x82;
    const auto* first = static_cast<const std::uint8_t*>(data);
    filling_.push_back(final_binary);
    if (size < 126) {
      filling_.push_back(static_cast<std::uint8_t>(size));
    } else {
      filling_.push_back(126);
      filling_.push_back(static_cast<std::uint8_t>(size >> 8));
      filling_.push_back(static_cast<std::uint8_t>(size));
    }
    filling_.insert(filling_.end(), first, first + size);
  }

  void flush() {
    dirty = false;
    if (!sending_.empty() || filling_.empty()) return;
    sending_.swap(filling_);
    asio::async_write(ws_.next_layer(), asio::buffer(sending_),
                      [me = shared_from_this()](error_code why, std::size_t) {
                        me->sending_.clear();
                        if (!why) me->flush();
                      });
  }

  bool dirty = false;

private:
  void read() {
    ws_.async_read(buffer_, [me = shared_from_this()](error_code why, std::size_t size) {
      if (why) return;
      me->forward(size);
      me->buffer_.consume(size);
      me->read();
    });
  }

  void forward(std::size_t size) {
    std::uint32_t to = 0;
    if (size < sizeof to) return;
    std::memcpy(&to, buffer_.cdata().data(), sizeof to);
    if (to >= all_.sessions.size()) return;
    auto& target = *all_.sessions[to];
    target.append(buffer_.cdata().data(), size);
    all_.flush_soon(target);
  }

  forwarder& all_;
  websocket::stream<tcp_socket, false> ws_;
  boost::beast::flat_buffer buffer_;
  std::vector<std::uint8_t> filling_;
  std::vector<std::uint8_t> sending_;
};

/// Behind the reads that are ready now, so that one write takes what they all bring.
void forwarder::flush_soon(session& which) {
  if (std::exchange(which.dirty, true)) return;
  if (dirty.empty()) asio::post(context, [this] { flush(); });
  dirty.push_back(&which);
}

void forwarder::flush() {
  for (auto* x : std::exchange(dirty, {}))
    x->flush();
}

using acceptor = asio::basic_socket_acceptor<asio::ip::tcp, executor>;

void accept_next(forwarder& all, acceptor& from) {
  from.async_accept([&](error_code why, tcp_socket socket) {
    if (why) return;
    auto number = static_cast<std::uint32_t>(all.sessions.size());
    all.sessions.push_back(std::make_shared<session>(all, std::move(socket)));
    all.sessions.back()->run(number);
    accept_next(all, from);
  });
}

} // namespace

int run_forwarder() {
  forwarder all;
  acceptor from{all.context, {asio::ip::make_address("127.0.0.1"), 0}};
  accept_next(all, from);
  asio::signal_set end{all.context, SIGTERM, SIGINT};
  end.async_wait([&](error_code, int) { all.context.stop(); });
  std::printf("%u\n", unsigned{from.local_endpoint().port()});
  std::fflush(stdout);
  all.context.run();
  return 0;
}

} // namespace bpci::bench
