#pragma once

#include "messages/error.hpp"
#include "messages/oracle/batch.hpp"
#include "runtime/crypto/keys.hpp"
#include "runtime/crypto/merkle.hpp"

/// The checks of an envelope, or a batch, that need nothing but itself, pure
/// (docs/protocol/bpi-1.0.md, section 3). In the order of their cost.
namespace bpci::oracle {

/// Ids, counts and ranges. Errors: invalid_argument, naming the member.
result<void> check_shape(const envelope& x, const limits& within);

/// Errors: invalid_argument; unsupported, for an item that a batch may not have.
result<void> check_shape(const batch_view& x, const limits& within);

/// Errors: too_old, from_the_future.
result<void> check_age(timestamp_ms sent_at, const limits& within, timestamp_ms now);
inline result<void> check_age(const envelope& x, const limits& within, timestamp_ms now) {
  return check_age(x.sent_at, within, now);
}

/// Errors: bad_signature.
result<void> check_signature(const envelope& x, const crypto::public_key& by);

/// `tree`: over the items of `x`. Errors: bad_signature.
result<void> check_signature(const batch_view& x, const crypto::sealed_tree& tree,
                             const crypto::public_key& by);

/// The tree over the items of a batch, at least one. Keeps the memory of `out`.
void seal_items(const batch_view& x, crypto::sealed_tree& out);

} // namespace bpci::oracle
