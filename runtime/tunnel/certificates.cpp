#include "runtime/tunnel/certificates.hpp"

#include "runtime/crypto/hash.hpp"
#include "runtime/tunnel/openssl.hpp"

#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include <array>
#include <ctime>
#include <span>

namespace bpci::tunnel {

namespace {

using namespace ssl;

constexpr std::int64_t second_ms = 1'000;
constexpr std::int64_t day_ms = 24 * 60 * 60 * second_ms;
constexpr std::int64_t authority_life_ms = 10 * 365 * day_ms;
constexpr std::int64_t member_life_ms = 365 * day_ms;

/// The clocks of two machines may differ; a certificate is used the moment it is made.
constexpr std::int64_t backdated_ms = 10 * 60 * second_ms;

/// RFC 5280, section 4.1.2.2: at most 20 octets, positive, unique.
constexpr int serial_bits = 127;

/// Far above what a chain of this project needs.
constexpr std::size_t pem_bytes_max = 64 * 1024;

constexpr std::string_view member_urn = "urn:bpci:member:";

using name_ptr = std::unique_ptr<X509_NAME, freed_by<X509_NAME_free>>;
using bignum_ptr = std::unique_ptr<BIGNUM, freed_by<BN_free>>;
using extension_ptr = std::unique_ptr<X509_EXTENSION, freed_by<X509_EXTENSION_free>>;
using names_ptr = std::unique_ptr<GENERAL_NAMES, freed_by<GENERAL_NAMES_free>>;
using store_context_ptr = std::unique_ptr<X509_STORE_CTX, freed_by<X509_STORE_CTX_free>>;

failure openssl_failure(const char* what) {
  return fail(ec::internal, std::string{what} + ": " + take_error());
}

bio_ptr reader(std::string_view pem) {
  return bio_ptr{BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))};
}

template <class Write>
result<std::string> to_pem(Write write) {
  bio_ptr to{BIO_new(BIO_s_mem())};
  if (!to || write(to.get()) != 1) return openssl_failure("writing PEM");
  char* data = nullptr;
  const auto size = BIO_get_mem_data(to.get(), &data);
  std::string out{data, static_cast<std::size_t>(size)};
  OPENSSL_cleanse(data, static_cast<std::size_t>(size));
  return out;
}

result<issued> to_issued(X509* certificate, EVP_PKEY* key) {
  auto public_part = to_pem([&](BIO* to) { return PEM_write_bio_X509(to, certificate); });
  auto secret_part = to_pem([&](BIO* to) {
    return PEM_write_bio_PKCS8PrivateKey(to, key, nullptr, nullptr, 0, nullptr, nullptr);
  });
  if (!public_part) return public_part.error();
  if (!secret_part) return secret_part.error();
  return issued{std::move(*public_part), std::move(*secret_part)};
}

/// The common name holds 64 characters, as long as an id may be; so it has no prefix.
bool set_subject(X509& to, const std::string& cluster, const std::string& common_name) {
  auto* name = X509_get_subject_name(&to);
  const auto add = [&](const char* field, const std::string& text) {
    return X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8,
                                      reinterpret_cast<const unsigned char*>(text.data()),
                                      static_cast<int>(text.size()), -1, 0)
           == 1;
  };
  return add("O", cluster) && add("CN", common_name);
}

bool set_serial(X509& to) {
  bignum_ptr number{BN_new()};
  return number && BN_rand(number.get(), serial_bits, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1
         && BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(&to));
}

bool set_life(X509& to, timestamp_ms now, std::int64_t life_ms) {
  const auto seconds = [&](std::int64_t offset) {
    return static_cast<std::time_t>((now.get() + offset) / second_ms);
  };
  return ASN1_TIME_set(X509_getm_notBefore(&to), seconds(-backdated_ms))
         && ASN1_TIME_set(X509_getm_notAfter(&to), seconds(life_ms));
}

bool add_extension(X509& to, X509& issuer, int what, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, &issuer, &to, nullptr, nullptr, 0);
  const extension_ptr made{X509V3_EXT_conf_nid(nullptr, &context, what, value)};
  return made && X509_add_ext(&to, made.get(), -1) == 1;
}

