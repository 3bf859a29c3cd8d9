#include "runtime/tunnel/tls_session.hpp"

#include "runtime/tunnel/openssl.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <vector>

namespace bpci::tunnel {

namespace {

using namespace ssl;

using context_ptr = std::unique_ptr<SSL_CTX, freed_by<SSL_CTX_free>>;
using session_ptr = std::unique_ptr<SSL, freed_by<SSL_free>>;

/// RFC 8446, section 5.1: the most that one record carries.
constexpr std::size_t record_bytes = 16 * 1024;

/// A member's certificate and its authority's have less than 2 KiB; a stranger's chain is not read
/// to its end.
constexpr long chain_bytes_max = 16 * 1024;

constexpr int chain_depth_max = 1;

/// What the processors of today have instructions for comes first.
constexpr auto ciphers =
    "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";

bool set_protocol(SSL_CTX* to) {
  SSL_CTX_set_session_cache_mode(to, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_max_cert_list(to, chain_bytes_max);
  SSL_CTX_set_verify(to, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  SSL_CTX_set_verify_depth(to, chain_depth_max);
  // No tickets: every connection shows its certificate.
  return SSL_CTX_set_min_proto_version(to, TLS1_3_VERSION) == 1
         && SSL_CTX_set_max_proto_version(to, TLS1_3_VERSION) == 1
         && SSL_CTX_set_ciphersuites(to, ciphers) == 1
         && SSL_CTX_set1_groups_list(to, "X25519:P-256") == 1
         && SSL_CTX_set_num_tickets(to, 0) == 1;
}

/// Both directions of the network, as OpenSSL reads and writes them. Its own memory BIO wipes its
/// whole buffer whenever it has been emptied, which costs more than the encryption.
struct wire {
  std::span<const std::uint8_t> in;
  std::vector<std::uint8_t> out;
};

int read_wire(BIO* x, char* to, std::size_t size, std::size_t* got) {
  auto& from = static_cast<wire*>(BIO_get_data(x))->in;
  BIO_clear_retry_flags(x);
  *got = std::min(size, from.size());
  if (*got == 0) {
    BIO_set_retry_read(x);
    return 0;
  }
  std::copy_n(from.begin(), *got, reinterpret_cast<std::uint8_t*>(to));
  from = from.subspan(*got);
  return 1;
}

int write_wire(BIO* x, const char* from, std::size_t size, std::size_t* written) {
  auto& to = static_cast<wire*>(BIO_get_data(x))->out;
  BIO_clear_retry_flags(x);
  to.insert(to.end(), from, from + size);
  *written = size;
  return 1;
}

long control_wire(BIO*, int what, long, void*) {
  return what == BIO_CTRL_FLUSH ? 1 : 0;
}

/// Made once, and needed as long as the process.
const BIO_METHOD* wire_method() {
  static auto* const made = [] {
    auto* out = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "wire");
    BIO_meth_set_read_ex(out, read_wire);
    BIO_meth_set_write_ex(out, write_wire);
    BIO_meth_set_ctrl(out, control_wire);
    return out;
  }();
  return made;
}

} // namespace

struct tls_context::library {
  context_ptr context;
};

struct tls_session::library {
  wire network;
  session_ptr session;
};

tls_context::tls_context(certificate_facts own, std::shared_ptr<library> made)
    : own_(std::move(own)), library_(std::move(made)) {}

result<tls_context_ptr> tls_context::make(const credentials& from) {
  auto store = trust(from.authorities);
  const auto certificate = read_one(from.own.certificate);
  const auto key = read_key(from.own.key);
  if (!store || !certificate || !key)
    return fail(ec::config_invalid, "the certificates of this node cannot be read");
  auto made = std::make_shared<library>();
  made->context.reset(SSL_CTX_new(TLS_method()));
  auto* to = made->context.get();
  if (!to || !set_protocol(to) || SSL_CTX_use_certificate(to, certificate->get()) != 1
      || SSL_CTX_use_PrivateKey(to, key->get()) != 1)
    return fail(ec::config_invalid,
                "the certificates of this node cannot be used: " + take_error());
  SSL_CTX_set_cert_store(to, store->release());
  return tls_context_ptr{new tls_context{from.facts, std::move(made)}};
}

tls_session::tls_session(tls_context_ptr shared, tls_side side, std::uint64_t rekey_after)
    : shared_(std::move(shared)), library_(std::make_unique<library>()), rekey_after_(rekey_after) {
  auto& x = *library_;
  x.session.reset(SSL_new(shared_->library_->context.get()));
  auto* network = BIO_new(wire_method());
  BIO_set_data(network, &x.network);
  BIO_set_init(network, 1);
  SSL_set_bio(x.session.get(), network, network);
  if (side == tls_side::client)
    SSL_set_connect_state(x.session.get());
  else
    SSL_set_accept_state(x.session.get());
}

tls_session::~tls_session() = default;

void tls_session::feed(std::span<const std::uint8_t> ciphertext) {
  library_->network.in = ciphertext;
}

result<bool> tls_session::shake() {
  ERR_clear_error();
  const auto returned = SSL_do_handshake(library_->session.get());
  if (returned == 1) return true;
  if (SSL_get_error(library_->session.get(), returned) == SSL_ERROR_WANT_READ) return false;
  return why(returned);
}

peer_identity tls_session::peer() const {
  const auto* shown = SSL_get0_peer_certificate(library_->session.get());
  if (!shown) return {};
  return {member_of(*shown), fingerprint_of(*shown)};
}

result<tls_session::opened> tls_session::open(std::span<std::uint8_t> plaintext) {
  opened out;
  while (out.bytes < plaintext.size()) {
    ERR_clear_error();
    std::size_t got = 0;
    const auto returned = SSL_read_ex(library_->session.get(), plaintext.data() + out.bytes,
                                      plaintext.size() - out.bytes, &got);
    out.bytes += got;
    if (returned == 1) continue;
    const auto what = SSL_get_error(library_->session.get(), returned);
    if (what == SSL_ERROR_WANT_READ) break;
    out.over = what == SSL_ERROR_ZERO_RETURN;
    // What came whole before the fault is good.
    if (!out.over && out.bytes == 0) return why(returned);
    break;
  }
  return out;
}

result<void> tls_session::seal(std::span<const std::uint8_t> plaintext) {
  while (!plaintext.empty()) {
    change_key_when_due();
    ERR_clear_error();
    const auto part = plaintext.first(std::min(record_bytes, plaintext.size()));
    std::size_t taken = 0;
    // Memory takes everything, so there is no "later" here.
    if (const auto returned =
            SSL_write_ex(library_->session.get(), part.data(), part.size(), &taken);
        returned != 1)
      return why(returned);
    ++records_;
    plaintext = plaintext.subspan(taken);
  }
  return {};
}

void tls_session::change_key_when_due() {
  if (records_ < rekey_after_) return;
  records_ = 0;
  SSL_key_update(library_->session.get(), SSL_KEY_UPDATE_NOT_REQUESTED);
}

void tls_session::close() {
  ERR_clear_error();
  SSL_shutdown(library_->session.get());
  ERR_clear_error();
}

std::span<const std::uint8_t> tls_session::outgoing() const {
  return std::span{library_->network.out}.subspan(sent_);
}

void tls_session::sent(std::size_t bytes) {
  sent_ += bytes;
  if (sent_ < library_->network.out.size()) return;
  sent_ = 0;
  library_->network.out.clear();
}

failure tls_session::why(int returned) const {
  const auto verdict = SSL_get_verify_result(library_->session.get());
  const auto what = SSL_get_error(library_->session.get(), returned);
  const auto text = take_error();
  if (verdict != X509_V_OK)
    return fail(ec::not_permitted, std::string{"the certificate of the other side: "}
                                       + X509_verify_cert_error_string(verdict));
  if (what == SSL_ERROR_SSL) return fail(ec::malformed, "TLS: " + text);
  return fail(ec::malformed, "TLS: the other side does not keep to it");
}

} // namespace bpci::tunnel
