#pragma once

#include "messages/error.hpp"
#include "messages/ids.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

/// The frames of RFC 6455, section 5.2, as a client writes and reads them: as little work as
/// possible, for the load generator shares the machine with the server.
namespace bpci::bench {

enum class opcode : std::uint8_t { text = 1, binary = 2, close = 8, ping = 9, pong = 10 };

/// Appends one masked frame.
void append_masked(bytes& out, opcode kind, std::span<const std::uint8_t> payload);

struct server_frame_view {
  opcode kind = opcode::binary;
  std::span<const std::uint8_t> payload;
  std::size_t size = 0; ///< With its header.
};

/// The frame at the beginning of `data`; nothing while it is incomplete. Errors: `malformed` for
/// fragments and masked frames, which neither of the servers sends.
result<std::optional<server_frame_view>> first_frame(std::span<const std::uint8_t> data);

} // namespace bpci::bench