/// Not from a text of OpenSSL's own syntax, in which some characters have a meaning.
bool add_member_uri(X509& to, const member_id& member) {
  names_ptr names{GENERAL_NAMES_new()};
  const auto text = std::string{member_urn} + member.get();
  auto* name = GENERAL_NAME_new();
  auto* uri = ASN1_IA5STRING_new();
  if (!names || !name || !uri) return false;
  ASN1_STRING_set(uri, text.data(), static_cast<int>(text.size()));
  GENERAL_NAME_set0_value(name, GEN_URI, uri);
  sk_GENERAL_NAME_push(names.get(), name);
  return X509_add1_ext_i2d(&to, NID_subject_alt_name, names.get(), 0, 0) == 1;
}

/// Everything that the two kinds have in common, but the signature.
result<x509_ptr> draft(const std::string& cluster, const std::string& common_name, EVP_PKEY* key,
                       timestamp_ms now, std::int64_t life_ms) {
  x509_ptr out{X509_new()};
  if (!out || X509_set_version(out.get(), X509_VERSION_3) != 1 || !set_serial(*out)
      || !set_life(*out, now, life_ms) || !set_subject(*out, cluster, common_name)
      || X509_set_pubkey(out.get(), key) != 1)
    return openssl_failure("drafting a certificate");
  return out;
}

result<issued> sign(X509* certificate, EVP_PKEY* own_key, EVP_PKEY* issuer_key) {
  if (X509_sign(certificate, issuer_key, EVP_sha256()) == 0)
    return openssl_failure("signing a certificate");
  return to_issued(certificate, own_key);
}

std::string text_of(const X509& x, int field) {
  const auto* name = X509_get_subject_name(&x);
  const auto at = X509_NAME_get_index_by_NID(name, field, -1);
  if (at < 0) return {};
  const auto* data = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at));
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(data)),
          static_cast<std::size_t>(ASN1_STRING_length(data))};
}

timestamp_ms time_of(const ASN1_TIME* x) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(x, &parts) != 1) return {};
  return timestamp_ms{timegm(&parts) * second_ms};
}

} // namespace

namespace ssl {

std::string take_error() {
  const auto first = ERR_get_error();
  ERR_clear_error();
  const auto* reason = first == 0 ? nullptr : ERR_reason_error_string(first);
  return reason ? reason : "no reason given";
}

result<std::vector<x509_ptr>> read_all(std::string_view pem) {
  std::vector<x509_ptr> out;
  if (pem.size() <= pem_bytes_max)
    for (auto from = reader(pem); from;) {
      x509_ptr next{PEM_read_bio_X509(from.get(), nullptr, nullptr, nullptr)};
      if (!next) break;
      out.push_back(std::move(next));
    }
  ERR_clear_error(); // the end of the text is an error to OpenSSL
  if (out.empty()) return fail(ec::malformed, "it is not a certificate in PEM");
  return out;
}

result<x509_ptr> read_one(std::string_view pem) {
  auto all = read_all(pem);
  if (!all) return all.error();
  return std::move(all->front());
}

result<key_ptr> read_key(std::string_view pem) {
  // A key with a passphrase is refused, not asked for on the terminal.
  const auto no_passphrase = [](char*, int, int, void*) { return 0; };
  auto from = pem.size() <= pem_bytes_max ? reader(pem) : nullptr;
  key_ptr out{from ? PEM_read_bio_PrivateKey(from.get(), nullptr, no_passphrase, nullptr)
                   : nullptr};
  ERR_clear_error();
  if (!out) return fail(ec::malformed, "it is not a private key in PEM");
  return out;
}

result<store_ptr> trust(std::string_view authorities) {
  auto all = read_all(authorities);
  if (!all) return all.error();
  store_ptr out{X509_STORE_new()};
  for (const auto& x : *all)
    if (!out || X509_STORE_add_cert(out.get(), x.get()) != 1)
      return openssl_failure("trusting an authority");
  return out;
}

std::string fingerprint_of(const X509& x) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> hash{};
  unsigned size = 0;
  X509_digest(&x, EVP_sha256(), hash.data(), &size);
  return crypto::to_hex(std::span{hash}.first(size));
}

member_id member_of(const X509& x) {
  const names_ptr names{
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(&x, NID_subject_alt_name, nullptr, nullptr))};
  member_id out;
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    int kind = 0;
    const auto* value = static_cast<const ASN1_STRING*>(
        GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names.get(), i), &kind));
    if (kind != GEN_URI) continue;
    const std::string_view uri{reinterpret_cast<const char*>(ASN1_STRING_get0_data(value)),
                               static_cast<std::size_t>(ASN1_STRING_length(value))};
    if (!uri.starts_with(member_urn) || !is_valid_id(uri.substr(member_urn.size()))) continue;
    if (!out.get().empty()) return {};
    out = member_id{std::string{uri.substr(member_urn.size())}};
  }
  return out;
}

} // namespace ssl

