#include "messages/box_members.hpp"
#include "messages/chain/blocks.hpp"
#include "messages/chain/peers.hpp"
#include "messages/chain/pool.hpp"
#include "messages/chain/position.hpp"

BPCI_LOCAL_BOX(bpci::chain::fill_block)
BPCI_LOCAL_BOX(bpci::chain::block_filled)
BPCI_LOCAL_BOX(bpci::chain::validate_block)
BPCI_LOCAL_BOX(bpci::chain::block_valid)
BPCI_LOCAL_BOX(bpci::chain::append_block)
BPCI_LOCAL_BOX(bpci::chain::get_past)
BPCI_LOCAL_BOX(bpci::chain::past_height)
BPCI_LOCAL_BOX(bpci::chain::read_blocks)
BPCI_LOCAL_BOX(bpci::chain::block_range)
BPCI_LOCAL_BOX(bpci::chain::read_header)
BPCI_LOCAL_BOX(bpci::chain::final_header)
BPCI_LOCAL_BOX(bpci::chain::find_snapshot)
BPCI_LOCAL_BOX(bpci::chain::snapshot_here)
BPCI_LOCAL_BOX(bpci::chain::read_chunk)
BPCI_LOCAL_BOX(bpci::chain::chunk_here)
BPCI_LOCAL_BOX(bpci::chain::begin_restore)
BPCI_LOCAL_BOX(bpci::chain::add_chunk)
BPCI_LOCAL_BOX(bpci::chain::restore_progress)
BPCI_LOCAL_BOX(bpci::chain::finish_restore)

BPCI_LOCAL_BOX(bpci::chain::tell_peers)
BPCI_LOCAL_BOX(bpci::chain::ask_peer)
BPCI_LOCAL_BOX(bpci::chain::peer_answer)
BPCI_LOCAL_BOX(bpci::chain::vote_arrived)
BPCI_LOCAL_BOX(bpci::chain::announcements_shared)
BPCI_LOCAL_BOX(bpci::chain::question_arrived)
BPCI_LOCAL_BOX(bpci::chain::peer_seen)
BPCI_LOCAL_BOX(bpci::chain::peer_lost)
BPCI_LOCAL_BOX(bpci::chain::peer_misbehaved)
BPCI_LOCAL_BOX(bpci::chain::peer_message_ptr)

BPCI_LOCAL_BOX(bpci::chain::transactions_shared)
BPCI_LOCAL_BOX(bpci::chain::offer_transactions)
BPCI_LOCAL_BOX(bpci::chain::transactions_offered)
BPCI_LOCAL_BOX(bpci::chain::watch_work)
BPCI_LOCAL_BOX(bpci::chain::work_waiting)
BPCI_LOCAL_BOX(bpci::chain::evidence_found)
BPCI_LOCAL_BOX(bpci::chain::offer_evidence)
BPCI_LOCAL_BOX(bpci::chain::evidence_offered)

BPCI_LOCAL_BOX(bpci::chain::position)
BPCI_LOCAL_BOX(bpci::chain::watch_position)
BPCI_LOCAL_BOX(bpci::chain::get_position)
