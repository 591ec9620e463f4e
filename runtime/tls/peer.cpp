#include "runtime/tls/peer.hpp"

#include "runtime/base/time.hpp"
#include "runtime/base/visible_text.hpp"
#include "runtime/tls/handles.hpp"
#include "runtime/tls/names.hpp"

#include <fmt/format.h>

#include <arpa/inet.h>
#include <array>
#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <optional>

namespace millrace::tls {
namespace {

/// Keys of at least 112 bits of security: RSA from 2048 bits, curves from 224.
constexpr int security_level = 2;

using refused = tl::unexpected<peer_refusal>;

refused refuse(peer_fault what, std::string why) { return refused(peer_refusal{what, std::move(why)}); }

event_micros micros_of(const ASN1_TIME* t) {
  tm at{};
  return ASN1_TIME_to_tm(t, &at) == 1 ? static_cast<event_micros>(timegm(&at)) * 1'000'000 : 0;
}

/// Returns no name where it has none, or several: it would be a guess which one counts.
std::optional<std::string> only_common_name(X509* x) {
  auto* const subject = X509_get_subject_name(x);
  const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (at < 0 || X509_NAME_get_index_by_NID(subject, NID_commonName, at) >= 0)
    return std::nullopt;
  unsigned char* text = nullptr;
  const int size = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
  if (size < 0) {
    ERR_clear_error();
    return std::nullopt;
  }
  std::string out(reinterpret_cast<const char*>(text), static_cast<std::size_t>(size));
  OPENSSL_free(text);
  return out;
}

std::string issuer_of(X509* x) {
  std::array<char, 256> text{};
  X509_NAME_get_text_by_NID(X509_get_issuer_name(x), NID_commonName, text.data(), text.size());
  return visible(text.data());
}

/// The first thing that is wrong with the way from the certificate to the authority; X509_V_OK.
struct chain_error {
  int code = X509_V_OK;
  int depth = 0;
};
chain_error chain_error_of(X509* shown, X509* authority, event_micros now) {
  const store_ptr store(X509_STORE_new());
  const store_context_ptr context(X509_STORE_CTX_new());
  if (!store || !context || X509_STORE_add_cert(store.get(), authority) != 1 ||
      X509_STORE_CTX_init(context.get(), store.get(), shown, nullptr) != 1) {
    ERR_clear_error();
    return {X509_V_ERR_OUT_OF_MEM, 0};
  }
  auto* const rules = X509_STORE_CTX_get0_param(context.get());
  X509_VERIFY_PARAM_set_time(rules, static_cast<time_t>(now / 1'000'000));
  X509_VERIFY_PARAM_set_auth_level(rules, security_level);
  const bool good = X509_verify_cert(context.get()) == 1;
  const chain_error out{good ? X509_V_OK : X509_STORE_CTX_get_error(context.get()),
                        X509_STORE_CTX_get_error_depth(context.get())};
  ERR_clear_error();
  return out;
}

/// Returns what the messages call it.
std::string whose(const certificate& shown) {
  return fmt::format("the certificate of \"{}\"", visible(shown.name()));
}

/// A name that a stranger has chosen never comes into a command that somebody may copy.
std::string remedy(const certificate& shown) {
  const bool serves = (X509_get_extended_key_usage(shown.get()) & XKU_SSL_SERVER) != 0;
  const auto name = shown.name();
  return fmt::format("millrace tls {} {} --dir DIR --replace", serves ? "node" : "client",
                     check_name("node", name) ? name : "NAME");
}

refused refuse_chain(const chain_error& e, const certificate& shown, const certificate& authority,
                     event_micros now) {
  const auto of_authority = e.depth > 0;
  const auto name = of_authority ? std::string("the certificate of the authority") : whose(shown);
  const auto valid = (of_authority ? authority : shown).valid();
  switch (e.code) {
  case X509_V_ERR_CERT_HAS_EXPIRED:
    return refuse(peer_fault::expired,
                  fmt::format("{} has expired at {}; make a new one: {}", name, format_timestamp(valid.until),
                              of_authority ? "millrace tls init, then one for each node" : remedy(shown)));
  case X509_V_ERR_CERT_NOT_YET_VALID:
    return refuse(peer_fault::not_yet_valid,
                  fmt::format("{} is valid from {} on, and the clock here says {}; set the clocks of both "
                              "machines",
                              name, format_timestamp(valid.from), format_timestamp(now)));
  case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
  case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
  case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
  case X509_V_ERR_CERT_SIGNATURE_FAILURE:
  case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
  case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    return refuse(peer_fault::foreign_authority,
                  fmt::format("{} is not signed by this cluster's authority, but by \"{}\"; give both sides "
                              "certificates of one authority (millrace tls node NAME --dir DIR)",
                              name, issuer_of(shown.get())));
  default:
    return refuse(peer_fault::damaged, fmt::format("{} cannot be used: {}; make a new one: {}", name,
                                                   X509_verify_cert_error_string(e.code), remedy(shown)));
  }
}

bool is_for_host(X509* x, const host& h) {
  if (!h.address.empty())
    return X509_check_ip(x, reinterpret_cast<const unsigned char*>(h.address.data()), h.address.size(), 0) ==
           1;
  // The common name is the node's name, which is no host.
  return X509_check_host(x, h.text.data(), h.text.size(), X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, nullptr) == 1;
}

std::optional<peer_refusal> refusal_of_usage(const certificate& shown, const expected_peer& whom) {
  constexpr std::uint32_t unlimited = UINT32_MAX;  // an absent extension sets no limit
  const auto extended = X509_get_extended_key_usage(shown.get());
  const bool serves = extended != unlimited && (extended & XKU_SSL_SERVER) != 0;
  const bool asks = extended != unlimited && (extended & XKU_SSL_CLIENT) != 0;
  if ((X509_get_key_usage(shown.get()) & KU_DIGITAL_SIGNATURE) == 0 || !asks)
    return peer_refusal{
        peer_fault::wrong_usage,
        fmt::format("{} is of neither a node nor a client; make one: {}", whose(shown), remedy(shown))};
  if ((whom.is_server || whom.is_node) && !serves)
    return peer_refusal{peer_fault::wrong_usage,
                        fmt::format("{} is a client's, and a node's is needed; make one: millrace tls node "
                                    "NAME --dir DIR",
                                    whose(shown))};
  return std::nullopt;
}

}  // namespace

expected<certificate> certificate::from_pem(std::string_view pem, std::string_view what) {
  auto x = read_certificate(pem);
  if (!x)
    return user_error(ec::corrupt, fmt::format("{}: it holds no certificate in PEM form", what));
  return certificate(std::shared_ptr<x509_st>(x.release(), X509_free));
}

certificate certificate::share(x509_st* x) {
  X509_up_ref(x);
  return certificate(std::shared_ptr<x509_st>(x, X509_free));
}

std::string certificate::name() const { return only_common_name(get()).value_or("?"); }

validity certificate::valid() const {
  return {micros_of(X509_get0_notBefore(get())), micros_of(X509_get0_notAfter(get()))};
}

std::vector<std::string> certificate::hosts() const {
  std::vector<std::string> out;
  auto* const all =
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(get(), NID_subject_alt_name, nullptr, nullptr));
  for (int i = 0; i < sk_GENERAL_NAME_num(all); ++i) {
    const auto* const one = sk_GENERAL_NAME_value(all, i);
    if (one->type != GEN_DNS && one->type != GEN_IPADD)
      continue;
    const auto* const value = one->type == GEN_DNS ? one->d.dNSName : one->d.iPAddress;
    const auto* const bytes = ASN1_STRING_get0_data(value);
    const auto size = ASN1_STRING_length(value);
    std::array<char, INET6_ADDRSTRLEN> address{};
    if (one->type == GEN_DNS)
      out.push_back(visible({reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size)}));
    else if ((size == 4 || size == 16) &&
             ::inet_ntop(size == 4 ? AF_INET : AF_INET6, bytes, address.data(), address.size()) != nullptr)
      out.emplace_back(address.data());
  }
  GENERAL_NAMES_free(all);
  return out;
}

