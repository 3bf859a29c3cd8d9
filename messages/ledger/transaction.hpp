#pragma once

#include "messages/codec/canonical.hpp"
#include "messages/ledger/account.hpp"

#include <string>
#include <string_view>

namespace bpci::ledger {

/// What somebody wants of the ledger. It travels, is hashed and is stored as its canonical bytes;
/// the signature covers a domain tag and the bytes of the fields before it, the chain's id first,
/// so that it counts on one chain only.
struct transaction {
  std::string chain_id;
  account sender{};
  std::uint64_t nonce = 0; ///< how many of the sender's transactions are in the chain so far
  amount<flx> fee;         ///< paid to the treasury, also when the transaction fails
  height valid_until;      ///< the last block that may hold it
  std::string module;      ///< "coins"
  std::string kind;        ///< "transfer"
  bytes body;              ///< canonical bytes of the message that `kind` names
  signature sig{};

  bool operator==(const transaction&) const = default;
};
BPCI_MESSAGE(transaction, chain_id, sender, nonce, fee, valid_until, module, kind, body, sig)

/// Of the canonical bytes.
inline constexpr std::size_t transaction_bytes_max = 65'536;
inline constexpr std::size_t chain_id_bytes_max = 64;

inline constexpr std::string_view transaction_domain = "bpci-ledger-transaction-v1";

/// A transaction is known by the SHA-256 of this tag and its canonical bytes.
inline constexpr std::string_view transaction_id_domain = "bpci-ledger-transaction-id-v1";

/// What the sender signs.
inline bytes signing_bytes(const transaction& x) {
  codec::canonical_writer to;
  to.reserve(2 * codec::canonical_bytes_about);
  auto out = to(std::string{transaction_domain})(x).take();
  out.resize(out.size() - x.sig.size()); // the signature comes last, and has a fixed size
  return out;
}

} // namespace bpci::ledger
