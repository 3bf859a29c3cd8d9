#include "messages/chain/wire.hpp"
#include "messages/codec/canonical.hpp"
#include "messages/consensus/block.hpp"
#include "messages/consensus/votes.hpp"
#include "messages/ledger/account.hpp"
#include "messages/ledger/anchors.hpp"
#include "messages/ledger/chain.hpp"
#include "messages/ledger/coins.hpp"
#include "messages/ledger/evidence.hpp"
#include "messages/ledger/governance.hpp"
#include "messages/ledger/proof.hpp"
#include "messages/ledger/receipt.hpp"
#include "messages/ledger/snapshot.hpp"
#include "messages/ledger/transaction.hpp"
#include "messages/ledger/treasury.hpp"
#include "messages/ledger/validators.hpp"
#include "tests/wire/canonical_messages.hpp"
#include "tests/wire/sample_table.hpp"

namespace bpci::wire {

namespace {

struct canonical_codec {
  template <described T>
  bytes write(const T& x) {
    return codec::to_canonical(x);
  }

  template <described T>
  bool reads_back(const T&, const bytes& raw) {
    const auto back = codec::from_canonical<T>(raw);
    return back && codec::to_canonical(*back) == raw;
  }
};

} // namespace

std::vector<message_sample> canonical_samples() {
  return sample_table<canonical_codec>{}
      .of<chain::final_header>("chain/blocks.hpp")
      .of<chain::peer_head, chain::share_transactions, chain::share_evidence,
          chain::share_announcements, chain::ask_blocks, chain::some_blocks, chain::ask_header,
          chain::some_header, chain::ask_snapshot, chain::some_snapshot, chain::ask_chunk,
          chain::some_chunk, chain::prove_address, chain::peer_envelope>("chain/wire.hpp")
      .of<consensus::validator, consensus::header, consensus::seal, consensus::certificate,
          consensus::evidence, consensus::block, consensus::sealed_block>("consensus/block.hpp")
      .of<consensus::prepare, consensus::commit, consensus::prepared_claim, consensus::round_change,
          consensus::round_change_message, consensus::proposal, consensus::proposal_message>(
          "consensus/votes.hpp")
      .of<ledger::coin>("ledger/account.hpp")
      .of<ledger::anchors::anchor, ledger::anchors::anchored, ledger::anchors::get_anchor>(
          "ledger/anchors.hpp")
      .of<ledger::chain_identity, ledger::parameter_value, ledger::parameter_values,
          ledger::scheduled_upgrade, ledger::protocol_version, ledger::halt_until,
          ledger::parameter_setting, ledger::chain_status>("ledger/chain.hpp")
      .of<ledger::coins::transfer, ledger::coins::moved, ledger::coins::minted,
          ledger::coins::burned, ledger::coins::holdings, ledger::coins::supply,
          ledger::coins::get_account, ledger::coins::account_answer, ledger::coins::get_supply>(
          "ledger/coins.hpp")
      .of<ledger::verified_evidence, ledger::sealing>("ledger/evidence.hpp")
      .of<ledger::governance::propose, ledger::governance::vote, ledger::governance::set_parameter,
          ledger::governance::schedule_upgrade, ledger::governance::cancel_upgrade,
          ledger::governance::halt, ledger::governance::resume, ledger::governance::proposal,
          ledger::governance::electorate, ledger::governance::open_proposal,
          ledger::governance::agenda, ledger::governance::proposed, ledger::governance::voted,
          ledger::governance::closed, ledger::governance::parameter_changed,
          ledger::governance::upgraded, ledger::governance::halted, ledger::governance::resumed,
          ledger::governance::get_proposal, ledger::governance::get_agenda,
          ledger::governance::get_chain>("ledger/governance.hpp")
      .of<ledger::other_leaf, ledger::state_proof, ledger::receipts_root, ledger::receipt_proof>(
          "ledger/proof.hpp")
      .of<ledger::event, ledger::receipt>("ledger/receipt.hpp")
      .of<ledger::snapshot_entry, ledger::snapshot_chunk, ledger::snapshot_manifest>(
          "ledger/snapshot.hpp")
      .of<ledger::transaction>("ledger/transaction.hpp")
      .of<ledger::treasury::spend, ledger::treasury::spent, ledger::treasury::history,
          ledger::treasury::get_spends, ledger::treasury::spend_list, ledger::treasury::get_fund,
          ledger::treasury::fund_answer>("ledger/treasury.hpp")
      .of<ledger::validators::join, ledger::validators::add_bond, ledger::validators::unbond,
          ledger::validators::leave, ledger::validators::unjail, ledger::validators::withdraw,
          ledger::validators::weight_changed, ledger::validators::slashed,
          ledger::validators::evidence_ignored, ledger::validators::unbonding,
          ledger::validators::member, ledger::validators::validator_sets,
          ledger::validators::waiting_list, ledger::validators::membership,
          ledger::validators::get_sets, ledger::validators::get_member,
          ledger::validators::get_waiting>("ledger/validators.hpp")
      .take();
}

} // namespace bpci::wire
