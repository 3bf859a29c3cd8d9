#pragma once

#include "actors/consensus/engine.hpp"
#include "messages/boxes.hpp"
#include "messages/chain/position.hpp"

#include <caf/actor.hpp>

#include <deque>
#include <memory>
#include <string>

/// What the actors of consensus say to each other, within one node.
namespace bpci::consensus {

/// The core, on its way from the INSTANCE of one height to that of the next: with it go the votes
/// that it has kept, the effects that are still to be carried out, and what has still to come in.
/// There is one at a time: it is moved, never shared.
struct core_box {
  core_box(engine made, std::uint64_t of_life) : core(std::move(made)), life(of_life) {}

  engine core;
  std::uint64_t life = 0; ///< in which its record is written (record_store.hpp)
  bool is_marked = false; ///< the marker is on the disk
  std::deque<effect> to_do;
  std::deque<event> inbox;
};
using core_ptr = std::shared_ptr<core_box>;

/// "I am here, and have nothing." From: an INSTANCE that has started. To: ENGINE. Answered by
/// begin_anew or carry_on, now or when its height comes, or by dismissed.
struct instance_ready {
  height at;
  caf::actor who;
};

/// "There is no core: make one, from the record and from where the chain stands."
struct begin_anew {
  chain::position where;
};

struct carry_on {
  core_ptr core;
  chain::position where;
};

/// The chain has come to `where` by whatever way.
struct chain_moved {
  chain::position where;
};

/// "My height is over, here is the core." Votes that still come to the sender it sends on.
struct height_decided {
  height at;
  core_ptr core;
  chain::position where;
};

/// "You are not needed any more."
struct dismissed {};

/// There is something to decide, upon the head that ENGINE has told of.
struct work_is_due {};

/// Why this node decides nothing any more. From: INSTANCE, SYNC. To: ENGINE.
struct engine_stopped {
  enum class kind : std::uint8_t {
    halted,    ///< two blocks of one height are final
    diverged,  ///< what the others agree on is not what this node computes
    outdated,  ///< the chain has rules that this program does not know
    moved_away ///< another member holds the validator now
  };
  kind what{};
  std::string why;
};

/// "Do nothing any more." From: ENGINE, when it was SYNC that found it. To: INSTANCE.
struct stop_deciding {};

/// Answer: instance_standing.
struct get_standing {};

struct instance_standing {
  standing where;
  voice says;
};

/// From: INSTANCE. To: SYNC.
struct fell_behind {
  address ask{};
  height at;
};

/// From: SYNC. To: ENGINE, whenever it changes.
struct sync_state {
  bool syncing = false;
  height seen;

  bool operator==(const sync_state&) const = default;
};

} // namespace bpci::consensus

BPCI_LOCAL_MESSAGE(bpci::consensus::instance_ready)
BPCI_LOCAL_MESSAGE(bpci::consensus::begin_anew)
BPCI_LOCAL_MESSAGE(bpci::consensus::carry_on)
BPCI_LOCAL_MESSAGE(bpci::consensus::chain_moved)
BPCI_LOCAL_MESSAGE(bpci::consensus::height_decided)
BPCI_LOCAL_MESSAGE(bpci::consensus::dismissed)
BPCI_LOCAL_MESSAGE(bpci::consensus::work_is_due)
BPCI_LOCAL_MESSAGE(bpci::consensus::engine_stopped)
BPCI_LOCAL_MESSAGE(bpci::consensus::stop_deciding)
BPCI_LOCAL_MESSAGE(bpci::consensus::get_standing)
BPCI_LOCAL_MESSAGE(bpci::consensus::instance_standing)
BPCI_LOCAL_MESSAGE(bpci::consensus::fell_behind)
BPCI_LOCAL_MESSAGE(bpci::consensus::sync_state)
