#pragma once

#include "messages/ids.hpp"
#include "runtime/crypto/keys.hpp"

#include <chrono>
#include <vector>

namespace bpci::bench {

/// Something signed: what a server checks for each message.
struct signed_bytes {
  crypto::public_key by;
  bytes message;
  crypto::signature signature;
};

enum class verifier { libsodium, project };

/// CPU time of one check, of `what` in turn, in microseconds. Counted in CPU time of this thread:
/// what other programs of the machine take is left out.
double verify_microseconds(verifier how, const std::vector<signed_bytes>& what,
                           std::chrono::milliseconds for_about);

} // namespace bpci::bench
