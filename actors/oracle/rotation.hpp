#pragma once

#include "messages/error.hpp"
#include "messages/oracle/frames.hpp"
#include "messages/oracle/rotation.hpp"
#include "runtime/crypto/keys.hpp"

/// The rules of a change of key, pure (docs/protocol/bpi-1.0.md, section 11).
namespace bpci::oracle {

/// A time that a node has signed. Errors: invalid_argument, too_old, from_the_future.
result<void> check_issued(timestamp_ms issued_at, const limits& within, timestamp_ms now);

/// All that costs little, with the keys in lower case. Errors: invalid_argument, naming the member;
/// too_old, from_the_future.
result<key_rotation> check(const key_rotation& x, const limits& within, timestamp_ms now);

/// Both signatures, of a rotation that `check` has let pass. Errors: invalid_argument (the new key
/// is no key), bad_signature.
result<void> check_signatures(const key_rotation& x);

} // namespace bpci::oracle
