#pragma once

#include "messages/error.hpp"
#include "messages/oracle/nodes.hpp"
#include "runtime/crypto/keys.hpp"

/// The rules of registering a BPI node, pure (document 2, "Oracle Node Management").
namespace bpci::oracle {

/// A registration whose parts have been checked.
struct checked_registration {
  registration what;
  crypto::public_key key;
};

/// Errors: invalid_argument, naming the member.
result<checked_registration> check(const registration& x);

} // namespace bpci::oracle
