#include "runtime/crypto/sealed_body.hpp"

#include "messages/codec/canonical.hpp"
#include "runtime/crypto/seed.hpp"

#include <openssl/evp.h>
#include <sodium.h>

#include <algorithm>
#include <memory>
#include <stdexcept>

namespace bpci::crypto {

namespace {

constexpr std::array<std::uint8_t, 4> magic = {'B', 'P', 'I', 'E'};
constexpr std::uint8_t version = 1;
constexpr std::size_t tag_size = 16;
constexpr std::string_view domain = "BPI-1.0/sealed";
constexpr std::array<std::string_view, 4> names = {"None", "Standard", "High", "Quantum"};

static_assert(crypto_scalarmult_BYTES == 32);

/// Wiped when it goes.
template <std::size_t N>
struct secret_bytes {
  std::array<std::uint8_t, N> bytes{};

  secret_bytes() = default;
  secret_bytes(const secret_bytes&) = delete;
  secret_bytes& operator=(const secret_bytes&) = delete;
  ~secret_bytes() { sodium_memzero(bytes.data(), bytes.size()); }
};

// -- keys --------------------------------------------------------------------

/// RFC 8032, section 5.1.5: the scalar of an Ed25519 key; X25519 clamps it in the same way.
void scalar_of(const secret_key& x, secret_bytes<32>& out) {
  secret_bytes<64> hash;
  const auto seed = seed_of(x);
  crypto_hash_sha512(hash.bytes.data(), seed.data(), seed.size());
  std::copy_n(hash.bytes.begin(), out.bytes.size(), out.bytes.begin());
}

result<std::array<std::uint8_t, 32>> montgomery(const public_key& x) {
  std::array<std::uint8_t, 32> out{};
  if (crypto_sign_ed25519_pk_to_curve25519(out.data(), x.bytes.data()) != 0)
    return fail(ec::invalid_argument, "these 32 bytes are not a usable Ed25519 public key");
  return out;
}

/// The secrets of one body, one behind the other.
class key_material {
public:
  /// False: the other side's key is of small order.
  bool agree(const secret_bytes<32>& mine, std::span<const std::uint8_t, 32> theirs) {
    const auto at = size_;
    size_ += 32;
    return crypto_scalarmult(all_.bytes.data() + at, mine.bytes.data(), theirs.data()) == 0;
  }

  void add(std::span<const std::uint8_t, 32> x) {
    std::ranges::copy(x, all_.bytes.begin() + static_cast<std::ptrdiff_t>(size_));
    size_ += x.size();
  }

