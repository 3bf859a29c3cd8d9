#pragma once

#include "tests/bench/dialect.hpp"

#include <vector>

namespace bpci::bench {

/// The bare forwarder's: a frame is the connection that it goes to, where it came from, its number
/// and filling. Messages and acknowledgements are as long as those of BPI-1.0, so that both servers
/// move the same bytes in the same number of frames.
class forwarder_dialect final : public dialect {
public:
  forwarder_dialect(std::size_t connections, std::size_t message_bytes, std::size_t ack_bytes)
      : names_(connections), message_bytes_(message_bytes), ack_bytes_(ack_bytes) {}

  [[nodiscard]] std::string path() const override { return "/"; }
  [[nodiscard]] std::string subprotocol() const override { return {}; }
  result<bool> greet(std::size_t who, std::span<const std::uint8_t> frame, bytes& reply) override;
  bytes make_message(std::size_t who, std::uint64_t number) override;
  result<heard> hear(std::size_t who, std::span<const std::uint8_t> frame, bytes& reply) override;

private:
  std::vector<std::uint32_t> names_; ///< What the forwarder calls each connection.
  std::size_t message_bytes_;
  std::size_t ack_bytes_;
};

} // namespace bpci::bench
