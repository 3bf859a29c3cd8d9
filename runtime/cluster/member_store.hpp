#pragma once

#include "messages/error.hpp"
#include "messages/runtime/cluster.hpp"
#include "runtime/cluster/membership.hpp"

#include <pqxx/transaction>

#include <string>
#include <vector>

/// The tables `member`, `suspicion` and `cluster_view` (runtime/storage/migrations/0004-cluster).
///
/// Everything that changes a member's state takes `membership_lock` first and raises
/// `cluster_view`, both its numbers, last: so these transactions run one after the other, and two
/// members cannot evict each other. Order of the locks, for whoever takes some of them too:
/// `membership_lock`, rows of `member`, rows of `slot`, the row of `cluster_view`.
///
/// A heartbeat updates its own row and nothing else; whoever locks that row FOR SHARE holds it up
/// (FOR KEY SHARE does not).
namespace bpci::cluster::store {

/// The key of the advisory lock: "bpcimemb".
inline constexpr auto membership_lock = 0x627063696d656d62;

/// At most one unreachable member is evicted in this time, by the database's clock: if the network
/// is what fails, the next reading of it may say so.
inline constexpr auto unreachable_pause = std::chrono::seconds{30};

/// How long a member that ended is listed, and at most how many of them.
inline constexpr auto ended_shown = std::chrono::minutes{60};
inline constexpr auto ended_max = 200;

/// Enters a new life of `who.id`, in the state `joining`; a former one that is still on record is
/// dead then, and its sessions are ended. If that one has the same `session_tag`, it is this very
/// process: its life goes on, in the state that it has. Gives the row as it stands.
member join(pqxx::work& tx, const member& who);

/// Counts one heartbeat, and reads everything. Errors: superseded (this life was declared dead: the
/// node must stop at once).
result<reading> beat(pqxx::work& tx, incarnation self);

/// Writes or renews the suspicion of `by`; does nothing if one of both is no longer live.
void write_suspicion(pqxx::work& tx, incarnation by, const suspect& what);
void delete_suspicion(pqxx::work& tx, incarnation by, const withdraw& what);

/// False when the member has moved or ended in the meantime, or when the votes of live members that
/// carry its counter are too few: two, or one if no other live member is itself without a current
/// suspicion against it. Ends its database sessions, so that none of them holds a lock.
bool evict(pqxx::work& tx, incarnation self, const evict_silent& what);

/// False when the view is another, when one was evicted like this within `unreachable_pause`, or
/// when too few accuse it: a majority of the members that take part (up and draining), or half of
/// them, all with lower ids than its own.
bool evict(pqxx::work& tx, incarnation self, const evict_unreachable& what);

/// JOINING -> UP. False when the view is another: then somebody else may have come up meanwhile.
bool rise(pqxx::work& tx, incarnation self, const come_up& what);

/// UP -> DRAINING, and back. Nothing but the reason changes if it is so already. Errors: conflict
/// (the member is in neither of these states).
result<void> set_draining(pqxx::work& tx, incarnation self, bool draining,
                          const std::string& reason);

/// Any live state -> LEFT.
void leave(pqxx::work& tx, incarnation self);

/// Where the member is reached, and what it shows there. Errors: superseded.
result<void> set_link(pqxx::work& tx, incarnation self, const port_opened& link);

/// Those that ended within `ended_shown`, the last first.
std::vector<member_status> ended(pqxx::work& tx);

} // namespace bpci::cluster::store
