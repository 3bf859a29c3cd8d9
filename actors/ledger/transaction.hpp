#pragma once

#include "messages/ledger/transaction.hpp"
#include "runtime/crypto/keys.hpp"

#include <functional>
#include <span>
#include <string_view>

/// Transactions as bytes.
namespace bpci::ledger {

/// Names of modules and of kinds.
inline constexpr std::size_t name_bytes_max = 64;

/// Reads what anybody may have sent. Errors: too_large, malformed.
result<transaction> decode_transaction(std::span<const std::uint8_t> encoded);

/// Under which a transaction is known: a hash of all its bytes behind a domain tag.
hash transaction_id(std::span<const std::uint8_t> encoded);

/// The account of a module or of one of its purposes: nobody can sign for it.
account module_account(std::string_view name);

void sign(transaction& x, const crypto::secret_key& by);

/// Whether its sender has signed the transaction of this id. The node's is Ed25519, with a cache
/// (signature_cache.hpp); tests have cheaper ones.
using verifier = std::function<bool(const transaction& x, const hash& id)>;

verifier ed25519_verifier();

} // namespace bpci::ledger
