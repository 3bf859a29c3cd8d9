#pragma once

#include "messages/error.hpp"
#include "runtime/tunnel/credentials.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

/// TLS 1.3 without sockets: bytes of the network in, bytes of the network out. Both sides show a
/// certificate that an authority of the cluster has issued.
namespace bpci::tunnel {

/// What both sides of all sessions share; immutable. Sessions keep the one that they began with, so
/// a renewed certificate is a new context and ends nothing.
class tls_context {
public:
  /// Errors: config_invalid.
  static result<std::shared_ptr<const tls_context>> make(const credentials& from);

  [[nodiscard]] const certificate_facts& own() const noexcept { return own_; }

private:
  friend class tls_session;
  struct library;
  tls_context(certificate_facts own, std::shared_ptr<library> made);

  certificate_facts own_;
  std::shared_ptr<library> library_;
};

using tls_context_ptr = std::shared_ptr<const tls_context>;

/// What the other side's certificate says.
struct peer_identity {
  member_id id;
  std::string fingerprint; ///< hex SHA-256

  bool operator==(const peer_identity&) const = default;
};

enum class tls_side : std::uint8_t { client, server };

/// One connection; for one thread. After an error there is nothing to do but to send what is
/// `outgoing` and to close.
class tls_session {
public:
  /// AES-GCM is safe for 2^24.5 records under one key (RFC 8446, section 5.5).
  static constexpr std::uint64_t records_per_key = std::uint64_t{1} << 22;

  tls_session(tls_context_ptr shared, tls_side side, std::uint64_t rekey_after = records_per_key);
  ~tls_session();
  tls_session(const tls_session&) = delete;
  tls_session& operator=(const tls_session&) = delete;

  /// What the network brought. The bytes are not copied: they stay where they are until `shake` or
  /// `open` has asked for more.
  void feed(std::span<const std::uint8_t> ciphertext);

  /// Goes on with the handshake; true once it is done. Errors: not_permitted, malformed.
  result<bool> shake();

  /// Valid once `shake` is done; the id is empty if the certificate names no member.
  [[nodiscard]] peer_identity peer() const;

  struct opened {
    std::size_t bytes = 0;
    bool over = false; ///< The other side has said goodbye.
  };

  /// Fills `plaintext` as far as it can; 0 bytes: feed more. Errors: malformed.
  result<opened> open(std::span<std::uint8_t> plaintext);

  /// Errors: internal.
  result<void> seal(std::span<const std::uint8_t> plaintext);

  /// Says goodbye.
  void close();

  /// What the network is to get next; valid until the next call of anything else.
  [[nodiscard]] std::span<const std::uint8_t> outgoing() const;

  /// The network has taken this much of it.
  void sent(std::size_t bytes);

private:
  struct library;
  [[nodiscard]] failure why(int returned) const;
  void change_key_when_due();

  tls_context_ptr shared_;
  std::unique_ptr<library> library_;
  std::size_t sent_ = 0; ///< of what OpenSSL has written
  std::uint64_t rekey_after_;
  std::uint64_t records_ = 0; ///< under the present key
};

} // namespace bpci::tunnel
