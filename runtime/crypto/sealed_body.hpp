#pragma once

#include "messages/error.hpp"
#include "messages/ids.hpp"
#include "runtime/crypto/keys.hpp"

#include <array>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

/// Bodies that only their target can read (document 2, "None/Standard/High/Quantum";
/// docs/protocol/encryption.md). The relay sees the header and never the content. The keys are the
/// Ed25519 keys under which both ends are registered, used on the other form of their curve.
namespace bpci::crypto {

/// As the header numbers them.
enum class seal_level : std::uint8_t {
  none,     ///< to be read by anybody
  standard, ///< AES-256-GCM under a key of the two static keys
  high, ///< the same and an ephemeral key: the sender cannot read it again, nor who steals its key
  quantum ///< the same and a pre-shared key: neither can who computes the discrete logarithms
};

/// `None`, `Standard`, `High`, `Quantum`.
std::string_view name(seal_level x) noexcept;

/// The reverse, without regard to case. Errors: invalid_argument.
result<seal_level> seal_level_from_name(std::string_view word);

/// What a body is bound to: opened under anything else it is refused. Ids as in the envelope; of
/// its targets the one that opens it.
struct seal_context {
  std::string_view source;
  std::string_view target;
  std::string_view message_id;
  std::string_view type;
};

/// 256 bits that both ends were given in another way. Not owned.
struct pre_shared_key {
  std::string id; ///< 1 to 64 of the alphabet of node ids; not secret.
  std::span<const std::uint8_t, 32> secret;
};

/// How the receiver finds the one that the header names; nothing: it has none of this name.
using find_pre_shared_key =
    std::function<std::optional<std::span<const std::uint8_t, 32>>(std::string_view id)>;

/// What anybody can see of a body.
struct sealed_header {
  seal_level level = seal_level::none;
  std::array<std::uint8_t, 32> nonce{};
  std::array<std::uint8_t, 32> ephemeral{}; ///< of `high` and `quantum`
  std::string pre_shared_key;               ///< of `quantum`: its id
  std::size_t size = 0;                     ///< of the header itself; 0: the body has none
};

/// A body without a header has the level `none`. Errors: malformed, unsupported (a later version).
result<sealed_header> read_sealed_header(std::span<const std::uint8_t> body);

/// What is drawn anew for each body; given only by tests.
struct seal_randomness {
  std::array<std::uint8_t, 32> nonce;
  std::array<std::uint8_t, 32> ephemeral_secret;
};

/// Errors: invalid_argument (`to` is no usable key; `quantum` without a pre-shared key).
result<bytes> seal(seal_level level, const seal_context& bound_to, const key_pair& from,
                   const public_key& to, std::span<const std::uint8_t> plain,
                   const std::optional<pre_shared_key>& shared = {},
                   const std::optional<seal_randomness>& drawn = {});

struct opened_body {
  seal_level level = seal_level::none;
  bytes plain;
};

/// `from` is the key of the source that the receiver trusts, `least` the level that it asks of it:
/// with `none` anybody on the way may have put a readable body in place of the sealed one. Errors:
/// malformed, unsupported (a later version), not_permitted (the level is too low), invalid_argument
/// (`from` is no usable key), not_found (the pre-shared key), bad_signature (it was sealed by
/// another, for another, under another name, or was changed).
result<opened_body> open(const seal_context& bound_to, const key_pair& me, const public_key& from,
                         std::span<const std::uint8_t> body, seal_level least,
                         const find_pre_shared_key& find_shared = {});

} // namespace bpci::crypto
