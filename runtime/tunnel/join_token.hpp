#pragma once

#include "messages/describe.hpp"
#include "runtime/tunnel/certificates.hpp"

#include <string>
#include <string_view>

namespace bpci::tunnel {

/// Everything that makes a machine a member of the cluster, as one line of text. It holds a
/// private key: whoever reads it can be that member, so it travels in a file of mode 0600 or
/// through a pipe, and is removed afterwards.
struct join_token {
  std::string cluster;
  member_id member;
  std::string authorities; ///< PEM
  std::string certificate; ///< PEM
  std::string key;         ///< PEM. Secret
  timestamp_ms expires;    ///< After this `bpci cluster join` does not take it.

  bool operator==(const join_token&) const = default;
};
BPCI_MESSAGE(join_token, cluster, member, authorities, certificate, key, expires)

/// How long a token is taken: long enough to carry it to the other machine.
constexpr std::int64_t join_token_life_ms = 24 * 60 * 60 * 1'000;

/// For a new member, or for a new certificate of one. Errors: those of `issue`.
result<join_token> make_join_token(const issued& authority, const member_id& member,
                                   timestamp_ms now);

/// "bpci-join-1." and base64url (RFC 4648, section 5) of JSON.
std::string to_line(const join_token& x);

/// White space around it is allowed. Errors: malformed, expired, not_permitted (its parts do not
/// fit together).
result<join_token> read_join_token(std::string_view line, timestamp_ms now);

} // namespace bpci::tunnel
