#include "messages/chain/peers.hpp"
#include "messages/chain/pool.hpp"
#include "messages/chain/questions.hpp"
#include "messages/consensus/standing.hpp"
#include "messages/governance/bridge.hpp"
#include "messages/inspect.hpp"
#include "messages/interapp/gate.hpp"
#include "messages/ledger/anchors.hpp"
#include "messages/ledger/governance.hpp"
#include "messages/ledger/treasury.hpp"
#include "messages/ledger/validators.hpp"
#include "messages/oracle/conduct.hpp"
#include "messages/oracle/discovery.hpp"
#include "messages/oracle/mailbox.hpp"
#include "messages/oracle/nodes.hpp"
#include "messages/oracle/relay.hpp"
#include "messages/oracle/rotation.hpp"
#include "messages/probe/probe.hpp"
#include "messages/runtime/cluster.hpp"
#include "messages/runtime/entities.hpp"
#include "messages/runtime/introspection.hpp"
#include "messages/runtime/slots.hpp"
#include "messages/runtime/supervision.hpp"
#include "tests/wire/sample_table.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/binary_deserializer.hpp>
#include <caf/binary_serializer.hpp>

namespace bpci::wire {

namespace {

class caf_codec {
public:
  template <described T>
  bytes write(T& x) {
    std::vector<char> raw;
    caf::binary_serializer sink{system_, raw};
    if (sink(x)) return {};
    return {raw.begin(), raw.end()};
  }

