#include "runtime/crypto/keystore.hpp"

#include "messages/codec/canonical.hpp"
#include "messages/codec/json.hpp"
#include "runtime/crypto/hex.hpp"
#include "runtime/crypto/seed.hpp"

#include <sodium.h>

#include <algorithm>
#include <new>
#include <utility>

namespace bpci::crypto {

namespace {

namespace json = boost::json;

constexpr std::size_t seed_size = 32;
constexpr std::uint64_t passes_max = 16;
constexpr std::uint64_t memory_bytes_max = 1'073'741'824;

constexpr std::string_view kdf_name = "argon2id13";
constexpr std::string_view cipher_name = "xchacha20poly1305-ietf";

static_assert(sizeof(keystore::salt) == crypto_pwhash_SALTBYTES);
static_assert(sizeof(keystore::nonce) == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES);
static_assert(sizeof(keystore::sealed) == seed_size + crypto_aead_xchacha20poly1305_ietf_ABYTES);
static_assert(least_costs.passes == crypto_pwhash_argon2id_OPSLIMIT_MIN
              && least_costs.memory_bytes == crypto_pwhash_argon2id_MEMLIMIT_MIN);
static_assert(moderate_costs.passes == crypto_pwhash_argon2id_OPSLIMIT_MODERATE
              && moderate_costs.memory_bytes == crypto_pwhash_argon2id_MEMLIMIT_MODERATE);

/// Bytes that leave nothing behind.
template <std::size_t N>
struct fleeting {
  std::array<std::uint8_t, N> bytes{};

