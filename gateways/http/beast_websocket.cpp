#include "gateways/http/beast_websocket.hpp"

#include "gateways/http/close_code.hpp"
#include "runtime/log/log.hpp"

#include <boost/beast/websocket/rfc6455.hpp>

#include <algorithm>
#include <exception>
#include <iterator>
#include <numeric>
#include <utility>

namespace bpci::http::io {

namespace websocket = boost::beast::websocket;
using namespace std::chrono_literals;

namespace {

std::size_t cost(const websocket_link::outgoing& x) {
  return x.data->size() + websocket_link::message_overhead;
}

} // namespace

bool websocket_link::send(std::shared_ptr<const bytes> data, frame_kind kind) {
  outgoing next{std::move(data), kind};
  const auto size = cost(next);
  std::lock_guard lock{mutex_};
  if (closing_) return false;
  if (queued_bytes() + size > bytes_max_) {
    refused_ = true;
    return false;
  }
  queued_ += size;
  queue_.push_back(std::move(next));
  schedule();
  return true;
}

std::size_t websocket_link::queued_bytes() const noexcept {
  return queued_ + in_stream_;
}

void websocket_link::close(ec why, std::string reason) {
  std::lock_guard lock{mutex_};
  if (closing_) return;
  closing_ = true;
  why_ = why;
  reason_ = std::move(reason);
  schedule();
}

void websocket_link::grant(std::size_t frames) {
  std::lock_guard lock{mutex_};
  const auto known = std::min(frames, taken_.size());
  const auto end = taken_.begin() + static_cast<std::ptrdiff_t>(known);
  const auto more = std::accumulate(taken_.begin(), end, static_cast<std::int64_t>(frames - known));
  taken_.erase(taken_.begin(), end);
  if (credit_.fetch_add(more) <= 0) schedule();
}

void websocket_link::allow(std::size_t frame_bytes_max, std::size_t queue_bytes_max) {
  std::lock_guard lock{mutex_};
  frame_bytes_max_ = frame_bytes_max;
  bytes_max_ = queue_bytes_max;
  schedule();
}

void websocket_link::schedule() {
  if (scheduled_) return;
  scheduled_ = loop_->post([me = shared_from_this()] {
    if (const auto session = me->session_.lock()) session->attend();
  });
}

websocket_session::websocket_session(tcp_socket socket, loop& where, const websocket_limits& limits,
                                     std::shared_ptr<websocket_link> link,
                                     std::shared_ptr<socket_listener> listener,
                                     std::function<void()> on_gone)
    : ws_(std::move(socket)),
      loop_(where),
      limits_(limits),
      link_(std::move(link)),
      listener_(std::move(listener)),
      on_gone_(std::move(on_gone)),
      opening_until_(clock::now() + limits.close_max) {
  stream().belongs_to(*this);
}

void websocket_session::prepare(accept_fields fields, bool server) {
  link_->session_ = weak_from_this();
  ws_.auto_fragment(false);
  ws_.read_message_max(limits_.max_frame_bytes);
  const auto set_all = [fields = std::move(fields)](auto& message) {
    for (const auto& [key, value] : fields)
      message.set(key, value);
  };
  if (server)
    ws_.set_option(websocket::stream_base::decorator(
        [set_all](websocket::response_type& message) { set_all(message); }));
  else
    ws_.set_option(websocket::stream_base::decorator(
        [set_all](websocket::request_type& message) { set_all(message); }));
}

void websocket_session::accept(const upgrade_head& head, accept_fields fields,
                               std::vector<std::uint8_t> early) {
  prepare(std::move(fields), true);
  if (!early.empty()) stream().unread(early.data(), early.size());
  ws_.async_accept(head, [me = shared_from_this()](error_code why) {
    if (me->state_ != state::opening) return;
    if (why) return me->finish(ec::unavailable, "the handshake failed: " + why.message());
    me->opened_now();
  });
}

void websocket_session::handshake(const std::string& host, const std::string& path,
                                  accept_fields fields, std::chrono::milliseconds within,
                                  opened done) {
  prepare(std::move(fields), false);
  opening_until_ = clock::now() + within;
  ws_.async_handshake(answer_, host, path,
                      [me = shared_from_this(), done = std::move(done)](error_code why) {
                        if (!why && me->state_ == state::opening) me->opened_now();
                        done(why);
                        if (why && me->state_ != state::gone)
                          me->finish(ec::unavailable, why.message());
                      });
}

void websocket_session::opened_now() {
  state_ = state::open;
  attend();
}

template <class Call>
void websocket_session::guarded(Call&& call) {
  try {
    call();
  } catch (const std::exception& e) {
    log::error("websocket-listener-fault", {{"remote", link_->remote_}, {"what", e.what()}});
    link_->close(ec::internal, {});
  }
}

void websocket_session::attend() {
  collect();
  if (state_ != state::open) return;
  pump();
  if (!reading_ && state_ == state::open) read();
}

void websocket_session::collect() {
  std::lock_guard lock{link_->mutex_};
  link_->scheduled_ = false;
  if (const std::size_t most = link_->frame_bytes_max_; most != limits_.max_frame_bytes) {
    limits_.max_frame_bytes = most;
    ws_.read_message_max(most);
  }
  // What has been written is no more than half of what a slow reader holds up.
  if (written_ * 2 >= outbox_.size()) {
    outbox_.erase(outbox_.begin(), outbox_.begin() + static_cast<std::ptrdiff_t>(written_));
    written_ = 0;
  }
  if (outbox_.empty()) {
    outbox_.swap(link_->queue_);
  } else {
    std::ranges::move(link_->queue_, std::back_inserter(outbox_));
    link_->queue_.clear();
  }
  if (!link_->closing_ || close_wanted_) return;
  close_wanted_ = true;
  closing_since_ = clock::now();
  why_ = link_->why_;
  reason_ = link_->reason_;
}

/// Writes while the stream takes it, and closes behind the last message.
void websocket_session::pump() {
  do {
    write_outbox();
    stream().flush();
  } while (stream().pending() == 0 && has_outgoing());
  link_->in_stream_ = stream().pending();
  if (!has_outgoing() && close_wanted_) return begin_close();
  auto writable = false;
  {
    std::lock_guard lock{link_->mutex_};
    if (link_->refused_ && link_->queued_bytes() <= link_->bytes_max_ / 2) {
      link_->refused_ = false;
      writable = true;
    }
  }
  if (writable) guarded([this] { listener_->on_writable(); });
}

void websocket_session::write_outbox() {
  std::size_t moved = 0;
  error_code why;
  for (; has_outgoing() && stream().pending() < stream_bytes_max; ++written_) {
    auto& next = outbox_[written_];
    // Without I/O: it frames the message into the stream's buffer. Once the other side has begun
    // to close, what is left has no receiver.
    ws_.binary(next.kind == frame_kind::binary);
    if (ws_.is_open() && !why) ws_.write(asio::buffer(*next.data), why);
    moved += cost(next);
    next.data.reset();
  }
  if (!has_outgoing() && outbox_.capacity() > keep_outgoing_max) {
    outbox_ = {};
    written_ = 0;
  }
  link_->in_stream_ = stream().pending();
  link_->queued_ -= moved;
}

void websocket_session::begin_close() {
  state_ = state::closing;
  closing_since_ = clock::now();
  gathered_.clear();
  // The other side, or a frame against the rules, was first: the read that answers it ends this.
  if (!ws_.is_open()) return;
  websocket::close_reason reason;
  reason.code = close_code(why_);
  const auto text = close_reason(why_, reason_);
  reason.reason.assign(text.data(), text.size());
  ws_.async_close(reason,
                  [me = shared_from_this()](error_code) { me->finish(me->why_, me->reason_); });
}

void websocket_session::read() {
  if (link_->credit_ <= 0) return;
  if (!reading_) reading_since_ = clock::now();
  reading_ = true;
  ws_.async_read(buffer_,
                 [me = shared_from_this()](error_code why, std::size_t) { me->on_read(why); });
}

void websocket_session::on_read(error_code why) {
  if (why) return finish_after_read(why);
  if (state_ != state::open) {
    reading_ = false;
    return;
  }
  const auto data = buffer_.cdata();
  const auto* first = static_cast<const std::uint8_t*>(data.data());
  gathered_.push_back(
      {ws_.got_text() ? frame_kind::text : frame_kind::binary, bytes(first, first + data.size())});
  buffer_.consume(buffer_.size());
  // Here, since a read that waits holds a part of the buffer.
  if (stream().buffered() == 0 && buffer_.capacity() > keep_bytes_max) buffer_.shrink_to_fit();
  if ((link_->credit_ -= credit_of(data.size())) > 0) return read();
  reading_ = false;
  deliver();
  // The listener may have granted more while it was told.
  if (state_ == state::open) read();
}

void websocket_session::on_dry() {
  deliver();
}

void websocket_session::deliver() {
  if (gathered_.empty()) return;
  auto frames = std::exchange(gathered_, {});
  if (link_->closing_) return;
  {
    std::lock_guard lock{link_->mutex_};
    for (const auto& x : frames)
      link_->taken_.push_back(credit_of(x.data.size()));
  }
  guarded([&] { listener_->on_frames(std::move(frames)); });
}

void websocket_session::finish_after_read(error_code why) {
  reading_ = false;
  // Beast ends a pending read when a close frame is written; `async_close` reports the end.
  if (state_ == state::closing && why == asio::error::operation_aborted) return;
  // This side began to close while the other side's frame was on its way.
  if (close_wanted_) return finish(why_, reason_);
  deliver();
  if (why == websocket::error::closed) {
    const auto& said = ws_.reason();
    const std::string_view text{said.reason.data(), said.reason.size()};
    return finish(code_from_close(said.code, text),
                  "closed by the other side, code " + std::to_string(said.code)
                      + (text.empty() ? "" : ": ") + std::string{text});
  }
  if (why == websocket::error::message_too_big || why == websocket::error::buffer_overflow)
    return finish(ec::too_large,
                  "a message has more than " + std::to_string(limits_.max_frame_bytes) + " bytes");
  if (why.category() == make_error_code(websocket::error::closed).category())
    return finish(ec::malformed, why.message());
  finish(ec::unavailable, "the connection broke: " + why.message());
}

void websocket_session::on_drained() {
  link_->in_stream_ = 0;
  if (state_ == state::open) pump();
}

void websocket_session::tick(time_point now) {
  link_->in_stream_ = stream().pending();
  if (state_ == state::opening) {
    if (now > opening_until_) finish(ec::timeout, "the handshake took too long");
    return;
  }
  if (close_wanted_) return tick_closing(now);
  if (!ws_.is_open()) return tick_failing(now);
  if (stream().pending() > 0 && now - stream().last_progress() > limits_.write_stall)
    return finish(ec::slow_reader,
                  "nothing was read for " + std::to_string(limits_.write_stall.count()) + " ms");
  // Without credit it is this side that does not listen.
  if (!reading_) return;
  const auto heard = std::max(stream().last_received(), reading_since_);
  if (now - heard > limits_.idle) {
    link_->close(ec::idle_timeout, "silent for " + std::to_string(limits_.idle.count()) + " ms");
  } else if (now - std::max(heard, pinged_) > limits_.ping_interval && ws_.is_open()) {
    pinged_ = now;
    error_code ignored;
    ws_.ping({}, ignored);
    stream().flush();
  }
}

/// What is queued may still go out, at most as long as a slow reader is put up with.
void websocket_session::tick_closing(time_point now) {
  const auto drains = state_ == state::open;
  if (now - closing_since_ > limits_.close_max + (drains ? limits_.write_stall : 0ms))
    finish(why_, reason_);
}

/// Beast has answered a close frame or a broken rule and waits for the other side to go.
void websocket_session::tick_failing(time_point now) {
  if (closing_since_ == time_point{}) closing_since_ = now;
  // The read ends with the reason.
  if (now - closing_since_ > limits_.close_max) stream().close();
}

void websocket_session::shut() {
  link_->close(ec::shutting_down, {});
}

void websocket_session::cut() {
  finish(close_wanted_ ? why_ : ec::shutting_down, close_wanted_ ? reason_ : std::string{});
}

void websocket_session::finish(ec why, std::string detail) {
  if (state_ == state::gone) return;
  state_ = state::gone;
  stream().close();
  {
    std::lock_guard lock{link_->mutex_};
    link_->closing_ = true;
    link_->queue_.clear();
    link_->queued_ = 0;
    link_->in_stream_ = 0;
  }
  outbox_.clear();
  written_ = 0;
  guarded([&] { listener_->on_closed(why, std::move(detail)); });
  listener_.reset();
  loop_.remove(*this);
  if (on_gone_) on_gone_();
}

} // namespace bpci::http::io