  template <described T>
  bool reads_back(const T& x, const bytes& raw) {
    T back;
    caf::binary_deserializer source{system_, reinterpret_cast<const char*>(raw.data()), raw.size()};
    return !source(back) && back == x;
  }

private:
  caf::actor_system_config config_;
  caf::actor_system system_{config_}; // Handles of actors are read in a system.
};

template <class Enum>
enum_sample numbers(std::string header, std::string name) {
  std::string values;
  boost::mp11::mp_for_each<boost::describe::describe_enumerators<Enum>>([&](auto one) {
    if (!values.empty()) values += ", ";
    values.append(std::to_string(static_cast<int>(one.value))).append(" ").append(one.name);
  });
  return {std::move(header), std::move(name), std::move(values)};
}

} // namespace

std::vector<message_sample> caf_samples() {
  using namespace oracle;
  using namespace cluster;
  using namespace supervision;
  return sample_table<caf_codec>{}
      .of<chain::peer_status, chain::get_peers, chain::peer_list>("chain/peers.hpp")
      .of<chain::submit_transaction, chain::transaction_taken, chain::find_nonce, chain::nonce_free,
          chain::get_pool, chain::pool_status>("chain/pool.hpp")
      .of<chain::get_overview, chain::chain_overview, chain::get_block, chain::block_shown,
          chain::list_blocks, chain::block_line, chain::block_page, chain::get_transaction,
          chain::transaction_shown, chain::get_history, chain::history_page, chain::ask_module,
          chain::module_answer, chain::prove_state, chain::state_proven, chain::prove_receipt,
          chain::receipt_proven, chain::get_engine, chain::engine_status, chain::propose_now,
          chain::lift_halt, chain::list_evidence, chain::evidence_line, chain::evidence_page>(
          "chain/questions.hpp")
      .of<consensus::peer_standing, consensus::standing>("consensus/standing.hpp")
      .of<interapp::app_registration, interapp::app_record, interapp::party, interapp::security,
          interapp::terms, interapp::audit_head, interapp::agreement>("interapp/agreement.hpp")
      .of<interapp::audit_entry, interapp::audit_fault, interapp::read_audit,
          interapp::audit_report>("interapp/audit.hpp")
      .of<interapp::enter_app, interapp::read_app, interapp::propose, interapp::sign_agreement,
          interapp::revoke_agreement, interapp::read_agreement, interapp::gate_rules,
          interapp::carrier, interapp::authorize, interapp::verdict, interapp::record_entry>(
          "interapp/commands.hpp")
      .of<interapp::finding>("interapp/finding.hpp")
      .of<interapp::may_pass, interapp::passage, interapp::submit_message, interapp::message_report,
          interapp::show_app, interapp::list_apps, interapp::app_page, interapp::wanted_security,
          interapp::establish, interapp::sign, interapp::revoke, interapp::show_agreement,
          interapp::list_agreements, interapp::agreement_page, interapp::validate,
          interapp::validation, interapp::get_health, interapp::inter_app_health>(
          "interapp/gate.hpp")
      .of<interapp::message>("interapp/message.hpp")
      .of<governance::submit_proposal, governance::submit_vote, governance::vote_receipt,
          governance::list_rounds, governance::round_page, governance::find_round,
          governance::lacking, governance::round_detail, governance::list_refused_proposals,
          governance::refused_proposal, governance::refused_proposal_page,
          governance::get_bridge_stats, governance::bridge_stats, governance::get_bridge_health,
          governance::bridge_health>("governance/bridge.hpp")
      .of<governance::proposal, governance::vote, governance::voter, governance::open_round,
          governance::tally, governance::anchoring, governance::note_anchor,
          governance::round_record, governance::cast_vote, governance::vote_answer,
          governance::read_round, governance::list_ballots, governance::ballot,
          governance::ballot_page, governance::list_refusals, governance::refused_vote,
          governance::refusal_page, governance::seat, governance::electorate_record,
          governance::set_weight, governance::read_electorate>("governance/rounds.hpp")
      .of<accusation, expel, isolate_node, release_node, isolate_order, release_order, show_node,
          list_alerts, node_alert, alert_list>("oracle/conduct.hpp")
      .of<announced_node, announce_node, discover, discovered>("oracle/discovery.hpp")
      .of<envelope>("oracle/envelope.hpp")
      .of<mailbox::bounds, mailbox::store, mailbox::kept, mailbox::remove, mailbox::peek,
          mailbox::letter, mailbox::page>("oracle/mailbox.hpp")
      .of<registration, announcement, node_event, former_key, node_record, enter_node, open_session,
          session_opened, read_node, list_nodes, node_page, oracle_stats, get_oracle_stats,
          find_registered, registered_nodes>("oracle/nodes.hpp")
      .of<delivery, deliveries, outcome, outcomes, route_up, route_down, route_snapshot,
          letters_waiting, publish_notice, superseded, relay_order, relay_request, find_routes,
          route_list, relay_stats, get_relay_stats>("oracle/relay.hpp")
      .of<key_rotation, key_order, change_key>("oracle/rotation.hpp")
      .of<cluster::member, cluster::suspicion_status, cluster::member_status, cluster::member_list,
          cluster::list_members, cluster::drain_member, cluster::undrain_member,
          cluster::member_state_set, cluster::list_agents, cluster::watch_members, cluster::peer_up,
          cluster::agent_list, cluster::peer_down, cluster::view_changed, cluster::change_seen,
          cluster::read_members, cluster::open_port, cluster::port_opened, cluster::dial_member,
          cluster::member_dialled, cluster::certificates_changed, cluster::certificates_written,
          cluster::who_are_you, cluster::agent_identity, cluster::probe, cluster::probe_answer,
          cluster::look_again, cluster::probe_for_me, cluster::find_service,
          cluster::service_handle, cluster::show_actor>("runtime/cluster.hpp")
      .of<slots::slot_row, slots::watch_slots, slots::slots_changed, slots::read_slots,
          slots::drain_slots, slots::slots_drained, slots::slots_offered, slots::slot_query,
          slots::slot_status, slots::slot_page, slots::move_query, slots::slot_move,
          slots::move_page, slots::pin_slots, slots::slots_pinned, slots::plan_drain,
          slots::drain_share, slots::drain_plan>("runtime/slots.hpp")
      .of<entity::entity_ref, entity::command, entity::response, entity::routed_command,
          entity::numbered_command, entity::routed_commands, entity::routed_answer,
          entity::routed_answers, entity::find_entity, entity::placement_score,
          entity::entity_place, entity::outbox_query, entity::outbox_row, entity::outbox_page,
          entity::retry_outbox, entity::outbox_retried, entity::inbox_query, entity::inbox_row,
          entity::inbox_page, entity::timer_query, entity::timer_row, entity::timer_page,
          entity::entity_query, entity::entity_row, entity::entity_page, entity::show_entity>(
          "runtime/entities.hpp")
      .of<bpci::probe::add, bpci::probe::added, bpci::probe::crash, bpci::probe::get_standing,
          bpci::probe::standing, bpci::probe::receipt, bpci::probe::list_receipts,
          bpci::probe::receipt_page>("probe/probe.hpp")
      .of<get_state, actor_state>("runtime/introspection.hpp")
      .of<tree_query, tree_row, tree_page, find_child, kill_child, restart_child, pause_child,
          resume_child, child_action_done, crash_evidence, quarantined_message, quarantine_query,
          quarantine_page, release_message, message_released>("runtime/supervision.hpp")
      .take();
}

std::vector<enum_sample> enum_samples() {
  return {
      numbers<ec>("error.hpp", "ec"),
      numbers<interapp::communication_type>("interapp/agreement.hpp", "communication_type"),
      numbers<interapp::encryption_level>("interapp/agreement.hpp", "encryption_level"),
      numbers<interapp::audit_level>("interapp/agreement.hpp", "audit_level"),
      numbers<interapp::agreement_state>("interapp/agreement.hpp", "agreement_state"),
      numbers<interapp::audit_event>("interapp/audit.hpp", "audit_event"),
      numbers<interapp::finding_code>("interapp/finding.hpp", "finding_code"),
      numbers<interapp::severity>("interapp/finding.hpp", "severity"),
      numbers<governance::decision>("governance/rounds.hpp", "decision"),
      numbers<governance::standing>("governance/rounds.hpp", "standing"),
      numbers<ledger::token>("ledger/account.hpp", "token"),
      numbers<ledger::anchors::subject>("ledger/anchors.hpp", "subject"),
      numbers<ledger::governance::standing>("ledger/governance.hpp", "standing"),
      numbers<ledger::treasury::fund>("ledger/treasury.hpp", "fund"),
      numbers<ledger::validators::offence>("ledger/validators.hpp", "offence"),
      numbers<oracle::priority>("oracle/envelope.hpp", "priority"),
      numbers<oracle::delivery_mode>("oracle/envelope.hpp", "delivery_mode"),
      numbers<oracle::progress>("oracle/relay.hpp", "progress"),
      numbers<cluster::member_state>("runtime/cluster.hpp", "member_state"),
      numbers<cluster::suspicion_kind>("runtime/cluster.hpp", "suspicion_kind"),
      numbers<entity::catch_up>("runtime/entities.hpp", "catch_up"),
      numbers<supervision::child_state>("runtime/supervision.hpp", "child_state"),
  };
}

} // namespace bpci::wire
