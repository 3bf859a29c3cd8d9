#pragma once

#include "messages/chain/questions.hpp"
#include "messages/error.hpp"
#include "messages/ledger/transaction.hpp"

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <span>
#include <string_view>

/// Blocks and transactions as JSON (shown.hpp has the rules). Pure.
namespace bpci::gateway {

/// Under which a transaction is known.
ledger::hash transaction_id(std::span<const std::uint8_t> encoded);

/// {"id", "bytes", "chain_id", "sender", "nonce", "fee", "valid_until", "module", "kind", "body",
/// "signature"}; where it can't be read, {"id", "bytes", "encoded"} with base64.
boost::json::object transaction_json(std::span<const std::uint8_t> encoded);

/// The canonical bytes of a transaction: of {"encoded": base64}, of {"hex": ...}, or of the members
/// of transaction_json with the signature. `id` and `bytes` are not read.
/// Errors: malformed, too_large, unsupported, invalid_argument.
result<bytes> transaction_bytes(const boost::json::value& in);

/// The same without `signature`, which stays zeros: what is still to be signed.
result<ledger::transaction> unsigned_transaction(const boost::json::value& in);

/// With `status`: "waiting" (for a block), "done", or "refused" (it is in a block, and what it cost
/// is its fee).
boost::json::object transaction_shown_json(const chain::transaction_shown& x);

boost::json::object block_json(const chain::block_shown& x);

/// The key of a value of the state: a text, "0x" and hex, or a text that ends in "/0x" and hex for
/// the last part: "coins/account/0xd75a...". Errors: invalid_argument.
result<std::string> state_key(std::string_view text);

/// The value under a key of the state as an object, where this program knows what stands there;
/// else null.
boost::json::value state_value_json(std::string_view key, std::span<const std::uint8_t> value);

} // namespace bpci::gateway
