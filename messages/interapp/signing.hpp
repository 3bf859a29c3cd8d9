#pragma once

#include "messages/interapp/audit.hpp"
#include "messages/interapp/message.hpp"

/// The bytes that apps sign, and that the audit hashes (docs/inter-app.md). Built as those of
/// BPI-1.0 are (docs/protocol/bpi-1.0.md, section 6).
namespace bpci::interapp {

/// What both apps sign to agree. With an empty id: what a derived id is made of.
bytes agreement_bytes(const agreement_id& id, const terms& x);

/// What one of them signs to end it.
bytes revocation_bytes(const agreement_id& id, const app_id& by, std::string_view reason);

/// What the sending app signs of a message.
bytes message_bytes(const message& x);

/// What the hash of an audit entry is made of: all of it but the hash.
bytes audit_bytes(const agreement_id& id, const audit_entry& x);

} // namespace bpci::interapp
