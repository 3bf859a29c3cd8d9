#include "gateways/clients/cpp/consensus.hpp"

#include "messages/governance/signing.hpp"

namespace bpci::client {

namespace {

bytes signature_of(const bytes& message, const crypto::key_pair& keys) {
  const auto out = crypto::sign(keys.secret, message);
  return {out.bytes.begin(), out.bytes.end()};
}

} // namespace

crypto::digest digest_of(const governance::proposal& x) {
  return crypto::sha256(governance::signing_bytes(x));
}

governance::proposal sign(governance::proposal x, const crypto::key_pair& keys) {
  x.signature = signature_of(governance::signing_bytes(x), keys);
  return x;
}

governance::vote sign(governance::vote x, const crypto::digest& of, const crypto::key_pair& keys) {
  x.signature = signature_of(governance::signing_bytes(x, of), keys);
  return x;
}

} // namespace bpci::client
