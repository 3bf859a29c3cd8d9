#pragma once

#include "messages/error.hpp"
#include "runtime/tunnel/certificates.hpp"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

/// Internal to this folder: what its parts share of OpenSSL.
namespace bpci::tunnel::ssl {

template <auto Free>
struct freed_by {
  template <class T>
  void operator()(T* x) const noexcept {
    Free(x);
  }
};

using bio_ptr = std::unique_ptr<BIO, freed_by<BIO_free_all>>;
using key_ptr = std::unique_ptr<EVP_PKEY, freed_by<EVP_PKEY_free>>;
using x509_ptr = std::unique_ptr<X509, freed_by<X509_free>>;
using store_ptr = std::unique_ptr<X509_STORE, freed_by<X509_STORE_free>>;

/// The oldest error of this thread that OpenSSL has noted, which is the cause; none are left.
std::string take_error();

/// Errors: malformed.
result<std::vector<x509_ptr>> read_all(std::string_view pem);
result<x509_ptr> read_one(std::string_view pem);
result<key_ptr> read_key(std::string_view pem);

/// A store that trusts these alone. Errors: malformed.
result<store_ptr> trust(std::string_view authorities);

std::string fingerprint_of(const X509& x);

/// Empty when the certificate names no member, or names more than one.
member_id member_of(const X509& x);

} // namespace bpci::tunnel::ssl
