// Owners of objects that libcrypto allocates. Used within runtime/tls only.
#pragma once

#include <memory>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <string>
#include <string_view>

namespace millrace::tls {

template<auto Free>
struct freed_by {
  void operator()(auto* x) const { Free(x); }
};

using bio_ptr = std::unique_ptr<BIO, freed_by<BIO_free_all>>;
using key_ptr = std::unique_ptr<EVP_PKEY, freed_by<EVP_PKEY_free>>;
using x509_ptr = std::unique_ptr<X509, freed_by<X509_free>>;
using extension_ptr = std::unique_ptr<X509_EXTENSION, freed_by<X509_EXTENSION_free>>;
using number_ptr = std::unique_ptr<BIGNUM, freed_by<BN_free>>;
using store_ptr = std::unique_ptr<X509_STORE, freed_by<X509_STORE_free>>;
using store_context_ptr = std::unique_ptr<X509_STORE_CTX, freed_by<X509_STORE_CTX_free>>;

/// Reads from `text`, which outlives it.
[[nodiscard]] inline bio_ptr reading(std::string_view text) {
  return bio_ptr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}
/// Returns what was written to it.
[[nodiscard]] inline std::string written(const bio_ptr& to) {
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(to.get(), &bytes);
  return size > 0 ? std::string(bytes, static_cast<std::size_t>(size)) : std::string();
}

/// Null where the text holds none; what libcrypto notes of it is forgotten.
[[nodiscard]] x509_ptr read_certificate(std::string_view pem);
[[nodiscard]] key_ptr read_key(std::string_view pem);

}  // namespace millrace::tls
