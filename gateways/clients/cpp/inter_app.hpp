#pragma once

#include "gateways/clients/cpp/message.hpp"
#include "messages/interapp/gate.hpp"
#include "runtime/crypto/sealed_body.hpp"

#include <string>
#include <vector>

/// What an app needs to agree with another, to send under an agreement, and to check the audit of
/// what it was told (docs/inter-app.md). Pure: what is made here is sent by bpi_client or over
/// HTTP.
namespace bpci::client {

/// The app's consent, for POST /api/v1/inter-app/agreements/{id}/sign. Look at the terms first:
/// they name both apps' keys and hosts. Errors: invalid_argument (this is the key of neither app).
result<interapp::sign_agreement> sign_agreement(const crypto::key_pair& keys,
                                                const interapp::agreement_id& id,
                                                const interapp::terms& what);

/// The same to end it, for POST .../revoke. Errors: those of sign_agreement.
result<interapp::revoke_agreement> sign_revocation(const crypto::key_pair& keys,
                                                   const interapp::agreement_id& id,
                                                   const interapp::terms& what, std::string reason);

/// A message under an agreement: what is not said by the agreement.
struct inter_app_message {
  message_id id; ///< Unique for the app.
  std::string permission;
  interapp::encryption_level encryption = interapp::encryption_level::None; ///< To be sealed at.
  timestamp_ms sent_at;
  bytes payload; ///< In the clear.
};

/// From the app of this key to the other, with its payload sealed for that app and signed. Errors:
/// those of sign_agreement and of crypto::seal.
result<interapp::message> make_message(const crypto::key_pair& keys,
                                       const interapp::agreement_id& id,
                                       const interapp::terms& under, inter_app_message what,
                                       const std::optional<crypto::pre_shared_key>& shared = {});

/// The payload of a message to the app of this key, in the clear: signed by the other app and
/// sealed for this one, both as the agreement asks for at least. Errors: invalid_argument (this is
/// not the key of whom it is for), bad_signature (it is not that app's), and those of crypto::open.
result<bytes> open_message(const crypto::key_pair& keys, const interapp::terms& under,
                           const interapp::message& what,
                           const crypto::find_pre_shared_key& find_shared = {});

/// What the BPI node that hosts the sending app gives to its bpi_client. Its id is that of the
/// message, so that sending it again after a crash is a retry and no replay. Errors:
/// invalid_argument (the other app has no host, or the message is not from one to the other).
result<outgoing> to_outgoing(const interapp::terms& under, const interapp::message& what);

/// What is wrong with these entries of an audit, in the order in which they were shown. `before`:
/// the hash of the entry before the first, if it is known; of the very first entry of an agreement
/// that is audit_root. Empty: the first is not checked against one.
std::vector<interapp::audit_fault> check_audit(const interapp::agreement_id& id,
                                               const std::vector<interapp::audit_entry>& entries,
                                               std::string before = {});

/// The `previous` of an agreement's first entry, 64 hex digits.
std::string audit_root(const interapp::agreement_id& id, const interapp::terms& what);

} // namespace bpci::client
