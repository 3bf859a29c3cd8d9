#pragma once

#include "gateways/http/websocket.hpp"
#include "messages/oracle/connection.hpp"

#include <memory>
#include <mutex>
#include <optional>

namespace bpci::gateway {

/// A WebSocket of a BPI node, as the oracle's actors hold it. Passes frames on as they come;
/// nothing is decoded on an I/O thread.
class bpi_socket final : public oracle::connection,
                         public http::socket_listener,
                         public std::enable_shared_from_this<bpi_socket> {
public:
  bpi_socket(std::shared_ptr<http::socket> socket, oracle::encoding how, caf::actor owner);

  /// Tells the first owner. Separate from the constructor, which can't share itself.
  void announce();

  // -- oracle::connection --------------------------------------------------------

  bool write(bytes frame) override;
  bool write(std::shared_ptr<const bytes> frame) override;
  void allow(std::size_t frame_bytes_max, std::size_t queue_bytes_max) override;
  [[nodiscard]] oracle::encoding how() const override { return how_; }
  void grant(std::size_t frames) override;
  void close(ec why, std::string detail) override;
  void set_owner(caf::actor owner) override;
  [[nodiscard]] std::string remote_address() const override;

  // -- http::socket_listener -------------------------------------------------------

  void on_frames(std::vector<http::frame> frames) override;
  void on_writable() override;
  void on_closed(ec why, std::string detail) override;

private:
  template <class Message>
  void tell(Message what);

  std::shared_ptr<http::socket> socket_;
  oracle::encoding how_;
  std::mutex mutex_;
  caf::actor owner_;              // guarded by mutex_
  std::optional<failure> closed_; // guarded by mutex_
};

} // namespace bpci::gateway
