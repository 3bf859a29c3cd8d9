#pragma once

#include "messages/boxes.hpp"
#include "messages/oracle/connection.hpp"
#include "messages/oracle/signing.hpp"

#include <array>
#include <chrono>

/// Links between nodes of a chain: BPI-1.0 links whose client is another operator's node. The same
/// challenge, hello and welcome; then `peer` frames, both ways (docs/protocol/bpi-1.0.md, section
/// on peers). A client of this kind says `chain/<its address in hex>` as its node id, and proves
/// that it holds that key. It is not in the register of BPI nodes: whether it is let in is for the
/// chain to say.
namespace bpci::oracle {

inline constexpr std::string_view peer_node_prefix = "chain/";

/// "May this one in?" From: DOORMAN, when the hello is proved. To: KEEPER (/chain/keeper). Answer:
/// peer_admitted. Errors: not_permitted (no such chain here, or no more peers are taken),
/// not_owner (another member of the cluster holds the chain now; the detail is its HTTP address, or
/// empty), unavailable.
struct admit_peer {
  std::array<std::uint8_t, 32> address{};
  std::string remote;
};

/// DOORMAN writes the welcome, makes `owner` the owner of the connection and sends it a
/// peer_connected.
struct peer_admitted {
  caf::actor owner;
};

/// The link is open. From: DOORMAN. To: PEERS.
struct peer_connected {
  connection_ptr connection;
  std::array<std::uint8_t, 32> address{}; ///< that the client has proved
  handshake_context signed_with;          ///< what makes this link another than all others
};

/// "Connect to this address." From: PEERS. To: DIALLER (/gateway/dialler). Answer: dialled: an open
/// WebSocket, with the sender as its owner; the challenge comes as its first frame. Errors:
/// invalid_argument (the url), unavailable, timeout, busy (too many at once), and what the server
/// refused with.
struct dial {
  std::string url; ///< ws://host:port/bpi/v1
  std::chrono::milliseconds within{5'000};
};

struct dialled {
  connection_ptr connection;
};

} // namespace bpci::oracle

BPCI_LOCAL_MESSAGE(bpci::oracle::admit_peer)
BPCI_LOCAL_MESSAGE(bpci::oracle::peer_admitted)
BPCI_LOCAL_MESSAGE(bpci::oracle::peer_connected)
BPCI_LOCAL_MESSAGE(bpci::oracle::dial)
BPCI_LOCAL_MESSAGE(bpci::oracle::dialled)
