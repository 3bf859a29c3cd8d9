#pragma once

#include "messages/error.hpp"
#include "messages/ids.hpp"

#include <cstdint>
#include <span>
#include <string>

namespace bpci::bench {

/// What a frame of the server means to the sender of a message.
struct heard {
  enum class kind : std::uint8_t { nothing, acknowledged, refused };
  kind what = kind::nothing;
  std::uint64_t number = 0; ///< Of the message, as given to `make_message`.
  std::string why{};        ///< Of a refusal.
};

/// How one of the servers is spoken to. Connections are numbered from 0; each of them sends to one
/// other, which acknowledges.
class dialect {
public:
  virtual ~dialect() = default;

  /// The path and the subprotocol of the upgrade; an empty subprotocol is not offered.
  [[nodiscard]] virtual std::string path() const = 0;
  [[nodiscard]] virtual std::string subprotocol() const = 0;

  /// A frame of a connection that is not open yet. Fills `reply`, or leaves it empty. True when
  /// the connection is open now.
  virtual result<bool> greet(std::size_t who, std::span<const std::uint8_t> frame,
                             bytes& reply) = 0;

  /// The message `number` of a connection, ready to be sent. Numbers rise from 1.
  virtual bytes make_message(std::size_t who, std::uint64_t number) = 0;

  /// A frame of an open connection. Fills `reply`, or leaves it empty.
  virtual result<heard> hear(std::size_t who, std::span<const std::uint8_t> frame,
                             bytes& reply) = 0;

  /// What one read has brought has been heard. Fills `reply`, or leaves it empty.
  virtual void heard_all(std::size_t who, bytes& reply) {
    static_cast<void>(who);
    static_cast<void>(reply);
  }
};

} // namespace bpci::bench
