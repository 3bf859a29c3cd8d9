#pragma once

#include "messages/interapp/audit.hpp"
#include "messages/interapp/message.hpp"

/// Commands and questions to the durable entities `app/<app id>` and `agreement/<agreement id>`
/// (actors/interapp), through ROUTER. From: APP REGISTRY and GATE.
namespace bpci::interapp {

// -- app/<id> ------------------------------------------------------------------------

/// A command: enter the app, or bring what may change up to date. Answer: app_record. Errors:
/// conflict (the id is registered under another key).
struct enter_app {
  app_registration what;

  bool operator==(const enter_app&) const = default;
};
BPCI_MESSAGE(enter_app, what)

/// A question. Answer: app_record. Errors: not_found.
struct read_app {
  bool operator==(const read_app&) const = default;
};
BPCI_MESSAGE(read_app)

// -- agreement/<id> --------------------------------------------------------------------

/// A command: these terms are to be signed. Answer: agreement. Errors: conflict (there are other
/// terms under this id), invalid_argument.
struct propose {
  interapp::terms terms;
  std::string who;

  bool operator==(const propose&) const = default;
};
BPCI_MESSAGE(propose, terms, who)

/// A command: an app agrees. Answer: agreement. Errors: not_found, invalid_argument (it is not one
/// of the two), bad_signature, conflict (the agreement has ended).
struct sign_agreement {
  interapp::app_id app_id;
  std::string signature; ///< 128 hex digits.

  bool operator==(const sign_agreement&) const = default;
};
BPCI_MESSAGE(sign_agreement, app_id, signature)

/// A command: the agreement ends now. Signed by one of its apps (revocation_bytes in signing.hpp),
/// or by nobody: then an admin does it, whose label `who` is. Answer: agreement. Errors: not_found,
/// invalid_argument, bad_signature, conflict (it has ended already).
struct revoke_agreement {
  std::string who;
  std::string reason;
  interapp::app_id app_id; ///< Empty: an admin.
  std::string signature;

  bool operator==(const revoke_agreement&) const = default;
};
BPCI_MESSAGE(revoke_agreement, who, reason, app_id, signature)

/// A question. Answer: agreement. Errors: not_found.
struct read_agreement {
  bool operator==(const read_agreement&) const = default;
};
BPCI_MESSAGE(read_agreement)

/// What the cluster's configuration asks of an authorization.
struct gate_rules {
  audit_level audit = audit_level::Comprehensive;
  std::uint64_t message_age_ms = 300'000;

  bool operator==(const gate_rules&) const = default;
};
BPCI_MESSAGE(gate_rules, audit, message_age_ms)

/// The envelope that a message came in; empty: it was given over HTTP without one.
struct carrier {
  node_id source;
  message_id envelope;
  node_id target; ///< Empty when there is not exactly one.

  bool operator==(const carrier&) const = default;
};
BPCI_MESSAGE(carrier, source, envelope, target)

/// A command: may this message pass? Its audit entry is committed with the verdict, which is final
/// for this message id. Its key is made of the carrier's source, the sending app and the message
/// id, its identity of the message and the envelope's id: so a retry is answered as before, and
/// anything else under the same id is a conflict. Answer: verdict. Errors: not_found.
struct authorize {
  interapp::message message;
  interapp::carrier carrier;
  gate_rules rules;

  bool operator==(const authorize&) const = default;
};
BPCI_MESSAGE(authorize, message, carrier, rules)

struct verdict {
  bool allowed = false;
  finding_code code = finding_code::none; ///< Why not.
  std::string detail;
  std::uint64_t seq = 0; ///< Of the audit entry; 0: it is not listed at this audit level.

  bool operator==(const verdict&) const = default;
};
BPCI_MESSAGE(verdict, allowed, code, detail, seq)

/// A command: a message was refused before it could be decided (`replayed`), or this came of an
/// authorized one at the relay. Answer: audit_head. Errors: not_found.
struct record_entry {
  audit_entry entry; ///< Without seq, at, previous and hash.
  gate_rules rules;

  bool operator==(const record_entry&) const = default;
};
BPCI_MESSAGE(record_entry, entry, rules)

} // namespace bpci::interapp
