#pragma once

#include "gateways/clients/cpp/handshake.hpp"
#include "messages/oracle/frames.hpp"
#include "runtime/crypto/keys.hpp"
#include "tests/bench/dialect.hpp"

#include <vector>

namespace bpci::bench {

/// BPI-1.0, each message under its own signature. Messages are signed when they are made, and the
/// signatures of deliveries are not checked: neither is the server's work.
class bpci_dialect final : public dialect {
public:
  bpci_dialect(std::size_t nodes, std::size_t body_bytes);

  [[nodiscard]] node_id id(std::size_t who) const;
  [[nodiscard]] const crypto::key_pair& keys(std::size_t who) const { return nodes_[who].keys; }

  [[nodiscard]] std::string path() const override { return std::string{oracle::socket_path}; }
  [[nodiscard]] std::string subprotocol() const override {
    return std::string{oracle::subprotocol};
  }
  result<bool> greet(std::size_t who, std::span<const std::uint8_t> frame, bytes& reply) override;
  bytes make_message(std::size_t who, std::uint64_t number) override;
  result<heard> hear(std::size_t who, std::span<const std::uint8_t> frame, bytes& reply) override;

  /// What a message is signed over, for measuring what a check of it costs.
  [[nodiscard]] oracle::envelope make_envelope(std::size_t who, std::uint64_t number) const;

private:
  struct node {
    crypto::key_pair keys;
    client::answered_challenge handshake;
  };

  std::vector<node> nodes_;
  bytes body_;
};

} // namespace bpci::bench
