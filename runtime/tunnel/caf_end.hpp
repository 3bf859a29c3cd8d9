#pragma once

#include "runtime/tunnel/links.hpp"

#include <caf/fwd.hpp>
#include <caf/io/fwd.hpp>

#include <cstdint>

/// CAF's end of a link. CAF's own way to connect (its middleman actor) opens TCP ports, blocks, and
/// keeps handles of dead nodes; this one gives sockets to the actor behind it, its BASP broker.
namespace bpci::tunnel {

/// CAF keeps what is published by port numbers; a node publishes one actor, on no port at all.
constexpr std::uint16_t published_as = 1;

/// The actor that speaks CAF's protocol.
caf::actor basp_broker(caf::actor_system& system);

/// What the broker takes a socket as.
caf::io::scribe_ptr to_scribe(caf::actor_system& system, local_end& from);

/// A peer that is let in can send messages to any actor, as is meant; it shall not start any. To be
/// called before the first link opens.
void refuse_remote_spawn(caf::actor_system& system);

} // namespace bpci::tunnel
