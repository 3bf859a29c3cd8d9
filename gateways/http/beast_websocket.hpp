#pragma once

#include "gateways/http/beast_stream.hpp"
#include "gateways/http/websocket.hpp"

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/websocket/stream.hpp>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace bpci::http::io {

class websocket_session;

/// The part of a WebSocket that other threads see; it outlives the session.
class websocket_link final : public socket, public std::enable_shared_from_this<websocket_link> {
public:
  struct outgoing {
    std::shared_ptr<const bytes> data;
    frame_kind kind = frame_kind::binary;
  };

  /// What a queued message costs beside its bytes, so that empty ones are bounded too.
  static constexpr std::size_t message_overhead = 32;

  websocket_link(std::shared_ptr<mailbox> loop, const websocket_limits& limits, std::string remote)
      : loop_(std::move(loop)),
        bytes_max_(limits.max_write_queue_bytes),
        frame_bytes_max_(limits.max_frame_bytes),
        credit_(static_cast<std::int64_t>(limits.initial_credit)),
        remote_(std::move(remote)) {}

  using socket::send;
  bool send(std::shared_ptr<const bytes> data, frame_kind kind) override;
  [[nodiscard]] std::size_t queued_bytes() const noexcept override;
  void close(ec why, std::string reason) override;
  void grant(std::size_t frames) override;
  void allow(std::size_t frame_bytes_max, std::size_t queue_bytes_max) override;
  [[nodiscard]] const std::string& remote_address() const noexcept override { return remote_; }

private:
  friend class websocket_session;

  /// Has the session look at the queue soon. Call with the lock held.
  void schedule();

  std::shared_ptr<mailbox> loop_;
  std::weak_ptr<websocket_session> session_; ///< Only locked on the loop's thread.
  std::atomic<std::size_t> bytes_max_;
  std::atomic<std::size_t> frame_bytes_max_;
  std::atomic<std::size_t> queued_{0};    ///< In `queue_` and in the session's outbox.
  std::atomic<std::size_t> in_stream_{0}; ///< Written, not yet taken by the system.
  std::atomic<std::int64_t> credit_;
  const std::string remote_;

  std::mutex mutex_;
  // Vectors here and in the session: those take no memory while a connection is idle.
  std::vector<outgoing> queue_;
  std::vector<std::uint32_t> taken_; ///< Credit of each message that came in and is not handled.
  bool scheduled_ = false;
  std::atomic<bool> closing_{false}; ///< Written with the lock held.
  bool refused_ = false;             ///< A send found no room: `on_writable` is owed.
  ec why_ = ec::none;
  std::string reason_;
};

/// One WebSocket on its loop, in either role. Reads while there is credit and gathers what one
/// read brought; writes what is queued into the stream and flushes once.
class websocket_session final : public connection,
                                public stream_owner,
                                public std::enable_shared_from_this<websocket_session> {
public:
  using upgrade_head = boost::beast::http::request<boost::beast::http::string_body>;
  using accept_fields = std::vector<std::pair<std::string, std::string>>;
  using opened = std::function<void(error_code)>;

  /// `on_gone` is called once, when the session has left the loop's list.
  websocket_session(tcp_socket socket, loop& where, const websocket_limits& limits,
                    std::shared_ptr<websocket_link> link, std::shared_ptr<socket_listener> listener,
                    std::function<void()> on_gone);

  /// Server: answers the upgrade request. `early` is what came behind it.
  void accept(const upgrade_head& head, accept_fields fields, std::vector<std::uint8_t> early);

  /// Client: `done` learns whether the handshake succeeded, on the loop's thread.
  void handshake(const std::string& host, const std::string& path, accept_fields fields,
                 std::chrono::milliseconds within, opened done);

  /// What the server answered to `handshake`.
  [[nodiscard]] const boost::beast::websocket::response_type& answer() const { return answer_; }

  void tick(time_point now) override;
  void shut() override;
  void cut() override;

  void on_dry() override;
  void on_drained() override;
  std::shared_ptr<stream_owner> self() override { return shared_from_this(); }

  /// Looks at the link's queue, closing and credit.
  void attend();

private:
  enum class state : std::uint8_t { opening, open, closing, gone };

  static constexpr std::size_t stream_bytes_max = 128 * 1024;
  static constexpr std::size_t keep_bytes_max = 4 * 1024;
  static constexpr std::size_t keep_outgoing_max = 32;

  buffered_stream& stream() { return ws_.next_layer(); }
  void prepare(accept_fields fields, bool server);
  void opened_now();
  void read();
  void on_read(error_code why);
  void deliver();
  void collect();
  void pump();
  [[nodiscard]] bool has_outgoing() const noexcept { return written_ < outbox_.size(); }
  void write_outbox();
  void begin_close();
  void tick_closing(time_point now);
  void tick_failing(time_point now);
  void finish(ec why, std::string detail);
  void finish_after_read(error_code why);

  template <class Call>
  void guarded(Call&& call);

  boost::beast::websocket::stream<buffered_stream, false> ws_;
  loop& loop_;
  websocket_limits limits_;
  std::shared_ptr<websocket_link> link_;
  std::shared_ptr<socket_listener> listener_;
  std::function<void()> on_gone_;
  boost::beast::websocket::response_type answer_;

  state state_ = state::opening;
  boost::beast::flat_buffer buffer_;
  std::vector<frame> gathered_;
  bool reading_ = false;
  std::vector<websocket_link::outgoing> outbox_;
  std::size_t written_ = 0; ///< So many of them are in the stream.
  bool close_wanted_ = false;
  ec why_ = ec::none;
  std::string reason_;
  time_point opening_until_;
  time_point closing_since_{};
  time_point reading_since_ = clock::now();
  time_point pinged_{};
};

} // namespace bpci::http::io