  fleeting() = default;
  ~fleeting() { sodium_memzero(bytes.data(), bytes.size()); }
  fleeting(const fleeting&) = delete;
  fleeting& operator=(const fleeting&) = delete;
};

using sealing_key = fleeting<crypto_aead_xchacha20poly1305_ietf_KEYBYTES>;

result<void> check_costs(const keystore_costs& x) {
  if (x.passes < least_costs.passes || x.passes > passes_max
      || x.memory_bytes < least_costs.memory_bytes || x.memory_bytes > memory_bytes_max)
    return fail(ec::invalid_argument, "a keystore has 1 to 16 passes over 8 KiB to 1 GiB");
  return {};
}

result<void> derive(const keystore& x, std::string_view passphrase, sealing_key& out) {
  if (auto ok = check_costs(x.costs); !ok) return ok;
  if (passphrase.size() > passphrase_bytes_max)
    return fail(ec::not_permitted, "the passphrase is not the one of this key");
  if (crypto_pwhash(out.bytes.data(), out.bytes.size(), passphrase.data(), passphrase.size(),
                    x.salt.data(), x.costs.passes, x.costs.memory_bytes,
                    crypto_pwhash_ALG_ARGON2ID13)
      != 0)
    return fail(ec::unavailable, "there is not enough memory to open a keystore: it needs "
                                     + std::to_string(x.costs.memory_bytes >> 20U) + " MiB");
  return {};
}

/// What is authenticated beside the secret: everything that stands next to it.
bytes heading_of(const keystore& x) {
  return codec::canonical_writer{}(std::string{"bpci/keystore/1"})(x.version)(x.address.bytes)(
             x.costs.passes)(x.costs.memory_bytes)(x.salt)
      .take();
}

failure malformed(std::string_view what) {
  return fail(ec::malformed, "a keystore: " + std::string{what});
}

const json::object* object_in(const json::object& x, std::string_view name) {
  const auto* found = x.if_contains(name);
  return found ? found->if_object() : nullptr;
}

std::string_view text_in(const json::object* x, std::string_view name) {
  const auto* found = x ? x->if_contains(name) : nullptr;
  const auto* text = found ? found->if_string() : nullptr;
  return text ? std::string_view{*text} : std::string_view{};
}

result<std::uint64_t> number_in(const json::object* x, std::string_view name) {
  const auto* found = x ? x->if_contains(name) : nullptr;
  if (!found) return malformed(std::string{name} + " is missing");
  std::uint64_t out = 0;
  if (auto read = codec::read_json(*found, out, std::string{name}); !read) return read.error();
  return out;
}

} // namespace

// -- secret_text ---------------------------------------------------------------------------

void wipe(std::string& text) noexcept {
  sodium_memzero(text.data(), text.size());
  text.clear();
}

secret_text::secret_text(std::string_view text) : size_(text.size()) {
  init();
  data_ = static_cast<char*>(sodium_malloc(std::max<std::size_t>(size_, 1)));
  if (data_ == nullptr) throw std::bad_alloc();
  std::ranges::copy(text, data_);
}

secret_text secret_text::take(std::string& from) {
  secret_text out{from};
  wipe(from);
  return out;
}

secret_text::secret_text(secret_text&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

secret_text& secret_text::operator=(secret_text&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

secret_text::~secret_text() {
  sodium_free(data_);
}

// -- sealing and opening -------------------------------------------------------------------

result<void> check_passphrase(std::string_view text) {
  if (text.size() < passphrase_bytes_min || text.size() > passphrase_bytes_max)
    return fail(ec::invalid_argument, "passphrase: 8 to 1,024 bytes");
  return {};
}

result<keystore> seal_key(const key_pair& what, std::string_view passphrase,
                          const keystore_costs& costs) {
  init();
  if (auto ok = check_passphrase(passphrase); !ok) return ok.error();
  keystore out;
  out.address = what.pub;
  out.costs = costs;
  randombytes_buf(out.salt.data(), out.salt.size());
  randombytes_buf(out.nonce.data(), out.nonce.size());
  sealing_key key;
  if (auto ok = derive(out, passphrase, key); !ok) return ok.error();
  const auto heading = heading_of(out);
  const auto seed = seed_of(what.secret);
  crypto_aead_xchacha20poly1305_ietf_encrypt(out.sealed.data(), nullptr, seed.data(), seed.size(),
                                             heading.data(), heading.size(), nullptr,
                                             out.nonce.data(), key.bytes.data());
  return out;
}

result<key_pair> open_key(const keystore& x, std::string_view passphrase) {
  init();
  sealing_key key;
  if (auto ok = derive(x, passphrase, key); !ok) return ok.error();
  const auto heading = heading_of(x);
  fleeting<seed_size> seed;
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(seed.bytes.data(), nullptr, nullptr,
                                                 x.sealed.data(), x.sealed.size(), heading.data(),
                                                 heading.size(), x.nonce.data(), key.bytes.data())
      != 0)
    return fail(ec::not_permitted, "the passphrase is not the one of this key");
  auto out = from_seed(seed.bytes);
  if (out.pub != x.address) return malformed("its address is not the one of its key");
  return out;
}

// -- text ----------------------------------------------------------------------------------

std::string to_text(const keystore& x) {
  return codec::to_pretty_text(json::object{
             {"version", x.version},
             {"address", to_hex(x.address)},
             {"kdf",
              {{"name", kdf_name},
               {"passes", x.costs.passes},
               {"memory_bytes", x.costs.memory_bytes},
               {"salt", to_hex(x.salt)}}},
             {"cipher",
              {{"name", cipher_name}, {"nonce", to_hex(x.nonce)}, {"sealed", to_hex(x.sealed)}}},
         })
         + '\n';
}

result<keystore> read_keystore(std::string_view text) {
  if (text.size() > keystore_text_max) return fail(ec::too_large, "a keystore has at most 4 KiB");
  const auto parsed = codec::parse_json(text);
  if (!parsed) return malformed(parsed.error().detail);
  const auto* all = parsed->if_object();
  if (!all) return malformed("expected an object");
  const auto* kdf = object_in(*all, "kdf");
  const auto* cipher = object_in(*all, "cipher");
  const auto version = number_in(all, "version");
  const auto passes = number_in(kdf, "passes");
  const auto memory = number_in(kdf, "memory_bytes");
  for (const auto& x : {version, passes, memory})
    if (!x) return malformed(x.error().detail);
  if (*version != 1 || text_in(kdf, "name") != kdf_name || text_in(cipher, "name") != cipher_name)
    return fail(ec::unsupported, "a keystore of version 1 with " + std::string{kdf_name} + " and "
                                     + std::string{cipher_name} + " can be read");
  keystore out;
  out.costs = {*passes, *memory};
  if (!read_hex(text_in(kdf, "salt"), out.salt) || !read_hex(text_in(cipher, "nonce"), out.nonce)
      || !read_hex(text_in(cipher, "sealed"), out.sealed))
    return malformed("salt, nonce and sealed are 32, 48 and 96 hex digits");
  auto address = public_key_from_hex(text_in(all, "address"));
  if (!address) return address.error();
  out.address = *address;
  if (auto ok = check_costs(out.costs); !ok) return ok.error();
  return out;
}

} // namespace bpci::crypto
