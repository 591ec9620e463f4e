#include "actors/node/stores/store_properties.hpp"

#include "actors/connectors/kafka/client/properties.hpp"
#include "runtime/base/guarded_file.hpp"
#include "runtime/base/lower_case.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <arpa/inet.h>
#include <netinet/in.h>

namespace millrace::node {
namespace {

/// Certificates and keys of a chain fit in by far.
constexpr std::size_t most_bytes = std::size_t{1} << 20;

/// The clients of a store set these themselves.
const kafka::settings& reserved() {
  static const kafka::settings all = [] {
    kafka::settings out{{"bootstrap.servers", "name the brokers in --store"},
                        {"metadata.broker.list", "name the brokers in --store"}};
    for (const auto* name :
         {"client.id", "group.id", "enable.auto.commit", "auto.offset.reset", "enable.partition.eof",
          "allow.auto.create.topics", "check.crcs", "isolation.level", "enable.idempotence", "acks",
          "request.required.acks", "transactional.id", "message.timeout.ms", "delivery.timeout.ms",
          "message.max.bytes"})
      out.emplace_back(name, "leave it out");
    return out;
  }();
  return all;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\r";
  const auto begin = text.find_first_not_of(blanks);
  return begin == std::string_view::npos ? std::string_view()
                                         : text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

std::string with_line_ends(std::string text) {
  for (auto at = text.find("\\n"); at != std::string::npos; at = text.find("\\n", at + 1))
    text.replace(at, 2, "\n");
  return text;
}

struct place_in_file {
  std::size_t line = 0;
  std::size_t column = 0;
};

unexpected wrong(std::string_view file, place_in_file at, std::string_view why) {
  return user_error(ec::invalid_argument, fmt::format("{}:{}:{}: {}", file, at.line, at.column, why));
}

/// One of a list of HOST:PORT, perhaps with PROTOCOL:// in front.
bool is_of_this_machine(std::string_view broker) {
  if (const auto scheme = broker.find("://"); scheme != std::string_view::npos)
    broker.remove_prefix(scheme + 3);
  if (const auto colon = broker.rfind(':');
      colon != std::string_view::npos && broker.find(']', colon) == std::string_view::npos)
    broker = broker.substr(0, colon);
  if (broker.starts_with('[') && broker.ends_with(']'))
    broker = broker.substr(1, broker.size() - 2);
  const std::string host(broker);
  in_addr four{};
  in6_addr six{};
  if (::inet_pton(AF_INET, host.c_str(), &four) == 1)
    return ntohl(four.s_addr) >> 24U == 127U;
  if (::inet_pton(AF_INET6, host.c_str(), &six) == 1)
    return IN6_IS_ADDR_LOOPBACK(&six);
  return lower_case(host) == "localhost";
}

bool says_who_it_is(const std::map<std::string, std::string>& properties) {
  const auto at = properties.find("security.protocol");
  const auto protocol = at == properties.end() ? std::string() : lower_case(at->second);
  const auto has_certificate = [&] {
    return std::ranges::any_of(properties, [](const auto& p) {
      return p.first == "ssl.certificate.pem" || p.first == "ssl.certificate.location" ||
             p.first == "ssl.keystore.location";
    });
  };
  return protocol.starts_with("sasl") || (protocol == "ssl" && has_certificate());
}

}  // namespace

expected<std::map<std::string, std::string>>
parse_store_properties(std::string_view text, std::string_view file, const std::set<std::string>& allowed) {
  std::map<std::string, std::string> out;
  std::map<std::string, place_in_file> places;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const auto whole = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), whole.size() + 1));
    const auto line = trimmed(whole);
    if (line.empty() || line.starts_with('#'))
      continue;
    const place_in_file at{number, static_cast<std::size_t>(line.data() - whole.data()) + 1};
    const auto equals = line.find('=');
    const auto name = std::string(trimmed(line.substr(0, equals)));
    if (equals == std::string_view::npos || name.empty())
      return wrong(file, at, "it is not a property; expected NAME=VALUE, such as security.protocol=sasl_ssl");
    const auto value = std::string(trimmed(line.substr(equals + 1)));
    if (!places.emplace(name, at).second)
      return wrong(file, at, fmt::format("{} stands there twice; leave one of them out", name));
    out[name] = name.ends_with(".pem") ? with_line_ends(value) : value;
  }
  const auto findings = kafka::check_properties(out, reserved(), allowed);
  if (!findings.empty())
    return wrong(file, places[findings.front().name], findings.front().message);
  return out;
}

expected<std::map<std::string, std::string>> read_store_properties(const std::string& path) {
  return read_secret_file(path, most_bytes).and_then([&](const std::string& text) {
    return parse_store_properties(text, path, kafka::allowed_properties());
  });
}

std::optional<std::string> openness_of(const kafka_address& store) {
  bool is_here = true;
  for (std::string_view rest = store.brokers; !rest.empty();) {
    const auto one = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), one.size() + 1));
    is_here = is_here && is_of_this_machine(one);
  }
  if (is_here || says_who_it_is(store.properties))
    return std::nullopt;
  return fmt::format("this node tells the brokers {} not who it is, so they may let everybody write to topic "
                     "\"{}\", and who writes there commands "
                     "the nodes; remedy: --store-properties FILE with SASL or a certificate, and an ACL on "
                     "the topic (docs/security.md)",
                     store.brokers, store.topic);
}

}  // namespace millrace::node