  [[nodiscard]] std::span<const std::uint8_t> get() const { return {all_.bytes.data(), size_}; }

private:
  secret_bytes<96> all_;
  std::size_t size_ = 0;
};

void hmac(std::span<const std::uint8_t> key, std::span<const std::uint8_t> head,
          std::span<const std::uint8_t> info, std::uint8_t count, secret_bytes<32>& out) {
  crypto_auth_hmacsha256_state state;
  crypto_auth_hmacsha256_init(&state, key.data(), key.size());
  crypto_auth_hmacsha256_update(&state, head.data(), head.size());
  if (count > 0) {
    crypto_auth_hmacsha256_update(&state, info.data(), info.size());
    crypto_auth_hmacsha256_update(&state, &count, 1);
  }
  crypto_auth_hmacsha256_final(&state, out.bytes.data());
  sodium_memzero(&state, sizeof state);
}

/// The key and the initialisation vector of AES-256-GCM.
struct message_key {
  secret_bytes<32> key;
  secret_bytes<32> iv; ///< the first 12
};

/// RFC 5869 with SHA-256: two blocks.
void derive(std::span<const std::uint8_t> salt, std::span<const std::uint8_t> secret,
            std::span<const std::uint8_t> info, message_key& out) {
  secret_bytes<32> prk;
  hmac(salt, secret, {}, 0, prk);
  hmac(prk.bytes, {}, info, 1, out.key);
  hmac(prk.bytes, out.key.bytes, info, 2, out.iv);
}

bytes info_of(const public_key& from, const public_key& to) {
  codec::canonical_writer out;
  out(domain)(std::span<const std::uint8_t>{from.bytes})(std::span<const std::uint8_t>{to.bytes});
  return out.take();
}

bytes bound(std::span<const std::uint8_t> header, const seal_context& x) {
  codec::canonical_writer out;
  out(domain)(header)(x.source)(x.target)(x.message_id)(x.type);
  return out.take();
}

// -- AES-256-GCM (NIST SP 800-38D) by OpenSSL, on machines of any kind ----------

struct free_cipher {
  void operator()(EVP_CIPHER_CTX* x) const noexcept { EVP_CIPHER_CTX_free(x); }
};
using cipher = std::unique_ptr<EVP_CIPHER_CTX, free_cipher>;

void require(int done) {
  if (done != 1) throw std::runtime_error("OpenSSL has no AES-256-GCM");
}

int to_int(std::size_t x) {
  if (x > std::size_t{1} << 30) throw std::length_error("a body of more than 1 GiB");
  return static_cast<int>(x);
}

void encrypt(const message_key& with, const bytes& bound_to, std::span<const std::uint8_t> plain,
             bytes& out) {
  const cipher state{EVP_CIPHER_CTX_new()};
  const auto at = out.size();
  out.resize(at + plain.size() + tag_size);
  int size = 0;
  require(EVP_EncryptInit_ex(state.get(), EVP_aes_256_gcm(), nullptr, with.key.bytes.data(),
                             with.iv.bytes.data()));
  require(EVP_EncryptUpdate(state.get(), nullptr, &size, bound_to.data(), to_int(bound_to.size())));
  if (!plain.empty())
    require(
        EVP_EncryptUpdate(state.get(), out.data() + at, &size, plain.data(), to_int(plain.size())));
  require(EVP_EncryptFinal_ex(state.get(), out.data() + at + plain.size(), &size));
  require(EVP_CIPHER_CTX_ctrl(state.get(), EVP_CTRL_GCM_GET_TAG, tag_size,
                              out.data() + at + plain.size()));
}

/// Nothing of it is given out unless the tag is right.
bool decrypt(const message_key& with, const bytes& bound_to, std::span<const std::uint8_t> sealed,
             bytes& out) {
  const cipher state{EVP_CIPHER_CTX_new()};
  const auto text = sealed.first(sealed.size() - tag_size);
  std::array<std::uint8_t, tag_size> tag{};
  std::ranges::copy(sealed.last(tag_size), tag.begin());
  bytes plain(text.size() + 1); // never empty, so that there is an address
  int size = 0;
  require(EVP_DecryptInit_ex(state.get(), EVP_aes_256_gcm(), nullptr, with.key.bytes.data(),
                             with.iv.bytes.data()));
  require(EVP_DecryptUpdate(state.get(), nullptr, &size, bound_to.data(), to_int(bound_to.size())));
  if (!text.empty())
    require(EVP_DecryptUpdate(state.get(), plain.data(), &size, text.data(), to_int(text.size())));
  require(EVP_CIPHER_CTX_ctrl(state.get(), EVP_CTRL_GCM_SET_TAG, tag_size, tag.data()));
  if (EVP_DecryptFinal_ex(state.get(), plain.data() + text.size(), &size) != 1) {
    sodium_memzero(plain.data(), plain.size());
    return false;
  }
  plain.resize(text.size());
  out = std::move(plain);
  return true;
}

// -- the header ----------------------------------------------------------------

bytes write_header(const sealed_header& x) {
  bytes out{magic.begin(), magic.end()};
  out.push_back(version);
  out.push_back(static_cast<std::uint8_t>(x.level));
  if (x.level == seal_level::none) return out;
  out.insert(out.end(), x.nonce.begin(), x.nonce.end());
  if (x.level == seal_level::standard) return out;
  out.insert(out.end(), x.ephemeral.begin(), x.ephemeral.end());
  if (x.level == seal_level::high) return out;
  out.push_back(static_cast<std::uint8_t>(x.pre_shared_key.size()));
  out.insert(out.end(), x.pre_shared_key.begin(), x.pre_shared_key.end());
  return out;
}

/// Takes from the front of what is left.
class reader {
public:
  explicit reader(std::span<const std::uint8_t> all) : left_(all) {}

  bool take(std::span<std::uint8_t> out) {
    if (left_.size() < out.size()) return false;
    std::ranges::copy(left_.first(out.size()), out.begin());
    left_ = left_.subspan(out.size());
    return true;
  }

  bool take(std::uint8_t& out) { return take(std::span{&out, 1}); }

  bool take(std::string& out, std::size_t size) {
    out.resize(size);
    return take(std::span{reinterpret_cast<std::uint8_t*>(out.data()), size});
  }

