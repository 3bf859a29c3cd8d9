#pragma once

#include "gateways/http/beast_stream.hpp"
#include "gateways/http/server.hpp"
#include "gateways/http/target.hpp"

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace bpci::http::io {

/// What the connections of one server share; outlives them.
struct server_core {
  server_options options;
  std::shared_ptr<handler> who;
  std::atomic<bool> stopping{false};
  std::atomic<std::size_t> http_connections{0};
  std::atomic<std::size_t> websockets{0};
  std::atomic<std::uint64_t> accepted{0};
  std::atomic<std::uint64_t> refused{0};
  std::atomic<std::uint64_t> requests{0};
};

/// One HTTP/1.1 connection: reads a request, has it answered, reads the next. What a client sends
/// ahead waits in the stream's buffer, so it is bounded.
class http_session final : public connection,
                           public stream_owner,
                           public std::enable_shared_from_this<http_session> {
public:
  http_session(tcp_socket socket, loop& where, server_core& core, std::string remote);
  ~http_session() override;

  void start();

  /// Instead of `start`: says that the server is full, and ends.
  void refuse(const failure& why);

  void tick(time_point now) override;
  void shut() override;
  void cut() override;

  void on_dry() override { stream_.flush(); }
  void on_drained() override;
  std::shared_ptr<stream_owner> self() override { return shared_from_this(); }

  /// Ignored unless request `number` is the one that waits for its answer.
  void answer(std::uint64_t number, response what);

private:
  using parser = boost::beast::http::request_parser<boost::beast::http::string_body>;

  enum class state : std::uint8_t { idle, header, body, waiting, writing, lingering, gone };

  static constexpr std::chrono::milliseconds linger_max{2'000};
  static constexpr std::chrono::milliseconds write_stall_max{10'000};
  static constexpr std::size_t pending_bytes_max = 256 * 1024;

  void read_request();
  void on_header(error_code why);
  void on_whole(error_code why);
  void on_read_failed(error_code why);
  void give_up_reading(failure why);
  void dispatch();
  void dispatch_upgrade(target where);
  result<std::string> agree_on_subprotocol() const;
  void upgrade(upgrade_request what);
  void take_id();
  void refuse_request(const failure& why, int status = 0);
  void send(response what, bool keep_alive);
  void write(response what, bool keep_alive);
  void after_answer();
  void linger();
  void finish();

  buffered_stream stream_;
  loop& loop_;
  server_core& core_;
  const std::string remote_;

  boost::beast::flat_buffer buffer_;
  std::optional<parser> parser_;
  state state_ = state::idle;
  time_point since_ = clock::now(); ///< Of the state.
  std::uint64_t received_before_ = 0;
  std::uint64_t number_ = 0; ///< Of the request; changes when it is answered.
  correlation_id id_;
  bool head_only_ = false;
  bool http_1_0_ = false;
  bool keep_alive_ = false;         ///< What the client wants.
  bool last_ = false;               ///< Close behind the answer.
  std::optional<failure> given_up_; ///< Why a read was cancelled.
};

} // namespace bpci::http::io
