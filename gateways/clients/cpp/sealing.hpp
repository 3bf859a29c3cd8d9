#pragma once

#include "gateways/clients/cpp/message.hpp"
#include "messages/oracle/rotation.hpp"
#include "runtime/crypto/sealed_body.hpp"

/// What a node encrypts for another (docs/protocol/encryption.md), and what it signs about itself
/// (docs/protocol/bpi-1.0.md, sections 11 and 12). Pure but for the random bytes of a seal.
namespace bpci::client {

/// The same message with its body sealed for its one target. Gives it an id, to which the body is
/// bound. Errors: invalid_argument (another number of targets, and those of crypto::seal).
result<outgoing> seal(outgoing what, crypto::seal_level level, const node_id& self,
                      const crypto::key_pair& keys, const crypto::public_key& target_key,
                      const std::optional<crypto::pre_shared_key>& shared = {});

/// The body of a message that has come for `self`. `source_key` is the key that is trusted to be
/// the source's, `least` the level that is asked of it. Errors: those of crypto::open.
result<crypto::opened_body> open(const oracle::envelope& what, const node_id& self,
                                 const crypto::key_pair& keys, const crypto::public_key& source_key,
                                 crypto::seal_level least,
                                 const crypto::find_pre_shared_key& find_shared = {});

/// The body of POST /api/v1/oracle/nodes/{id}/rotate-key.
oracle::key_rotation sign_rotation(const node_id& self, const crypto::key_pair& old_keys,
                                   const crypto::key_pair& new_keys, timestamp_ms issued_at);

/// The body of POST /api/v1/oracle/announcements, with key and signature filled in.
oracle::announcement sign(oracle::announcement what, const crypto::key_pair& keys);

} // namespace bpci::client
