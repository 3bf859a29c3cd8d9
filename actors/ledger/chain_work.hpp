#pragma once

#include "actors/ledger/chain_store.hpp"
#include "actors/ledger/context.hpp"
#include "actors/ledger/snapshot.hpp"
#include "actors/ledger/tip.hpp"

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>
#include <caf/allowed_unsafe_message_type.hpp>

#include <atomic>

/// What takes LEDGER longer than its questions can wait for: each runs in a short-lived actor with
/// a thread of its own, goes to the database in short pages, and tells LEDGER how it ended.
namespace bpci::ledger {

/// Set by LEDGER when it ends: whatever works for it stops at its next page.
using stop_flag = std::shared_ptr<std::atomic<bool>>;

/// A chain as it stands in the store.
struct chain_at_hand {
  store::chain_row row;
  tip_start start;
};

/// Null: `why`. Errors: config_invalid (the database has another chain, or the genesis document is
/// not one), storage_failed (the store is damaged), fenced, shutting_down.
struct chain_loaded {
  std::shared_ptr<chain_at_hand> what;
  failure why;
};

/// Loads the chain and checks it against the header of its head; where there is none begins it with
/// the genesis block. Waits for a database that is away.
caf::actor start_loading(caf::actor_system& in, caf::actor ledger, ledger_options_ptr how,
                         stop_flag stop);

/// Everything that a restored chain is made of.
struct restored_parts {
  std::shared_ptr<const restoration> state;
  chain::final_header at;
  std::vector<chain::sealed_block_ptr> before; ///< the last is the header's own
};

/// Null: `why`. Errors: malformed (the manifest lied), conflict (the chain has moved meanwhile),
/// and those of a query.
struct chain_restored {
  std::shared_ptr<chain_at_hand> what;
  failure why;
};

/// Puts the restored chain in the place of `present`.
caf::actor start_restoring(caf::actor_system& in, caf::actor ledger, ledger_options_ptr how,
                           stop_flag stop, store::chain_row present, restored_parts parts);

struct snapshot_written {
  height at;
  failure why; ///< ec::none: it is there
};

/// The state does not change while it is written: blocks go on beside it.
caf::actor start_snapshot(caf::actor_system& in, caf::actor ledger, ledger_options_ptr how,
                          stop_flag stop, state_trie state, std::string chain_id, height at);

/// How many blocks tell who was there (attendance.hpp).
inline constexpr std::uint64_t attendance_blocks = 103;

} // namespace bpci::ledger

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(bpci::ledger::chain_loaded)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(bpci::ledger::chain_restored)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(bpci::ledger::snapshot_written)
