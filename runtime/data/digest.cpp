#include "runtime/data/digest.hpp"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

namespace millrace::data {
namespace {

// Both are looked up once a process, and never freed.
EVP_MD* sha256_of_openssl() {
  static auto* const found = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  return found;
}
EVP_MAC* hmac_of_openssl() {
  static auto* const found = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
  return found;
}

/// An empty view may have no place.
const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.empty() ? "" : text.data());
}

}  // namespace

void sha256::freed::operator()(evp_md_ctx_st* context) const { EVP_MD_CTX_free(context); }
void hmac_sha256::freed::operator()(evp_mac_ctx_st* context) const { EVP_MAC_CTX_free(context); }

sha256::sha256() : context_(EVP_MD_CTX_new()) {}

digest_or_none sha256::of(std::string_view message) {
  sha256_digest out{};
  if (!context_ || EVP_DigestInit_ex2(context_.get(), sha256_of_openssl(), nullptr) != 1 ||
      EVP_DigestUpdate(context_.get(), message.data(), message.size()) != 1 ||
      EVP_DigestFinal_ex(context_.get(), out.data(), nullptr) != 1)
    return std::nullopt;
  return out;
}

hmac_sha256::hmac_sha256() : context_(EVP_MAC_CTX_new(hmac_of_openssl())) {}

bool hmac_sha256::begin(std::string_view key) {
  if (key_ == key)
    return EVP_MAC_init(context_.get(), nullptr, 0, nullptr) == 1;
  key_.reset();
  std::array<char, 7> name{"SHA256"};
  const std::array parameters{OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name.data(), 0),
                              OSSL_PARAM_construct_end()};
  if (EVP_MAC_init(context_.get(), bytes_of(key), key.size(), parameters.data()) != 1)
    return false;
  key_ = key;
  return true;
}

digest_or_none hmac_sha256::of(std::string_view key, std::string_view message) {
  sha256_digest out{};
  std::size_t size = 0;
  if (!context_ || !begin(key) || EVP_MAC_update(context_.get(), bytes_of(message), message.size()) != 1 ||
      EVP_MAC_final(context_.get(), out.data(), &size, out.size()) != 1 || size != out.size())
    return std::nullopt;
  return out;
}

}  // namespace millrace::data
