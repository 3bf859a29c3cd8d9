#pragma once

#include "messages/boxes.hpp"
#include "messages/chain/wire.hpp"

#include <chrono>

/// PEERS, which holds the links to the other operators' nodes, as the other actors of the chain see
/// it. On one node.
namespace bpci::chain {

using consensus::address;
using peer_message_ptr = std::shared_ptr<const peer_message>;

/// "Send this." Encoded once. To whom there is no link now it is not sent, nor kept: whoever needs
/// it to arrive says it again. No answer.
struct tell_peers {
  std::vector<address> to; ///< empty: everybody who is linked
  peer_message_ptr what;
  address except{}; ///< with `to` empty: not to this one (it came from there)
};

/// "Ask this one." Answer: peer_answer. Errors: not_found (no link), busy (too many questions to it
/// at once), timeout, unavailable (the link broke), malformed (the answer is of another kind).
struct ask_peer {
  address who{};
  peer_message what;
  std::chrono::milliseconds within{5'000};
};

struct peer_answer {
  address from{};
  peer_message_ptr what;
};

/// A vote, or a sealed block for who is behind. From: PEERS. To: ENGINE.
struct vote_arrived {
  address from{}; ///< whose link it came over
  consensus::consensus_message what;
};

/// From: PEERS. To: DISCOVERY of the same node.
struct announcements_shared {
  address from{};
  std::vector<bytes> encoded; ///< canonical oracle::announcement
};

/// From: PEERS. To: SYNC. Answer: peer_message_ptr (some_...), or an error: then nothing is sent.
struct question_arrived {
  address from{};
  peer_message what;
};

/// A link has opened, or its other side has told where it stands. From: PEERS. To: SYNC.
struct peer_seen {
  address who{};
  peer_head head;
};

/// From: PEERS. To: SYNC.
struct peer_lost {
  address who{};
};

/// It has sent what no honest node sends: a bad signature in a block, an answer that is not what
/// was asked for. From: SYNC, ENGINE, MEMPOOL. To: PEERS, which closes the link when this happens
/// often, and lets it wait longer each time before there is another.
struct peer_misbehaved {
  address who{};
  std::string why;
};

/// Answer to get_peers.
struct peer_status {
  address who{};
  std::vector<std::string> urls; ///< where it is dialled; empty: it dials us
  bool linked = false;
  bool dialled_by_us = false;
  height at; ///< what it said last
  timestamp_ms since;
  std::string last_error;
  std::uint64_t sent = 0, received = 0; ///< frames, of this link
  std::uint64_t misbehaved = 0;

  bool operator==(const peer_status&) const = default;
};
BPCI_MESSAGE(peer_status, who, urls, linked, dialled_by_us, at, since, last_error, sent, received,
             misbehaved)

/// From: the gateway. To: PEERS. Answer: peer_list.
struct get_peers {
  bool operator==(const get_peers&) const = default;
};
BPCI_MESSAGE(get_peers)

struct peer_list {
  std::vector<peer_status> peers; ///< sorted by address

  bool operator==(const peer_list&) const = default;
};
BPCI_MESSAGE(peer_list, peers)

} // namespace bpci::chain

BPCI_LOCAL_MESSAGE(bpci::chain::tell_peers)
BPCI_LOCAL_MESSAGE(bpci::chain::ask_peer)
BPCI_LOCAL_MESSAGE(bpci::chain::peer_answer)
BPCI_LOCAL_MESSAGE(bpci::chain::vote_arrived)
BPCI_LOCAL_MESSAGE(bpci::chain::announcements_shared)
BPCI_LOCAL_MESSAGE(bpci::chain::question_arrived)
BPCI_LOCAL_MESSAGE(bpci::chain::peer_seen)
BPCI_LOCAL_MESSAGE(bpci::chain::peer_lost)
BPCI_LOCAL_MESSAGE(bpci::chain::peer_misbehaved)
BPCI_LOCAL_MESSAGE(bpci::chain::peer_message_ptr)
