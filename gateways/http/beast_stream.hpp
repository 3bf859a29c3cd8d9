#pragma once

#include "gateways/http/beast_loop.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/compose.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core/role.hpp>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

namespace bpci::http::io {

/// What a stream tells its owner. Called on the loop's thread.
class stream_owner {
public:
  virtual ~stream_owner() = default;

  /// Everything that was received has been read; the next thing is to wait for the network.
  virtual void on_dry() = 0;

  /// What was pending has been taken by the system.
  virtual void on_drained() = 0;

  /// Keeps the owner, and the stream inside it, alive while an operation is under way.
  virtual std::shared_ptr<stream_owner> self() = 0;
};

/// A TCP stream as Beast's next layer, which costs few system calls: a write only fills a buffer,
/// which goes out in one call when its owner says `flush`; a read takes as much as has come, up to
/// 64 KiB, and later reads are served from it. An idle stream holds 4 KiB.
class buffered_stream {
public:
  using executor_type = executor;
  using next_layer_type = tcp_socket;

  static constexpr std::size_t read_bytes_min = 4 * 1024;
  static constexpr std::size_t read_bytes_max = 64 * 1024;
  static constexpr std::size_t keep_bytes_max = 4 * 1024;
  static constexpr std::size_t control_bytes_max = 256 * 1024;
  static constexpr std::size_t linger_bytes_max = 4 * 1024 * 1024;

  explicit buffered_stream(tcp_socket socket) : socket_(std::move(socket)) {}

  void belongs_to(stream_owner& who) noexcept { owner_ = &who; }

  [[nodiscard]] executor_type get_executor() noexcept { return socket_.get_executor(); }
  [[nodiscard]] next_layer_type& next_layer() noexcept { return socket_; }
  [[nodiscard]] const next_layer_type& next_layer() const noexcept { return socket_; }

  /// Bytes written and not yet taken by the system.
  [[nodiscard]] std::size_t pending() const noexcept {
    return filling_.size() + sending_.size() - sent_;
  }

  /// Bytes received and not yet read.
  [[nodiscard]] std::size_t buffered() const noexcept { return in_end_ - in_begin_; }

  [[nodiscard]] std::uint64_t received() const noexcept { return received_; }
  [[nodiscard]] time_point last_received() const noexcept { return last_received_; }

  /// Since when nothing could be sent though something is pending; meaningless otherwise.
  [[nodiscard]] time_point last_progress() const noexcept { return last_progress_; }

  /// Hands bytes back, in front of what comes next.
  void unread(const void* data, std::size_t size) {
    const auto* first = static_cast<const std::uint8_t*>(data);
    std::vector<std::uint8_t> all(first, first + size);
    all.insert(all.end(), in_.begin() + static_cast<std::ptrdiff_t>(in_begin_),
               in_.begin() + static_cast<std::ptrdiff_t>(in_end_));
    in_ = std::move(all);
    in_begin_ = 0;
    in_end_ = in_.size();
  }

  /// The received bytes that nobody has read; they leave the stream.
  std::vector<std::uint8_t> take_buffered() {
    std::vector<std::uint8_t> out(in_.begin() + static_cast<std::ptrdiff_t>(in_begin_),
                                  in_.begin() + static_cast<std::ptrdiff_t>(in_end_));
    in_begin_ = in_end_ = 0;
    return out;
  }

  template <class Buffers>
  std::size_t write_some(const Buffers& data, error_code& why) {
    why = broken_;
    if (broken_) return 0;
    const auto size = asio::buffer_size(data);
    if (pending() == 0) last_progress_ = clock::now();
    const auto before = filling_.size();
    filling_.resize(before + size);
    asio::buffer_copy(asio::buffer(filling_.data() + before, size), data);
    return size;
  }

  template <class Buffers>
  std::size_t write_some(const Buffers& data) {
    error_code why;
    const auto size = write_some(data, why);
    if (why) throw boost::system::system_error(why);
    return size;
  }

  /// Only what has been received already: the stream never blocks.
  template <class Buffers>
  std::size_t read_some(const Buffers& room, error_code& why) {
    why = {};
    if (buffered() == 0) why = asio::error::would_block;
    return take(room);
  }

  template <class Buffers>
  std::size_t read_some(const Buffers& room) {
    error_code why;
    const auto size = read_some(room, why);
    if (why) throw boost::system::system_error(why);
    return size;
  }

  /// Beast writes control frames with it. Those are flushed at once; nothing is there to gather.
  /// It ends only when little is pending: a client that sends pings and reads no pongs must not
  /// fill the memory, and Beast reads on when its pong is written.
  template <class Buffers, class Token>
  auto async_write_some(const Buffers& data, Token&& token) {
    return asio::async_compose<Token, void(error_code, std::size_t)>(
        [this, data, started = false, size = std::size_t{0},
         why = error_code{}](auto& op, error_code waited = {}, std::size_t = 0) mutable {
          if (!started) {
            started = true;
            size = write_some(data, why);
            flush();
            if (pending() <= control_bytes_max)
              return asio::post(socket_.get_executor(), std::move(op));
          }
          if (pending() <= control_bytes_max || waited) return op.complete(why, size);
          socket_.async_wait(tcp_socket::wait_write,
                             [op = std::move(op)](error_code e) mutable { op(e); });
        },
        token, socket_);
  }

