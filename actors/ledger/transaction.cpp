#include "actors/ledger/transaction.hpp"

namespace bpci::ledger {

result<transaction> decode_transaction(std::span<const std::uint8_t> encoded) {
  if (encoded.size() > transaction_bytes_max)
    return fail(ec::too_large, "a transaction of " + std::to_string(encoded.size())
                                   + " bytes, the limit is "
                                   + std::to_string(transaction_bytes_max));
  auto out = codec::from_canonical<transaction>(encoded);
  if (!out) return out;
  if (out->chain_id.size() > chain_id_bytes_max || out->module.size() > name_bytes_max
      || out->kind.size() > name_bytes_max)
    return fail(ec::malformed, "chain_id, module and kind have at most 64 bytes");
  return out;
}

hash transaction_id(std::span<const std::uint8_t> encoded) {
  return crypto::sha256_joined({crypto::as_bytes(transaction_id_domain), encoded});
}

account module_account(std::string_view name) {
  return crypto::sha256_joined(
      {crypto::as_bytes("bpci-ledger-module-account-v1"), crypto::as_bytes(name)});
}

void sign(transaction& x, const crypto::secret_key& by) {
  x.sig = crypto::sign(by, signing_bytes(x)).bytes;
}

verifier ed25519_verifier() {
  return [](const transaction& x, const hash&) {
    return crypto::verify(crypto::public_key{x.sender}, signing_bytes(x), crypto::signature{x.sig});
  };
}

} // namespace bpci::ledger
