#pragma once

#include "messages/error.hpp"
#include "messages/ids.hpp"

#include <string>
#include <string_view>

/// The certificates by which the nodes of a cluster know each other: X.509 (RFC 5280), ECDSA over
/// P-256. A cluster has an authority of its own; nobody else's certificates count.
namespace bpci::tunnel {

/// A certificate and its private key, both PEM. The key is secret: it stands in files of mode 0600
/// and in join tokens, never in a log or a message.
struct issued {
  std::string certificate;
  std::string key;
};

/// What a certificate says.
struct certificate_facts {
  std::string fingerprint; ///< hex SHA-256 of its DER form
  std::string cluster;     ///< the name of the cluster
  member_id member;        ///< of its URI `urn:bpci:member:<id>`; empty: it is an authority
  timestamp_ms valid_from;
  timestamp_ms valid_until;

  bool operator==(const certificate_facts&) const = default;
};

/// The authority of a new cluster, for ten years. `cluster` as in is_valid_id.
/// Errors: invalid_argument, internal (OpenSSL refuses).
result<issued> make_authority(const std::string& cluster, timestamp_ms now);

/// A certificate of one member, for a year, as client and as server. Errors: invalid_argument (the
/// id, or an authority that is none), internal.
result<issued> issue(const issued& authority, const member_id& member, timestamp_ms now);

/// The first certificate of the text. Errors: malformed.
result<certificate_facts> read_certificate(std::string_view pem);

/// Whether one of the authorities has issued the certificate, and it is valid now. Errors:
/// malformed, not_permitted with the reason.
result<void> check_issued(std::string_view authorities, std::string_view certificate,
                          timestamp_ms now);

/// Whether the key is that of the certificate. Errors: malformed, conflict.
result<void> check_key(const issued& x);

} // namespace bpci::tunnel
