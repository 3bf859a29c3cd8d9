#pragma once

#include "messages/ids.hpp"
#include "runtime/crypto/keys.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

/// A secret key at rest under a passphrase: Argon2id (RFC 9106) makes a key of the passphrase,
/// XChaCha20-Poly1305 seals the secret with it. Its costs, salt and address are authenticated too,
/// so that nobody can make it cheaper to guess, or show it under another name, unnoticed.
namespace bpci::crypto {

/// Overwrites what is no longer needed; the text is empty then.
void wipe(std::string& text) noexcept;

/// A text in locked, guarded memory that is wiped when it goes: a passphrase. Can't be copied.
class secret_text {
public:
  /// Copies. The caller wipes his own.
  explicit secret_text(std::string_view text);

  /// Takes the text out of `from`, which is wiped.
  static secret_text take(std::string& from);

  secret_text(secret_text&& other) noexcept;
  secret_text& operator=(secret_text&& other) noexcept;
  ~secret_text();
  secret_text(const secret_text&) = delete;
  secret_text& operator=(const secret_text&) = delete;

  [[nodiscard]] std::string_view view() const noexcept { return {data_, size_}; }

private:
  char* data_ = nullptr;
  std::size_t size_ = 0;
};

/// What one guess costs.
struct keystore_costs {
  std::uint64_t passes = 0;
  std::uint64_t memory_bytes = 0;

  bool operator==(const keystore_costs&) const = default;
};

/// libsodium's MODERATE: 256 MiB, and 0.7 s of a core of 2020.
inline constexpr keystore_costs moderate_costs{3, 268'435'456};

/// The least that is accepted: for tests.
inline constexpr keystore_costs least_costs{1, 8'192};

/// Neither its own bytes nor how they are shown hold a secret that is not encrypted.
struct keystore {
  std::uint32_t version = 1;
  public_key address;
  keystore_costs costs;
  std::array<std::uint8_t, 16> salt{};
  std::array<std::uint8_t, 24> nonce{};
  std::array<std::uint8_t, 48> sealed{}; ///< the seed (32 bytes) and its tag

  bool operator==(const keystore&) const = default;
};

inline constexpr std::size_t passphrase_bytes_min = 8;
inline constexpr std::size_t passphrase_bytes_max = 1'024;

/// For a new one. Errors: invalid_argument.
result<void> check_passphrase(std::string_view text);

/// Takes as long as the costs say: never in an actor that others wait for.
/// Errors: invalid_argument (costs out of bounds), unavailable (the memory is not to be had).
result<keystore> seal_key(const key_pair& what, std::string_view passphrase,
                          const keystore_costs& costs = moderate_costs);

/// Likewise. Errors: not_permitted (the passphrase is another one, or the keystore was altered);
/// and those of seal_key.
result<key_pair> open_key(const keystore& x, std::string_view passphrase);

/// As JSON on several lines: what stands in a file.
std::string to_text(const keystore& x);

inline constexpr std::size_t keystore_text_max = 4'096;

/// Errors: too_large, malformed, unsupported (another version or method), invalid_argument (costs
/// out of bounds, not a key).
result<keystore> read_keystore(std::string_view text);

/// Writes the key to a new file in the form of `load_or_create`. Never takes the place of another
/// file. Errors: conflict (there is one), config_invalid.
result<void> store_new(const std::string& path, const key_pair& what);

} // namespace bpci::crypto
