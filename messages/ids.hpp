#pragma once

#include "messages/describe.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace bpci {

using bytes = std::vector<std::uint8_t>;

/// The name under which a BPI node is registered: 1 to 64 of `A-Z a-z 0-9 . _ : -`.
using node_id = strong<std::string, struct node_id_tag>;

/// The name of a node of this cluster, from its configuration: the same alphabet.
using member_id = strong<std::string, struct member_id_tag>;

/// One life of a cluster node; a restarted node has another one.
using incarnation = strong<std::uint64_t, struct incarnation_tag>;

/// The sender's name for a message, kept through retries: the same alphabet. Unique per source.
using message_id = strong<std::string, struct message_id_tag>;

/// Counts the handshakes of one BPI node over the whole cluster; the higher one is the newer.
using session_no = strong<std::uint64_t, struct session_no_tag>;

/// The place of a block in the chain; the genesis block has 0.
using height = strong<std::uint64_t, struct height_tag>;

/// Milliseconds since 1970-01-01T00:00:00Z, from the wall clock.
using timestamp_ms = strong<std::int64_t, struct timestamp_ms_tag>;

/// Follows one request through logs and answers.
using correlation_id = strong<std::string, struct correlation_id_tag>;

/// Whether `text` may serve as a node, member or message id.
constexpr bool is_valid_id(std::string_view text) noexcept {
  if (text.empty() || text.size() > 64) return false;
  for (auto c : text)
    if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.'
          || c == '_' || c == ':' || c == '-'))
      return false;
  return true;
}

} // namespace bpci
