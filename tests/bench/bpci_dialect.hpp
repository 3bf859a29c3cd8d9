#pragma once

#include "gateways/clients/cpp/handshake.hpp"
#include "messages/oracle/frames.hpp"
#include "runtime/crypto/keys.hpp"
#include "tests/bench/dialect.hpp"

#include <unordered_map>
#include <vector>

namespace bpci::bench {

/// How many messages go under one signature, and to whom.
enum class manner : std::uint8_t {
  alone,     ///< Each message under its own.
  together,  ///< A batch, all to the next connection.
  scattered, ///< A batch, each to another connection.
};

/// BPI-1.0. Messages, or batches, are signed when they are made, and the signatures of deliveries
/// are not checked: neither is the server's work. What one read brings is acknowledged in one
/// frame, as the clients do it.
class bpci_dialect final : public dialect {
public:
  bpci_dialect(std::size_t nodes, std::size_t body_bytes, std::size_t batch_items);

  /// Of what is made from now on.
  void speak(manner how) { manner_ = how; }
  [[nodiscard]] std::size_t items() const { return manner_ == manner::alone ? 1 : batch_items_; }

  [[nodiscard]] node_id id(std::size_t who) const;
  [[nodiscard]] const crypto::key_pair& keys(std::size_t who) const { return nodes_[who].keys; }

  [[nodiscard]] std::string path() const override { return std::string{oracle::socket_path}; }
  [[nodiscard]] std::string subprotocol() const override {
    return std::string{oracle::subprotocol};
  }
  result<bool> greet(std::size_t who, std::span<const std::uint8_t> frame, bytes& reply) override;
  bytes make_message(std::size_t who, std::uint64_t number) override;
  result<heard> hear(std::size_t who, std::span<const std::uint8_t> frame, bytes& reply) override;

  void heard_all(std::size_t who, bytes& reply) override;

  /// What a message is signed over, for measuring what a check of it costs.
  [[nodiscard]] oracle::envelope make_envelope(std::size_t who, std::uint64_t number) const;

private:
  struct node {
    crypto::key_pair keys;
    client::answered_challenge handshake;
    oracle::ack_batch acks;                                      ///< Of the read at hand.
    std::unordered_map<std::uint64_t, std::size_t> unanswered{}; ///< Targets of scattered batches.
  };

  [[nodiscard]] bytes make_batch(std::size_t who, std::uint64_t number);
  [[nodiscard]] heard count_receipts(std::size_t who, std::uint64_t number, std::size_t count);

  std::vector<node> nodes_;
  bytes body_;
  std::size_t batch_items_;
  manner manner_ = manner::alone;
};

} // namespace bpci::bench
