#pragma once

#include "actors/peers/link_opening.hpp"
#include "messages/oracle/peer_link.hpp"

#include <caf/allowed_unsafe_message_type.hpp>

#include <atomic>
#include <memory>

/// What PEERS and a PEER say to each other. Local to a node.
namespace bpci::peers {

/// Frames of one link. PEERS counts those that it writes past the PEER.
struct traffic {
  std::atomic<std::uint64_t> sent{0};
  std::atomic<std::uint64_t> received{0};
};

// -- from PEERS to a PEER ----------------------------------------------------------------------

/// "Open a link to this url." Ends in link_opened or link_failed.
struct dial_link {
  std::string url;
  peer_head mine; ///< where this node's chain stands
};

/// "Here is one that was dialled from the other side." The same in everything else.
struct take_link {
  oracle::connection_ptr connection;
  oracle::handshake_context with;
  peer_head mine;
};

/// "It has misbehaved too often."
struct close_link {
  failure why;
};

// -- from a PEER to PEERS ------------------------------------------------------------------------

/// "I run", after each start.
struct peer_ready {
  address who{};
};

/// There was none, or it stands in the place of another one.
struct link_opened {
  address who{};
  oracle::connection_ptr connection;
  bool dialled = false;
  peer_head told; ///< where this node's chain stands, as the other side knows it
  std::shared_ptr<traffic> counted;
};

struct link_failed {
  address who{};
  bool dialled = false;
  failure why;
};

struct link_closed {
  address who{};
  oracle::connection_ptr connection;
  failure why;
};

struct head_told {
  address who{};
  peer_head head;
};

} // namespace bpci::peers

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(bpci::peers::dial_link)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(bpci::peers::take_link)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(bpci::peers::close_link)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(bpci::peers::peer_ready)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(bpci::peers::link_opened)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(bpci::peers::link_failed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(bpci::peers::link_closed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(bpci::peers::head_told)
