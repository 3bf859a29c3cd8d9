#pragma once

#include "messages/consensus/votes.hpp"
#include "messages/oracle/discovery.hpp"

#include <pqxx/transaction>

#include <vector>

/// The table `peer_announcement` (runtime/storage/migrations/0013-bpi-node-standing): what nodes of
/// other operators have announced.
namespace bpci::oracle::store {

/// Of one operator at most; what is beyond is not kept.
inline constexpr std::uint64_t peer_announcements_max = 1'000;

/// Each unless a newer one of the same node is there. They have been checked.
void keep_peer_announcements(pqxx::work& tx, const consensus::address& of_operator,
                             const std::vector<announced_node>& nodes);

/// Those that hold now and come after `id` of `of_operator` (hex), in that order, `limit` at most.
std::vector<announced_node> peer_announcements(pqxx::work& tx, const discover& what,
                                               const std::string& id,
                                               const std::string& of_operator, std::size_t limit);

void drop_stale_peer_announcements(pqxx::work& tx);

} // namespace bpci::oracle::store
