#pragma once

#include "messages/interapp/commands.hpp"
#include "messages/oracle/relay.hpp"

/// What GATE is asked, and APP REGISTRY. All on one node.
namespace bpci::interapp {

/// "May this envelope, of type `inter-app`, be relayed?" From: RELAY. To: GATE of the same node.
/// Answer: passage. Errors: busy (too many wait), and those of a command to an entity.
struct may_pass {
  oracle::envelope_ptr message;

  bool operator==(const may_pass& x) const { return *message == *x.message; }
};
BPCI_MESSAGE(may_pass, message)

struct passage {
  bool allowed = false;
  failure why{ec::none, {}}; ///< As the source is told.

  bool operator==(const passage&) const = default;
};
BPCI_MESSAGE(passage, allowed, why)

/// "Authorize this, and relay it if it has an envelope." From: the HTTP gateway. To: GATE. Answer:
/// message_report. Errors: those of may_pass, invalid_argument (the envelope holds another
/// message).
struct submit_message {
  interapp::message message;
  std::optional<oracle::envelope> envelope; ///< Signed by the node that hosts the sending app.

  bool operator==(const submit_message&) const = default;
};
BPCI_MESSAGE(submit_message, message, envelope)

struct message_report {
  interapp::verdict verdict;
  oracle::outcomes outcomes;          ///< Of the relay; empty when it was not asked.
  failure relay_failed{ec::none, {}}; ///< The relay gave no outcomes.

  bool operator==(const message_report&) const = default;
};
BPCI_MESSAGE(message_report, verdict, outcomes, relay_failed)

// -- to APP REGISTRY, from the HTTP gateway ------------------------------------------------

// It also takes app_registration. Answer: app_record.

/// Answer: app_record. Errors: not_found.
struct show_app {
  interapp::app_id app_id;

  bool operator==(const show_app&) const = default;
};
BPCI_MESSAGE(show_app, app_id)

/// Answer: app_page.
struct list_apps {
  interapp::app_id after; ///< The `next` of the page before; empty: from the start.
  std::string type;       ///< Empty: of any type.
  std::uint64_t limit = 0;

  bool operator==(const list_apps&) const = default;
};
BPCI_MESSAGE(list_apps, after, type, limit)

/// In the order of the ids.
struct app_page {
  std::vector<app_record> apps;
  app_id next; ///< Empty: this is the last page.

  bool operator==(const app_page&) const = default;
};
BPCI_MESSAGE(app_page, apps, next)

/// What the body of `establish` may ask for; what it leaves out is as the cluster's configuration.
struct wanted_security {
  std::optional<interapp::encryption_level> encryption_level;
  std::optional<bool> authentication_required;
  std::optional<bool> authorization_required;

  bool operator==(const wanted_security&) const = default;
};
BPCI_MESSAGE(wanted_security, encryption_level, authentication_required, authorization_required)

/// The body of POST /api/v1/inter-app/establish. Answer: agreement, `proposed` when it is new.
/// Errors: not_found (an app), invalid_argument, conflict (other terms under the given id).
struct establish {
  app_id app1_id;
  app_id app2_id;
  interapp::communication_type communication_type = interapp::communication_type::ServiceCall;
  std::vector<std::string> permissions;      ///< Of both apps, each towards the other.
  std::vector<std::string> app1_permissions; ///< Of app1 alone.
  std::vector<std::string> app2_permissions; ///< Of app2 alone.
  wanted_security security_requirements;
  timestamp_ms valid_from;                            ///< 0: as soon as both have signed.
  timestamp_ms valid_until;                           ///< 0: until it is revoked.
  std::optional<interapp::agreement_id> agreement_id; ///< Absent: derived from the terms.
  std::string who;                                    ///< The label of the token.

  bool operator==(const establish&) const = default;
};
BPCI_MESSAGE(establish, app1_id, app2_id, communication_type, permissions, app1_permissions,
             app2_permissions, security_requirements, valid_from, valid_until, agreement_id, who)

/// Answer: agreement. Errors: those of sign_agreement.
struct sign {
  interapp::agreement_id agreement_id;
  sign_agreement what;

  bool operator==(const sign&) const = default;
};
BPCI_MESSAGE(sign, agreement_id, what)

/// Answer: agreement. Errors: those of revoke_agreement.
struct revoke {
  interapp::agreement_id agreement_id;
  revoke_agreement what;

  bool operator==(const revoke&) const = default;
};
BPCI_MESSAGE(revoke, agreement_id, what)

/// Answer: agreement. Errors: not_found.
struct show_agreement {
  interapp::agreement_id agreement_id;

  bool operator==(const show_agreement&) const = default;
};
BPCI_MESSAGE(show_agreement, agreement_id)

/// Answer: agreement_page. Errors: invalid_argument.
struct list_agreements {
  interapp::agreement_id after;
  interapp::app_id app; ///< Of this app; empty: all.
  std::string state;    ///< In this state; empty: any.
  std::uint64_t limit = 0;

  bool operator==(const list_agreements&) const = default;
};
BPCI_MESSAGE(list_agreements, after, app, state, limit)

/// In the order of the ids.
struct agreement_page {
  std::vector<agreement> agreements;
  agreement_id next;

  bool operator==(const agreement_page&) const = default;
};
BPCI_MESSAGE(agreement_page, agreements, next)

/// Answer: validation. Errors: not_found.
struct validate {
  interapp::agreement_id agreement_id;

  bool operator==(const validate&) const = default;
};
BPCI_MESSAGE(validate, agreement_id)

struct validation {
  interapp::agreement_id agreement_id;
  agreement_state state = agreement_state::proposed;
  bool is_valid = false; ///< No finding is an error: messages may be sent.
  std::vector<finding> findings;
  std::uint64_t audit_entries = 0; ///< That were checked.
  audit_head head;

  bool operator==(const validation&) const = default;
};
BPCI_MESSAGE(validation, agreement_id, state, is_valid, findings, audit_entries, head)

/// Answer: inter_app_health.
struct get_health {
  bool operator==(const get_health&) const = default;
};
BPCI_MESSAGE(get_health)

struct inter_app_health {
  std::string status; ///< "ok".
  bool agreement_validation = true;
  audit_level audit = audit_level::Comprehensive;
  security security_requirements; ///< The least that an agreement may ask for.
  std::uint64_t apps = 0;
  std::uint64_t proposed = 0; ///< Agreements.
  std::uint64_t active = 0;
  std::uint64_t expired = 0;
  std::uint64_t revoked = 0;

  bool operator==(const inter_app_health&) const = default;
};
BPCI_MESSAGE(inter_app_health, status, agreement_validation, audit, security_requirements, apps,
             proposed, active, expired, revoked)

} // namespace bpci::interapp
