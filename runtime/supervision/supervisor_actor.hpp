#pragma once

#include "messages/boxes.hpp"
#include "runtime/supervision/child_spec.hpp"

#include <caf/actor.hpp>
#include <caf/fwd.hpp>

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace bpci::supervision {

inline constexpr std::string_view supervisor_type = "SUPERVISOR";

/// What a killed actor gets to notice it, which it does between two messages. One that does not is
/// abandoned: logged, and no longer waited for.
inline constexpr auto kill_max = std::chrono::milliseconds{1'000};

/// "Run this child as well." From: whoever owns the matter (a gateway for a LINK). To: a
/// one-for-one supervisor of the same node. Answer: its handle; that of the running one when the
/// id is taken. A child that will not be restarted is removed when it ends.
///
/// Such children are isolated from each other: none of them makes the supervisor escalate
/// (`decide_isolated`).
///
/// Errors: invalid_argument (id), unsupported (not one-for-one), shutting_down, busy (the id is
/// being stopped), restarted (the id is waiting for its next start, or the start has failed and is
/// tried again), unavailable (the id is paused), internal (the start has failed for good).
struct start_child {
  child_spec spec;
};

/// "Run this child as well", for one of very many that differ in their id only, a `crowd_member`
/// (runtime/supervision/crowd_member.hpp). It is never restarted; whoever needs it asks again. It
/// takes a fraction of the memory of other children. Answer and errors as for start_child.
struct start_child_like {
  /// Its `id` is not used; `policy`, `is_supervisor` and `wait_ready_max` have to be temporary,
  /// false and 0.
  std::shared_ptr<const child_spec> prototype;
  std::string id;
};

/// "Stop this child and forget it", for children from `start_child` and
/// `start_child_like`. Answer: child_action_done
/// when it is down. Errors: not_found, unsupported (it stands in the supervisor's table),
/// shutting_down.
struct stop_child {
  std::string id;
};

/// Starts a supervisor; `ready` is called when its table runs. It also answers the messages of
/// messages/runtime/supervision.hpp.
///
/// It ends with the reason that it was told to end with, after its children; with `internal` and
/// the cause when a child has exceeded the intensity, for its own supervisor to act; and when it is
/// killed or crashes it takes its children along, without waiting for them.
///
/// Throws std::invalid_argument for a table that cannot work (two children of one id).
caf::actor spawn_supervisor(caf::actor_system& system, std::string path, supervisor_options how,
                            node_context_ptr node, std::function<void()> ready = {});

} // namespace bpci::supervision

BPCI_LOCAL_MESSAGE(bpci::supervision::start_child)
BPCI_LOCAL_MESSAGE(bpci::supervision::start_child_like)
BPCI_LOCAL_MESSAGE(bpci::supervision::stop_child)
