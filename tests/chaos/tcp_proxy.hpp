#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

namespace bpci::chaos {

/// Passes TCP connections on, and can be told to do it badly: it stands between a node and its
/// database, or between the nodes of two operators.
class tcp_proxy {
public:
  enum class mode : std::uint8_t {
    pass,
    stall, ///< Nothing goes through, and nobody is told: as if packets vanish.
    refuse ///< Connections are closed, those that are open too.
  };

  /// Listens on a free port of `host` (IPv4), for a Unix socket. Throws std::runtime_error if that
  /// cannot be done.
  tcp_proxy(const std::string& host, std::filesystem::path upstream);

  /// The same for a port of `host`, which is told later: until then, connections are closed.
  explicit tcp_proxy(const std::string& host);
  ~tcp_proxy();
  tcp_proxy(const tcp_proxy&) = delete;
  tcp_proxy& operator=(const tcp_proxy&) = delete;

  [[nodiscard]] std::uint16_t port() const noexcept;

  void set_upstream(std::uint16_t port);

  /// What has been stalled goes on with `pass`.
  void set_mode(mode x);

  /// Of what goes from the client to the server, from now on.
  void set_delay(std::chrono::milliseconds x);

  /// Ends the connections that are open now.
  void drop_all();

  [[nodiscard]] std::size_t connections() const;

private:
  class loop;
  std::unique_ptr<loop> loop_;
};

} // namespace bpci::chaos
