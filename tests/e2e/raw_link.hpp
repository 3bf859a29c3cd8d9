#pragma once

#include "cluster_of_processes.hpp"
#include "gateways/http/client.hpp"
#include "messages/oracle/codec.hpp"
#include "runtime/time/clock.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace bpci::e2e {

/// A BPI node's link, frame by frame: for what a client would never do.
class raw_link {
public:
  struct how {
    std::size_t credit = 10'000; ///< frames that are read ahead
    bool begin = true;           ///< make the handshake
  };

  raw_link(const cluster_node& to, const identity& who) : raw_link(to, who, how{}) {}
  raw_link(const cluster_node& to, const identity& who, how what);

  /// Answers the challenge. Errors: what the server refuses.
  result<oracle::welcome> handshake();

  /// The hello that answers the challenge, to be changed.
  oracle::hello hello();

  /// A message as it should be: signed, with the next sequence.
  oracle::envelope message(const std::string& to, std::size_t body_bytes = 16);

  /// After a change.
  void sign(oracle::envelope& x) const;

  void send(const oracle::client_frame& x);
  void send(bytes raw);

  /// The next frame. Errors: `timeout`, or what ended the connection.
  result<oracle::server_frame> receive(milliseconds deadline = std::chrono::seconds{20});

  /// The next frame, which has to be of this kind; none if it is another.
  template <class Frame>
  std::optional<Frame> expect() {
    auto frame = receive();
    if (!frame) return std::nullopt;
    auto* found = std::get_if<Frame>(&*frame);
    return found ? std::optional{std::move(*found)} : std::nullopt;
  }

  /// The code of the refusal that comes next; `none` if something else does.
  ec refusal();

  /// Reads to the end; how it ended.
  http::close_info end();

  /// Why there is no connection; `none` if there is one.
  [[nodiscard]] const failure& not_connected() const noexcept { return not_connected_; }
  [[nodiscard]] bool is_open() const { return socket_ && socket_->is_open(); }
  [[nodiscard]] const identity& who() const noexcept { return who_; }

  /// Without effect on the next sequence, as that of a refused message.
  void reuse_sequence() { --sequence_; }

private:
  identity who_;
  crypto::key_pair keys_;
  std::unique_ptr<http::websocket_client> socket_;
  failure not_connected_{ec::none, {}};
  oracle::challenge asked_;
  std::uint64_t sequence_ = 0;
};

/// Whether a good message goes from one to the other, and its receipt back.
bool passes(raw_link& from, raw_link& to);

/// A TCP connection, byte by byte.
class tcp_link {
public:
  explicit tcp_link(std::uint16_t port);
  ~tcp_link();
  tcp_link(tcp_link&& x) noexcept : socket_(std::exchange(x.socket_, -1)) {}
  tcp_link& operator=(tcp_link&&) = delete;

  [[nodiscard]] bool connected() const noexcept { return socket_ >= 0; }
  [[nodiscard]] int handle() const noexcept { return socket_; }

  /// As much as the other side takes until it closes.
  void write(std::string_view text);

  /// Everything until the other side closes; none at the deadline.
  std::optional<std::string> read_to_end(milliseconds deadline);

private:
  int socket_ = -1;
};

} // namespace bpci::e2e
