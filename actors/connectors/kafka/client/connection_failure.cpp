#include "actors/connectors/kafka/client/connection_failure.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace millrace::kafka {

namespace {

/// Gives the meaning of a phrase of librdkafka's or OpenSSL's. {0}: where `properties` stand, {1}: `brokers`.
struct known {
  std::string_view phrase;
  std::string_view what;  // empty: librdkafka's own text says it
  std::string_view remedy;
  bool mends;
};

// The first phrase that fits counts. A broker that is just stopping may break off a connection, too: that
// mends.
constexpr std::array all{
    known{"connecting to a SSL listener",
          "it closes the connection before it has answered, as a TLS listener does",
          "where it speaks TLS, set security.protocol to SSL (or SASL_SSL) in {0}, else name another port by "
          "{1}",
          true},
    known{"might require SASL", "it closes the connection after the first request, as a SASL listener does",
          "where it asks for SASL, set security.protocol to SASL_PLAINTEXT (or SASL_SSL), sasl.mechanism, "
          "sasl.username and sasl.password in {0}",
          true},
    known{
        "certificate verify failed", "its TLS certificate is not signed by an authority that is known here",
        "give the authority's certificate by ssl.ca.pem in {0}, or correct {1} where the certificate is for "
        "another host",
        false},
    known{"unexpected eof while reading", "it breaks off the TLS handshake, as a listener without TLS does",
          "where it speaks no TLS, take security.protocol out of {0} (SASL_PLAINTEXT with SASL), else name "
          "another port by {1}",
          true},
    known{"PLAINTEXT broker listener", "it answers the TLS handshake without TLS",
          "take security.protocol out of {0} (SASL_PLAINTEXT with SASL), or name another port by {1}", false},
    known{"wrong version number", "it answers the TLS handshake without TLS",
          "take security.protocol out of {0} (SASL_PLAINTEXT with SASL), or name another port by {1}", false},
    known{"not valid in current SASL state", "it takes no SASL",
          "take SASL out of security.protocol in {0}, or name another port by {1}", false},
    known{"Unsupported SASL mechanism", "", "set sasl.mechanism in {0} to one that the brokers support",
          false},
    known{"Authentication failed", "", "correct sasl.username and sasl.password in {0}", false},
    known{"SASL authentication error", "", "correct sasl.mechanism, sasl.username and sasl.password in {0}",
          false},
    known{"Failed to resolve", "", "correct {1}: no such host is known here", true},
};

constexpr std::array<std::string_view, 4> consequences{"Broken pipe", "Connection reset by peer",
                                                       "Disconnected", "Receive failed"};

/// Cuts off the names that librdkafka gives thread and connection, and the time that it took.
std::string_view trimmed(std::string_view text) {
  if (const auto at = text.find("]: "); text.starts_with("[thrd:") && at != std::string_view::npos)
    text.remove_prefix(at + 3);
  if (const auto at = text.find(": ");
      at != std::string_view::npos && text.find('/') < at && text.find(' ') > at)
    text.remove_prefix(at + 2);  // 127.0.0.1:9092/bootstrap, ssl://127.0.0.1:9092/1
  if (const auto at = text.rfind(" (after "); at != std::string_view::npos)
    text = text.substr(0, at);
  return text;
}

}  // namespace

connection_failure why_not_connected(std::string_view text, const setting_names& names) {
  for (const auto& k : all) {
    if (text.find(k.phrase) == std::string_view::npos)
      continue;
    return {std::string(k.what.empty() ? trimmed(text) : k.what),
            fmt::format(fmt::runtime(k.remedy), names.properties, names.brokers), k.mends, false};
  }
  const bool vague = text.empty() || std::any_of(consequences.begin(), consequences.end(), [&](auto c) {
                       return text.find(c) != std::string_view::npos;
                     });
  auto remedy = fmt::format("start them, or correct {}", names.brokers);
  if (vague)  // a listener that wants TLS or SASL may break off without a word
    remedy += fmt::format(
        "; where they speak TLS, set security.protocol to SSL in {0}; where they ask for SASL, set "
        "security.protocol to SASL_PLAINTEXT (with TLS SASL_SSL), sasl.mechanism, sasl.username "
        "and sasl.password there",
        names.properties);
  return {std::string(trimmed(text)), std::move(remedy), true, vague};
}

}  // namespace millrace::kafka
