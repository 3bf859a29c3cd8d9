#pragma once

#include "messages/chain/wire.hpp"
#include "messages/oracle/connection.hpp"

/// A peer_envelope as a `peer` frame of BPI-1.0, and back.
namespace bpci::peers {

/// Which side of the WebSocket this node is.
enum class side : std::uint8_t { server, client };

/// Of a `peer` frame: the largest envelope, the map, its two keys and the length.
inline constexpr std::size_t frame_bytes_max = chain::peer_envelope_bytes_max + 64;

[[nodiscard]] bytes encode(const chain::peer_envelope& x);

/// What came in on this side. Errors: malformed, too_large, unsupported (JSON, or another kind of
/// frame); the code of a refusal, which a server may send at any time.
[[nodiscard]] result<chain::peer_envelope> decode(const oracle::raw_frame& x, side here);

/// The envelope of a message that is neither a question nor an answer.
[[nodiscard]] inline chain::peer_envelope say(const std::string& chain_id,
                                              chain::peer_message what) {
  return {chain_id, 0, std::move(what)};
}

} // namespace bpci::peers