tl::expected<verified_peer, peer_refusal> verify_peer(const certificate& shown, const certificate& authority,
                                                      const expected_peer& whom, event_micros now) {
  if (const auto e = chain_error_of(shown.get(), authority.get(), now); e.code != X509_V_OK)
    return refuse_chain(e, shown, authority, now);
  if (auto no = refusal_of_usage(shown, whom))
    return refused(std::move(*no));
  const auto name = only_common_name(shown.get());
  if (!name || !check_name("node", *name))
    return refuse(peer_fault::wrong_name,
                  fmt::format("{} names no node and no client; make one: millrace tls node NAME --dir DIR",
                              whose(shown)));
  if (!whom.name.empty() && *name != whom.name)
    return refuse(peer_fault::wrong_name,
                  fmt::format("{} was shown by a node that calls itself \"{}\"; give each node the "
                              "certificate of its own name",
                              whose(shown), visible(whom.name)));
  if (!whom.host.empty()) {
    const auto h = parse_host(whom.host);
    if (!h || !is_for_host(shown.get(), *h))
      return refuse(peer_fault::wrong_host,
                    fmt::format("{} is not for the host {}, but for {}; make it anew: {} --host {}",
                                whose(shown), visible(whom.host), fmt::join(shown.hosts(), ", "),
                                remedy(shown), visible(whom.host)));
  }
  const bool serves = (X509_get_extended_key_usage(shown.get()) & XKU_SSL_SERVER) != 0;
  return verified_peer{serves ? role::node : role::client, *name, shown.valid().until};
}

}  // namespace millrace::tls
