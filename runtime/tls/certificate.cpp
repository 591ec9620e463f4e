#include "runtime/tls/certificate.hpp"

#include "runtime/tls/handles.hpp"
#include "runtime/tls/names.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <set>
#include <utility>

namespace millrace::tls {
namespace {

constexpr const char* curve = "P-256";
/// A serial number has so many bytes: enough that no two are equal, and within the 20 bytes that X.509 allows.
constexpr int serial_bits = 127;

unexpected failure(std::string_view what) {
  std::array<char, 256> text{};
  ERR_error_string_n(ERR_get_error(), text.data(), text.size());
  ERR_clear_error();
  return our_error(fmt::format("libcrypto cannot {}: {}", what, text.data()));
}

bool set_serial(X509* x) {
  const number_ptr number(BN_new());
  return number && BN_rand(number.get(), serial_bits, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
         BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(x)) != nullptr;
}

bool set_times(X509* x, const validity& when) {
  const auto seconds = [](event_micros t) { return static_cast<time_t>(t / 1'000'000); };
  return ASN1_TIME_set(X509_getm_notBefore(x), seconds(when.from)) != nullptr &&
         ASN1_TIME_set(X509_getm_notAfter(x), seconds(when.until)) != nullptr;
}

bool add_to_name(X509_NAME* name, const char* field, const std::string& text) {
  return X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8,
                                    reinterpret_cast<const unsigned char*>(text.data()),
                                    static_cast<int>(text.size()), -1, 0) == 1;
}

bool add_extension(X509* to, X509* issuer, int id, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, to, nullptr, nullptr, 0);
  const extension_ptr extension(X509V3_EXT_conf_nid(nullptr, &context, id, value.c_str()));
  return extension && X509_add_ext(to, extension.get(), -1) == 1;
}

/// Everything but name, extensions and signature.
x509_ptr begin_certificate(EVP_PKEY* key, const validity& when) {
  x509_ptr x(X509_new());
  const bool good = x && X509_set_version(x.get(), X509_VERSION_3) == 1 && set_serial(x.get()) &&
                    set_times(x.get(), when) && X509_set_pubkey(x.get(), key) == 1;
  return good ? std::move(x) : nullptr;
}

expected<key_and_certificate> as_pem(EVP_PKEY* key, X509* certificate) {
  const bio_ptr key_text(BIO_new(BIO_s_mem()));
  const bio_ptr certificate_text(BIO_new(BIO_s_mem()));
  if (!key_text || !certificate_text ||
      PEM_write_bio_PKCS8PrivateKey(key_text.get(), key, nullptr, nullptr, 0, nullptr, nullptr) != 1 ||
      PEM_write_bio_X509(certificate_text.get(), certificate) != 1)
    return failure("write a certificate as text");
  return key_and_certificate{written(key_text), written(certificate_text)};
}

std::string random_name() {
  std::array<unsigned char, 8> bytes{};
  if (RAND_bytes(bytes.data(), bytes.size()) != 1)
    return {};
  return fmt::format("millrace authority {:02x}", fmt::join(bytes, ""));
}

/// Lists them as X.509's extension names them; each once.
expected<std::string> alternative_names(const std::vector<std::string>& hosts) {
  std::set<std::string> all;
  for (const auto& text : hosts) {
    ASSIGN_OR_RETURN(const auto h, parse_host(text));
    all.insert((h.address.empty() ? "DNS:" : "IP:") + h.text);
  }
  return fmt::format("{}", fmt::join(all, ","));
}

time_t end_of(X509* x) {
  tm at{};
  ASN1_TIME_to_tm(X509_get0_notAfter(x), &at);
  return timegm(&at);
}

}  // namespace

std::string_view to_string(role r) { return r == role::node ? "node" : "client"; }

x509_ptr read_certificate(std::string_view pem) {
  x509_ptr out(PEM_read_bio_X509(reading(pem).get(), nullptr, nullptr, nullptr));
  ERR_clear_error();
  return out;
}

key_ptr read_key(std::string_view pem) {
  // No question for a passphrase: nobody is there to answer.
  constexpr auto no_passphrase = [](char*, int, int, void*) { return -1; };
  key_ptr out(PEM_read_bio_PrivateKey(reading(pem).get(), nullptr, no_passphrase, nullptr));
  ERR_clear_error();
  return out;
}

expected<key_and_certificate> make_authority(const validity& when) {
  const auto name = random_name();
  const key_ptr key(EVP_EC_gen(curve));
  const auto x = key ? begin_certificate(key.get(), when) : nullptr;
  const bool good = x && !name.empty() && add_to_name(X509_get_subject_name(x.get()), "CN", name) &&
                    X509_set_issuer_name(x.get(), X509_get_subject_name(x.get())) == 1 &&
                    add_extension(x.get(), x.get(), NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
                    add_extension(x.get(), x.get(), NID_key_usage, "critical,keyCertSign,cRLSign") &&
                    add_extension(x.get(), x.get(), NID_subject_key_identifier, "hash") &&
                    X509_sign(x.get(), key.get(), EVP_sha256()) > 0;
  if (!good)
    return failure("make an authority");
  return as_pem(key.get(), x.get());
}

expected<key_and_certificate> make_certificate(const key_and_certificate& authority, const subject& of,
                                               const validity& when) {
  RETURN_IF_ERROR(check_name(to_string(of.is), of.name));
  ASSIGN_OR_RETURN(const auto hosts, alternative_names(of.hosts));
  const auto issuer = read_certificate(authority.certificate);
  const auto issuer_key = read_key(authority.key);
  if (!issuer || !issuer_key || X509_check_ca(issuer.get()) == 0 ||
      X509_check_private_key(issuer.get(), issuer_key.get()) != 1) {
    ERR_clear_error();
    return user_error(ec::mismatch, "the authority's key and certificate are damaged, or do not belong "
                                    "together");
  }
  auto until = when;
  until.until = std::min(when.until, static_cast<event_micros>(end_of(issuer.get())) * 1'000'000);
  const key_ptr key(EVP_EC_gen(curve));
  const auto x = key ? begin_certificate(key.get(), until) : nullptr;
  const auto* const usage = of.is == role::node ? "serverAuth,clientAuth" : "clientAuth";
  const bool good = x && add_to_name(X509_get_subject_name(x.get()), "CN", of.name) &&
                    X509_set_issuer_name(x.get(), X509_get_subject_name(issuer.get())) == 1 &&
                    add_extension(x.get(), issuer.get(), NID_basic_constraints, "critical,CA:FALSE") &&
                    add_extension(x.get(), issuer.get(), NID_key_usage, "critical,digitalSignature") &&
                    add_extension(x.get(), issuer.get(), NID_ext_key_usage, usage) &&
                    add_extension(x.get(), issuer.get(), NID_subject_key_identifier, "hash") &&
                    add_extension(x.get(), issuer.get(), NID_authority_key_identifier, "keyid") &&
                    (hosts.empty() || add_extension(x.get(), issuer.get(), NID_subject_alt_name, hosts)) &&
                    X509_sign(x.get(), issuer_key.get(), EVP_sha256()) > 0;
  if (!good)
    return failure("make a certificate");
  return as_pem(key.get(), x.get());
}

}  // namespace millrace::tls
