#pragma once

#include "messages/error.hpp"
#include "messages/oracle/frames.hpp"
#include "runtime/crypto/keys.hpp"

/// The checks of an envelope that need nothing but the envelope, pure (docs/protocol/bpi-1.0.md,
/// section 3). In the order of their cost.
namespace bpci::oracle {

/// Ids, counts and ranges. Errors: invalid_argument, naming the member.
result<void> check_shape(const envelope& x, const limits& within);

/// Errors: too_old, from_the_future.
result<void> check_age(const envelope& x, const limits& within, timestamp_ms now);

/// Errors: bad_signature.
result<void> check_signature(const envelope& x, const crypto::public_key& by);

} // namespace bpci::oracle