  template <class Buffers, class Token>
  auto async_read_some(const Buffers& room, Token&& token) {
    return asio::async_compose<Token, void(error_code, std::size_t)>(
        [this, room, what = step::start, size = std::size_t{0}](auto& op, error_code why = {},
                                                                std::size_t count = 0) mutable {
          switch (what) {
          case step::start:
            if (buffered() > 0 || asio::buffer_size(room) == 0) {
              what = step::done;
              size = take(room);
              return asio::post(socket_.get_executor(), std::move(op));
            }
            owner_->on_dry();
            what = step::waited;
            return socket_.async_read_some(make_room(), std::move(op));
          case step::waited:
            received(count);
            return op.complete(why, take(room));
          case step::done:
            return op.complete({}, size);
          }
        },
        token, socket_);
  }

  /// Sends what is pending as far as the system takes it; the rest follows by itself.
  void flush() {
    while (!waiting_ && !broken_ && next_batch()) {
      error_code why;
      const auto count = socket_.write_some(rest(), why);
      if (why == asio::error::would_block) return wait_for_room();
      on_sent(why, count);
    }
  }

  /// Takes no more writes, and gives up what is pending.
  void close() {
    fail(asio::error::operation_aborted);
    error_code ignored;
    socket_.close(ignored);
  }

  /// Ends the stream so that the other side still gets what was sent to it: sends the rest and
  /// FIN, then throws away what comes until the other side closes too. (A socket that is closed
  /// with unread data makes TCP discard what is still on the way.) The owner limits the time.
  template <class Token>
  auto async_linger(Token&& token) {
    return asio::async_compose<Token, void(error_code)>(
        [this, fin_sent = false, discarded = std::size_t{0}](auto& op, error_code why = {},
                                                             std::size_t count = 0) mutable {
          if (pending() > 0 && !why)
            return socket_.async_wait(tcp_socket::wait_write,
                                      [op = std::move(op)](error_code e) mutable { op(e); });
          if (!fin_sent && !why) {
            fin_sent = true;
            error_code ignored;
            socket_.shutdown(tcp_socket::shutdown_send, ignored);
            in_begin_ = in_end_ = 0;
          }
          discarded += count;
          // However it ends, what had to be said was said.
          if (why || discarded > linger_bytes_max) return op.complete({});
          socket_.async_read_some(make_room(), std::move(op));
        },
        token, socket_);
  }

private:
  enum class step : std::uint8_t { start, waited, done };

  template <class Buffers>
  std::size_t take(const Buffers& room) {
    const auto size = asio::buffer_copy(room, asio::buffer(in_.data() + in_begin_, buffered()));
    in_begin_ += size;
    return size;
  }

  /// The whole buffer; only when nothing is left in it. A read that filled it makes it larger, one
  /// that left most of it empty makes it small again.
  asio::mutable_buffer make_room() {
    in_begin_ = in_end_ = 0;
    if (in_.size() != read_size_) {
      in_ = {};
      in_.resize(read_size_);
    }
    return asio::buffer(in_);
  }

  void received(std::size_t count) {
    in_end_ = count;
    received_ += count;
    if (count > 0) last_received_ = clock::now();
    if (count == read_size_)
      read_size_ = std::min(read_size_ * 4, read_bytes_max);
    else if (count < read_size_ / 8)
      read_size_ = read_bytes_min;
  }

  [[nodiscard]] asio::const_buffer rest() const {
    return asio::buffer(sending_.data() + sent_, sending_.size() - sent_);
  }

  bool next_batch() {
    if (sent_ < sending_.size()) return true;
    sent_ = 0;
    sending_.clear();
    if (filling_.empty()) {
      if (sending_.capacity() > keep_bytes_max) sending_ = {};
      return false;
    }
    sending_.swap(filling_);
    if (filling_.capacity() > keep_bytes_max) filling_ = {};
    return true;
  }

  void on_sent(error_code why, std::size_t count) {
    if (why) return fail(why);
    sent_ += count;
    last_progress_ = clock::now();
  }

  void wait_for_room() {
    waiting_ = true;
    socket_.async_write_some(rest(), [this, keep = owner_->self()](error_code why, std::size_t n) {
      waiting_ = false;
      if (broken_) return;
      on_sent(why, n);
      flush();
      if (pending() == 0) owner_->on_drained();
    });
  }

  /// A read that is under way meets the same error, and its owner learns it there.
  void fail(error_code why) {
    broken_ = why;
    filling_ = {};
    // An operation may still be looking at `sending_`.
    sent_ = sending_.size();
  }

  tcp_socket socket_;
  stream_owner* owner_ = nullptr;

  std::vector<std::uint8_t> in_;
  std::size_t in_begin_ = 0;
  std::size_t in_end_ = 0;
  std::size_t read_size_ = read_bytes_min;
  std::uint64_t received_ = 0;
  time_point last_received_ = clock::now();

  std::vector<std::uint8_t> filling_;
  std::vector<std::uint8_t> sending_;
  std::size_t sent_ = 0;
  bool waiting_ = false;
  error_code broken_;
  time_point last_progress_ = clock::now();
};

/// Found by Beast through the stream's namespace, at the end of a closing handshake.
template <class Token>
void async_teardown(boost::beast::role_type, buffered_stream& stream, Token&& token) {
  stream.async_linger(std::forward<Token>(token));
}

/// Beast names it where it closes without waiting.
inline void teardown(boost::beast::role_type, buffered_stream& stream, error_code& why) {
  stream.close();
  why = {};
}

} // namespace bpci::http::io
