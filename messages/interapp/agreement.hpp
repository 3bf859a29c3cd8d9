#pragma once

#include "messages/describe.hpp"
#include "messages/ids.hpp"

#include <boost/describe/enum.hpp>

#include <optional>
#include <string>
#include <vector>

/// Apps, and what two of them have agreed on (document 2, "Inter-App Communication";
/// docs/inter-app.md).
namespace bpci::interapp {

/// The name of an app: the alphabet of node ids.
using app_id = strong<std::string, struct app_id_tag>;

/// The name of an agreement: the same alphabet.
using agreement_id = strong<std::string, struct agreement_id_tag>;

/// What the apps do with each other; it bounds the verbs of the permissions
/// (actors/interapp/permission.hpp).
BOOST_DEFINE_FIXED_ENUM_CLASS(communication_type, std::uint8_t, ServiceCall, DataExchange,
                              EventStream, Notification, BatchTransfer)

/// How a payload is encrypted between the apps, weakest first.
BOOST_DEFINE_FIXED_ENUM_CLASS(encryption_level, std::uint8_t, None, Standard, High, Quantum)

/// How much of what happens under an agreement is written down, least first (docs/inter-app.md).
BOOST_DEFINE_FIXED_ENUM_CLASS(audit_level, std::uint8_t, Basic, Standard, Detailed, Comprehensive)

/// `proposed` until both apps have signed.
BOOST_DEFINE_FIXED_ENUM_CLASS(agreement_state, std::uint8_t, proposed, active, expired, revoked)

/// The body of POST /api/v1/inter-app/apps.
struct app_registration {
  interapp::app_id app_id;
  std::string app_type; ///< `WebApp`, `Banking`...: an id.
  std::vector<std::string> capabilities;
  std::string public_key; ///< Ed25519, 64 hex digits. Signs agreements and messages.
  bpci::node_id node_id;  ///< The BPI node that hosts it; empty: it sends over HTTP only.

  bool operator==(const app_registration&) const = default;
};
BPCI_MESSAGE(app_registration, app_id, app_type, capabilities, public_key, node_id)

/// A registered app.
struct app_record {
  interapp::app_id app_id;
  std::string app_type;
  std::vector<std::string> capabilities;
  std::string public_key; ///< Lower case; empty: it is not registered.
  bpci::node_id node_id;
  timestamp_ms registered_at;
  timestamp_ms changed_at;

  bool operator==(const app_record&) const = default;
};
BPCI_MESSAGE(app_record, app_id, app_type, capabilities, public_key, node_id, registered_at,
             changed_at)

/// One side of an agreement, as it was registered when the agreement was proposed: both sign the
/// key and the host of the other.
struct party {
  interapp::app_id app_id;
  std::string public_key; ///< 64 hex digits, lower case.
  bpci::node_id node_id;

  bool operator==(const party&) const = default;
};
BPCI_MESSAGE(party, app_id, public_key, node_id)

/// What every message under an agreement must meet.
struct security {
  interapp::encryption_level encryption_level = interapp::encryption_level::High;
  bool authentication_required = true; ///< Each message is signed by its app.
  bool authorization_required = true;  ///< Each message has a permission of its app.

  bool operator==(const security&) const = default;
};
BPCI_MESSAGE(security, encryption_level, authentication_required, authorization_required)

/// What both apps sign (signing.hpp).
struct terms {
  party app1;
  party app2;
  interapp::communication_type communication_type = interapp::communication_type::ServiceCall;
  std::vector<std::string> app1_permissions; ///< What app1 may ask of app2: "Read(accounts)".
  std::vector<std::string> app2_permissions; ///< What app2 may ask of app1.
  security security_requirements;
  timestamp_ms valid_from;  ///< 0: as soon as both have signed.
  timestamp_ms valid_until; ///< 0: until it is revoked.

  bool operator==(const terms&) const = default;
};
BPCI_MESSAGE(terms, app1, app2, communication_type, app1_permissions, app2_permissions,
             security_requirements, valid_from, valid_until)

/// The newest entry of a chain of audit entries.
struct audit_head {
  std::uint64_t seq = 0; ///< 0: there is none.
  std::string hash;      ///< 64 hex digits.

  bool operator==(const audit_head&) const = default;
};
BPCI_MESSAGE(audit_head, seq, hash)

/// An agreement as it stands.
struct agreement {
  interapp::agreement_id agreement_id; ///< Empty: there is no such agreement.
  interapp::terms terms;
  agreement_state state = agreement_state::proposed;
  std::string signature1; ///< Of app1, 128 hex digits; empty: it has not signed.
  std::string signature2;
  timestamp_ms proposed_at;
  std::optional<timestamp_ms> activated_at;
  std::optional<timestamp_ms> ended_at;
  std::string ended_by; ///< Who revoked it: "app:ID" when the app signed that, else a person.
  std::string reason;   ///< Why.
  audit_head head;
  std::uint64_t authorized = 0; ///< Messages.
  std::uint64_t refused = 0;    ///< Messages, those that are not listed among them.
  /// Refusals of nodes that host neither app, which anybody could bring about without end: beyond
  /// some in an hour they are counted and not listed.
  timestamp_ms strangers_since;
  std::uint64_t strangers = 0; ///< Listed since then.
  std::uint64_t unlisted = 0;  ///< Not listed since the newest entry.

  bool operator==(const agreement&) const = default;
};
BPCI_MESSAGE(agreement, agreement_id, terms, state, signature1, signature2, proposed_at,
             activated_at, ended_at, ended_by, reason, head, authorized, refused, strangers_since,
             strangers, unlisted)

} // namespace bpci::interapp