  [[nodiscard]] std::size_t left() const { return left_.size(); }

private:
  std::span<const std::uint8_t> left_;
};

bool read_rest(reader& in, sealed_header& out) {
  if (out.level == seal_level::none) return true;
  if (!in.take(out.nonce)) return false;
  if (out.level >= seal_level::high && !in.take(out.ephemeral)) return false;
  if (out.level == seal_level::quantum) {
    std::uint8_t size = 0;
    if (!in.take(size) || !in.take(out.pre_shared_key, size)) return false;
    if (!is_valid_id(out.pre_shared_key)) return false;
  }
  return in.left() >= tag_size;
}

seal_randomness draw() {
  seal_randomness out;
  randombytes_buf(out.nonce.data(), out.nonce.size());
  randombytes_buf(out.ephemeral_secret.data(), out.ephemeral_secret.size());
  return out;
}

failure not_usable() {
  return fail(ec::invalid_argument, "the key of the other side is not usable");
}

} // namespace

std::string_view name(seal_level x) noexcept {
  return names.at(static_cast<std::size_t>(x));
}

result<seal_level> seal_level_from_name(std::string_view word) {
  auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  for (std::size_t i = 0; i < names.size(); ++i)
    if (std::ranges::equal(names[i], word, {}, lower, lower)) return static_cast<seal_level>(i);
  return fail(ec::invalid_argument, "the level is None, Standard, High or Quantum");
}

result<sealed_header> read_sealed_header(std::span<const std::uint8_t> body) {
  auto in = reader{body};
  std::array<std::uint8_t, 4> start{};
  if (!in.take(start) || start != magic) return sealed_header{};
  std::uint8_t its_version = 0;
  std::uint8_t level = 0;
  if (!in.take(its_version) || !in.take(level)) return fail(ec::malformed, "the header ends early");
  if (its_version != version)
    return fail(ec::unsupported, "this program reads version 1 of sealed bodies");
  if (level >= names.size()) return fail(ec::malformed, "there is no such level");
  sealed_header out;
  out.level = static_cast<seal_level>(level);
  if (!read_rest(in, out)) return fail(ec::malformed, "the sealed body ends early");
  out.size = write_header(out).size();
  return out;
}

result<bytes> seal(seal_level level, const seal_context& bound_to, const key_pair& from,
                   const public_key& to, std::span<const std::uint8_t> plain,
                   const std::optional<pre_shared_key>& shared,
                   const std::optional<seal_randomness>& drawn) {
  init();
  sealed_header header;
  header.level = level;
  if (level == seal_level::none) {
    auto out = write_header(header);
    out.insert(out.end(), plain.begin(), plain.end());
    return out;
  }
  if (level == seal_level::quantum && (!shared || !is_valid_id(shared->id)))
    return fail(ec::invalid_argument,
                "the level Quantum needs a pre-shared key of 32 bytes, and a name for it");
  const auto theirs = montgomery(to);
  if (!theirs) return theirs.error();
  auto random = drawn ? *drawn : draw();
  secret_bytes<32> ephemeral;
  ephemeral.bytes = random.ephemeral_secret;
  sodium_memzero(random.ephemeral_secret.data(), random.ephemeral_secret.size());
  header.nonce = random.nonce;

  key_material material;
  if (level >= seal_level::high) {
    crypto_scalarmult_base(header.ephemeral.data(), ephemeral.bytes.data());
    if (!material.agree(ephemeral, *theirs)) return not_usable();
  }
  secret_bytes<32> mine;
  scalar_of(from.secret, mine);
  if (!material.agree(mine, *theirs)) return not_usable();
  if (level == seal_level::quantum) {
    material.add(shared->secret);
    header.pre_shared_key = shared->id;
  }
  message_key key;
  derive(header.nonce, material.get(), info_of(from.pub, to), key);
  auto out = write_header(header);
  const auto covered = bound(out, bound_to);
  encrypt(key, covered, plain, out);
  return out;
}

result<opened_body> open(const seal_context& bound_to, const key_pair& me, const public_key& from,
                         std::span<const std::uint8_t> body, seal_level least,
                         const find_pre_shared_key& find_shared) {
  init();
  const auto header = read_sealed_header(body);
  if (!header) return header.error();
  if (header->level < least)
    return fail(ec::not_permitted, "the body has the level " + std::string{name(header->level)}
                                       + ", at least " + std::string{name(least)}
                                       + " is asked for");
  opened_body out{header->level, {}};
  const auto content = body.subspan(header->size);
  if (header->level == seal_level::none) {
    out.plain.assign(content.begin(), content.end());
    return out;
  }
  const auto theirs = montgomery(from);
  if (!theirs) return theirs.error();
  secret_bytes<32> mine;
  scalar_of(me.secret, mine);
  key_material material;
  if (header->level >= seal_level::high && !material.agree(mine, header->ephemeral))
    return fail(ec::bad_signature, "the ephemeral key is not usable");
  if (!material.agree(mine, *theirs)) return not_usable();
  if (header->level == seal_level::quantum) {
    const auto shared = find_shared ? find_shared(header->pre_shared_key) : std::nullopt;
    if (!shared)
      return fail(ec::not_found, "no pre-shared key is named '" + header->pre_shared_key + "'");
    material.add(*shared);
  }
  message_key key;
  derive(header->nonce, material.get(), info_of(from, me.pub), key);
  if (!decrypt(key, bound(body.first(header->size), bound_to), content, out.plain))
    return fail(ec::bad_signature, "the body was not sealed so by its source");
  return out;
}

} // namespace bpci::crypto
