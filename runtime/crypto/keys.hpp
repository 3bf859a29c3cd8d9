#pragma once

#include "messages/error.hpp"
#include "runtime/crypto/hash.hpp"  // IWYU pragma: export
#include "runtime/crypto/token.hpp" // IWYU pragma: export

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

/// Ed25519 (RFC 8032) by libsodium. This folder is the only one that includes libsodium for
/// secrets, and OpenSSL's hashes.
namespace bpci::crypto {

/// Readies libsodium. Every function that needs it calls it too; a program calls it at its start
/// so that a system without randomness fails there, by std::runtime_error, and not later.
void init();

struct public_key {
  static constexpr std::size_t size = 32;
  std::array<std::uint8_t, size> bytes{};

  friend auto operator<=>(const public_key&, const public_key&) = default;
};

struct signature {
  static constexpr std::size_t size = 64;
  std::array<std::uint8_t, size> bytes{};

  friend auto operator<=>(const signature&, const signature&) = default;
};

/// Lives in locked, guarded memory that is wiped when it is freed: it reaches neither the swap
/// nor a core dump. It can't be copied, compared or printed. After a move only assignment and
/// destruction are allowed.
class secret_key {
 public:
  secret_key(secret_key&&) noexcept = default;
  secret_key& operator=(secret_key&&) noexcept = default;

 private:
  struct release {
    void operator()(std::uint8_t* x) const noexcept;
  };

  explicit secret_key(std::uint8_t* guarded) noexcept : expanded_(guarded) {}

  friend struct key_pair from_seed(std::span<const std::uint8_t, 32> seed);
  friend signature sign(const secret_key&, std::span<const std::uint8_t>);
  friend std::span<const std::uint8_t, 32> seed_of(const secret_key&);

  std::unique_ptr<std::uint8_t[], release> expanded_; ///< The seed, then the public key.
};

struct key_pair {
  public_key pub;
  secret_key secret;
};

key_pair generate();

/// The key pair that RFC 8032, section 5.1.5, derives from these 32 bytes. The caller wipes them.
key_pair from_seed(std::span<const std::uint8_t, 32> seed);

signature sign(const secret_key& by, std::span<const std::uint8_t> message);

/// RFC 8032, section 5.1.7, made strict: a key or an R that is of small order or not in its
/// shortest form is refused, and so is an S not below the group's order. So nobody who lacks the
/// secret key can turn one valid signature into another.
bool verify(const public_key& by, std::span<const std::uint8_t> message, const signature& x);

std::string to_hex(const public_key& x);
std::string to_hex(const signature& x);

/// A key from outside. Also checks that it is a point of the prime-order group, which costs as
/// much as verifying a signature: read a key once, when it is registered.
/// Errors: malformed (length, digits), invalid_argument (not a usable point).
result<public_key> public_key_from_hex(std::string_view text);
result<public_key> public_key_from_bytes(std::span<const std::uint8_t> raw);

/// Errors: malformed (length, digits).
result<signature> signature_from_hex(std::string_view text);
result<signature> signature_from_bytes(std::span<const std::uint8_t> raw);

/// The key pair whose seed stands in the file at `path`, as one line of 64 hex digits. If there
/// is no file, a new pair is made and its seed written, mode 0600, complete or not at all, and on
/// the disk when this returns; of two processes that do so at once, both return the same pair.
/// A file that group or others may read or write is refused: the key may no longer be secret.
/// Errors: config_invalid, with the path and what to do.
result<key_pair> load_or_create(const std::string& path);

} // namespace bpci::crypto

template <>
struct std::hash<bpci::crypto::public_key> {
  /// The bytes of a key are as good as random, so any eight of them make a hash.
  std::size_t operator()(const bpci::crypto::public_key& x) const noexcept {
    std::size_t hash;
    std::memcpy(&hash, x.bytes.data(), sizeof hash);
    return hash;
  }
};
