#include "actors/ledger/register_messages.hpp"

#include "messages/chain/pool.hpp"
#include "messages/chain/questions.hpp"
#include "messages/register.hpp"

namespace bpci::ledger {

void register_messages(caf::actor_system_config& config) {
  using namespace chain;
  add_messages<get_overview, chain_overview, get_block, block_shown, list_blocks, block_page,
               get_transaction, transaction_shown, get_history, history_page, ask_module,
               module_answer, prove_state, state_proven, prove_receipt, receipt_proven,
               submit_transaction, transaction_taken, find_nonce, nonce_free, get_pool,
               pool_status>(config, "chain");
}

} // namespace bpci::ledger
