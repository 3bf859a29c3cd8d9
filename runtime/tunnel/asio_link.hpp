#pragma once

#include "runtime/tunnel/links.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include <array>
#include <chrono>
#include <memory>
#include <optional>
#include <vector>

/// Internal to this folder: one link on the thread of asio_links.cpp.
namespace bpci::tunnel::io {

namespace asio = boost::asio;
using error_code = boost::system::error_code;
using executor = asio::io_context::executor_type;
using tcp_socket = asio::basic_stream_socket<asio::ip::tcp, executor>;
using local_socket = asio::basic_stream_socket<asio::local::stream_protocol, executor>;
using clock = std::chrono::steady_clock;
using time_point = clock::time_point;

/// What a link needs of the loop that it lives on.
class link_owner {
public:
  virtual const links_options& how() const = 0;
  virtual void tell(link_event what) = 0;
  virtual void forget(link_id link) = 0;

protected:
  ~link_owner() = default;
};

/// A connection that TCP has made. Bytes move in one direction at a time of each pair of buffers:
/// what has been read is written before more is read, so a slow side slows the other, and a link
/// never holds more than its four buffers.
class link : public std::enable_shared_from_this<link> {
public:
  link(link_owner& owner, link_id id, link_side side, tcp_socket net,
       const tls_context_ptr& shared);

  void start();
  void admit();
  void refuse(const failure& why);
  void cut(const failure& why);
  void tick(time_point now);

  [[nodiscard]] link_id id() const noexcept { return id_; }
  [[nodiscard]] bool open() const noexcept { return stage_ == stage::open; }
  [[nodiscard]] bool accepted() const noexcept { return side_ == link_side::accepted; }
  [[nodiscard]] bool waits_for_peer() const noexcept;
  [[nodiscard]] const peer_identity& peer() const noexcept { return peer_; }
  [[nodiscard]] bool silent_for(std::chrono::milliseconds time, time_point now) const;

private:
  /// The dialling side greets when it has admitted the other; the accepting side answers when it
  /// has. So each knows of the other's verdict, which TLS 1.3 alone does not tell.
  enum class stage : std::uint8_t { shaking, greeted, judging, answered, open, closing, over };

  void read_net();
  void on_net(std::size_t bytes);
  void advance();
  void shake();
  void read_greeting();
  void read_answer();
  void ask_for_verdict();
  bool seal_or_cut(std::span<const std::uint8_t> plaintext);
  bool open_some(std::span<std::uint8_t> into, std::size_t& filled);
  void flush();
  void on_flushed();
  void join();
  void drain();
  void write_local(std::size_t from, std::size_t to);
  void read_local();
  void say_goodbye(const failure& why);

  link_owner& owner_;
  link_id id_;
  link_side side_;
  tcp_socket net_;
  local_socket local_;
  tls_session session_;
  std::string certificate_;
  stage stage_ = stage::shaking;
  peer_identity peer_;
  std::array<std::uint8_t, 8> greeting_{};
  std::size_t greeting_bytes_ = 0;
  std::vector<std::uint8_t> from_net_;   ///< ciphertext
  std::vector<std::uint8_t> from_local_; ///< plaintext, to be sealed
  std::vector<std::uint8_t> to_local_;   ///< plaintext, opened
  bool reading_net_ = false;
  bool writing_net_ = false;
  bool reading_local_ = false;
  bool writing_local_ = false;
  time_point deadline_; ///< until the link is open, or closed
  time_point heard_;
  time_point moved_;
  failure why_{ec::unavailable, "the connection is gone"};
};

} // namespace bpci::tunnel::io
