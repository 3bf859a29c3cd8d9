#pragma once

#include "messages/error.hpp"
#include "messages/interapp/agreement.hpp"

#include <span>

namespace bpci::interapp {

/// The type of an envelope whose body is an inter-app message. No envelope of this type is relayed
/// before its message was authorized.
inline constexpr std::string_view envelope_type = "inter-app";

/// What one app asks of another under an agreement. The body of an envelope (a map of msgpack, or
/// JSON), or of POST /api/v1/inter-app/agreements/{id}/messages.
struct message {
  interapp::agreement_id agreement_id;
  bpci::message_id message_id; ///< Unique per sending app.
  app_id from_app;
  app_id to_app;
  std::string permission; ///< The one that it makes use of: "Execute(transfer)".
  interapp::encryption_level encryption_level = interapp::encryption_level::None; ///< Of payload.
  timestamp_ms sent_at; ///< By the app's clock.
  bytes payload;        ///< Of it the cluster sees the header (docs/protocol/encryption.md) alone.
  bytes signature;      ///< Ed25519 over signing_bytes(*this), by from_app; may be empty.

  bool operator==(const message&) const = default;
};
BPCI_MESSAGE(message, agreement_id, message_id, from_app, to_app, permission, encryption_level,
             sent_at, payload, signature)

/// A body that starts with `{` or white space is JSON. Errors: malformed, too_deep, too_large.
result<message> decode_message(std::span<const std::uint8_t> body);

/// As msgpack.
bytes encode_message(const message& x);

/// Names, numbers and texts are such as may be written down. Errors: malformed, with the member.
result<void> check_shape(const message& x);

} // namespace bpci::interapp
