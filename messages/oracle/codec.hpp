#pragma once

#include "messages/error.hpp"
#include "messages/oracle/frames.hpp"

#include <span>

/// The bytes of BPI-1.0 frames: both encodings, both directions. The server and the C++ client
/// share it.
namespace bpci::oracle {

enum class encoding : std::uint8_t { msgpack, json };

/// `malformed`, `too_deep` or `unsupported` (an unknown `t`). Checks the encoding and the types of
/// the members, not what they say.
result<client_frame> decode_client_frame(std::span<const std::uint8_t> data, encoding how);
result<server_frame> decode_server_frame(std::span<const std::uint8_t> data, encoding how);

bytes encode(const client_frame& x, encoding how);
bytes encode(const server_frame& x, encoding how);

/// A `deliver` frame without copying the envelope into one.
bytes encode_deliver(const envelope& x, const bytes& source_key, encoding how);

} // namespace bpci::oracle