result<issued> make_authority(const std::string& cluster, timestamp_ms now) {
  if (!is_valid_id(cluster))
    return fail(ec::invalid_argument, "the name of the cluster: 1 to 64 of A-Z a-z 0-9 . _ : -");
  const key_ptr key{EVP_EC_gen("P-256")};
  if (!key) return openssl_failure("making a key");
  auto made = draft(cluster, "bpci cluster authority", key.get(), now, authority_life_ms);
  if (!made) return made.error();
  auto& x = **made;
  if (X509_set_issuer_name(&x, X509_get_subject_name(&x)) != 1
      || !add_extension(x, x, NID_basic_constraints, "critical,CA:TRUE,pathlen:0")
      || !add_extension(x, x, NID_key_usage, "critical,keyCertSign,cRLSign")
      || !add_extension(x, x, NID_subject_key_identifier, "hash"))
    return openssl_failure("describing an authority");
  return sign(&x, key.get(), key.get());
}

result<issued> issue(const issued& authority, const member_id& member, timestamp_ms now) {
  if (!is_valid_id(member.get()))
    return fail(ec::invalid_argument, "the id of the member: 1 to 64 of A-Z a-z 0-9 . _ : -");
  const auto issuer = read_one(authority.certificate);
  const auto issuer_key = read_key(authority.key);
  if (!issuer || !issuer_key || X509_check_ca(issuer->get()) != 1
      || X509_check_private_key(issuer->get(), issuer_key->get()) != 1)
    return fail(ec::invalid_argument, "the authority's certificate and key do not fit");
  const key_ptr key{EVP_EC_gen("P-256")};
  if (!key) return openssl_failure("making a key");
  auto made =
      draft(text_of(**issuer, NID_organizationName), member.get(), key.get(), now, member_life_ms);
  if (!made) return made.error();
  auto& x = **made;
  auto& by = **issuer;
  if (X509_set_issuer_name(&x, X509_get_subject_name(&by)) != 1
      || !add_extension(x, by, NID_basic_constraints, "critical,CA:FALSE")
      || !add_extension(x, by, NID_key_usage, "critical,digitalSignature")
      || !add_extension(x, by, NID_ext_key_usage, "clientAuth,serverAuth")
      || !add_extension(x, by, NID_subject_key_identifier, "hash")
      || !add_extension(x, by, NID_authority_key_identifier, "keyid:always")
      || !add_member_uri(x, member))
    return openssl_failure("describing a member");
  return sign(&x, key.get(), issuer_key->get());
}

result<certificate_facts> read_certificate(std::string_view pem) {
  const auto x = read_one(pem);
  if (!x) return x.error();
  return certificate_facts{.fingerprint = fingerprint_of(**x),
                           .cluster = text_of(**x, NID_organizationName),
                           .member = member_of(**x),
                           .valid_from = time_of(X509_get0_notBefore(x->get())),
                           .valid_until = time_of(X509_get0_notAfter(x->get()))};
}

result<void> check_issued(std::string_view authorities, std::string_view certificate,
                          timestamp_ms now) {
  const auto store = trust(authorities);
  const auto x = read_one(certificate);
  if (!store) return store.error();
  if (!x) return x.error();
  const store_context_ptr check{X509_STORE_CTX_new()};
  if (!check || X509_STORE_CTX_init(check.get(), store->get(), x->get(), nullptr) != 1)
    return openssl_failure("checking a certificate");
  X509_STORE_CTX_set_time(check.get(), 0, static_cast<std::time_t>(now.get() / second_ms));
  if (X509_verify_cert(check.get()) == 1) return {};
  const auto why = X509_STORE_CTX_get_error(check.get());
  ERR_clear_error();
  return fail(ec::not_permitted, X509_verify_cert_error_string(why));
}

result<void> check_key(const issued& x) {
  const auto certificate = read_one(x.certificate);
  const auto key = read_key(x.key);
  if (!certificate) return certificate.error();
  if (!key) return key.error();
  const auto fits = X509_check_private_key(certificate->get(), key->get()) == 1;
  ERR_clear_error();
  if (!fits) return fail(ec::conflict, "the key is not that of the certificate");
  return {};
}

} // namespace bpci::tunnel
