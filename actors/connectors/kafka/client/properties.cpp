#include "actors/connectors/kafka/client/properties.hpp"

#include "config/text/mask.hpp"
#include "config/text/report.hpp"
#include "runtime/base/lower_case.hpp"

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>

namespace millrace::kafka {
namespace {

/// A topology may set these: they are names, numbers, choices and texts of certificates, which librdkafka reads itself. A property that
/// stands in neither table is refused as one that nobody has looked at, such as those of a later librdkafka.
constexpr std::array harmless{
    // The way to the brokers.
    "security.protocol", "broker.address.family", "broker.address.ttl", "client.rack",
    "connections.max.idle.ms", "reconnect.backoff.ms", "reconnect.backoff.max.ms", "retry.backoff.ms",
    "socket.timeout.ms", "socket.connection.setup.timeout.ms", "socket.keepalive.enable",
    "socket.nagle.disable", "socket.max.fails", "socket.send.buffer.bytes", "socket.receive.buffer.bytes",
    "max.in.flight", "max.in.flight.requests.per.connection", "message.max.bytes",
    "receive.message.max.bytes", "message.copy.max.bytes", "request.timeout.ms",
    // The brokers' versions, and their metadata.
    "api.version.request", "api.version.request.timeout.ms", "api.version.fallback.ms",
    "broker.version.fallback", "topic.metadata.refresh.interval.ms",
    "topic.metadata.refresh.fast.interval.ms", "topic.metadata.refresh.sparse",
    "topic.metadata.propagation.max.ms", "metadata.max.age.ms", "allow.auto.create.topics",
    // TLS, by texts.
    "ssl.ca.pem", "ssl.certificate.pem", "ssl.key.pem", "ssl.key.password", "ssl.cipher.suites",
    "ssl.curves.list", "ssl.sigalgs.list", "ssl.endpoint.identification.algorithm",
    "enable.ssl.certificate.verification",
    // SASL, without Kerberos. OAuth's token comes from an http or https address.
    "sasl.mechanism", "sasl.mechanisms", "sasl.username", "sasl.password",
    "enable.sasl.oauthbearer.unsecure.jwt", "sasl.oauthbearer.config", "sasl.oauthbearer.method",
    "sasl.oauthbearer.client.id", "sasl.oauthbearer.client.secret", "sasl.oauthbearer.scope",
    "sasl.oauthbearer.extensions", "sasl.oauthbearer.token.endpoint.url",
    // Reading.
    "fetch.wait.max.ms", "fetch.min.bytes", "fetch.max.bytes", "fetch.message.max.bytes",
    "max.partition.fetch.bytes", "fetch.error.backoff.ms", "queued.min.messages",
    "queued.max.messages.kbytes", "check.crcs", "session.timeout.ms", "heartbeat.interval.ms",
    "max.poll.interval.ms", "coordinator.query.interval.ms",
    // Writing.
    "linger.ms", "queue.buffering.max.ms", "queue.buffering.max.messages", "queue.buffering.max.kbytes",
    "queue.buffering.backpressure.threshold", "batch.size", "batch.num.messages",
    "sticky.partitioning.linger.ms", "compression.type", "compression.codec", "compression.level",
    "partitioner", "retries", "message.send.max.retries", "message.timeout.ms", "delivery.timeout.ms",
    "transaction.timeout.ms",
    // Looking for faults.
    "debug", "log_level", "log.connection.close", "log.thread.name"};

enum class danger : std::uint8_t { code, command, file };

struct dangerous_property {
  std::string_view name;
  danger what;
  std::string_view instead;  // does the same without danger
};

constexpr std::array dangerous{
    dangerous_property{"plugin.library.paths", danger::code, ""},
    dangerous_property{"ssl.engine.location", danger::code, ""},
    dangerous_property{"ssl.engine.id", danger::code, ""},
    dangerous_property{"ssl.providers", danger::code, ""},
    // kinit is run by a shell, with these between its words as they are.
    dangerous_property{"sasl.kerberos.kinit.cmd", danger::command, ""},
    dangerous_property{"sasl.kerberos.keytab", danger::command, ""},
    dangerous_property{"sasl.kerberos.principal", danger::command, ""},
    dangerous_property{"sasl.kerberos.service.name", danger::command, ""},
    dangerous_property{"ssl.ca.location", danger::file, "ssl.ca.pem"},
    dangerous_property{"ssl.certificate.location", danger::file, "ssl.certificate.pem"},
    dangerous_property{"ssl.key.location", danger::file, "ssl.key.pem"},
    dangerous_property{"ssl.keystore.location", danger::file, "ssl.certificate.pem and ssl.key.pem"},
    dangerous_property{"ssl.crl.location", danger::file, ""},
    dangerous_property{"offset.store.path", danger::file, ""},
    dangerous_property{"offset.store.method", danger::file, ""}};

constexpr std::array secret_words{"password", "secret", "key.pem", "jaas", "token", "oauthbearer.config"};
constexpr std::array mechanisms{"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"};

struct release_conf {
  void operator()(rd_kafka_conf_t* p) const { rd_kafka_conf_destroy(p); }
};
using conf_ptr = std::unique_ptr<rd_kafka_conf_t, release_conf>;

bool is_harmless(std::string_view name) {
  return std::find(harmless.begin(), harmless.end(), name) != harmless.end();
}

const dangerous_property* find_dangerous(std::string_view name) {
  const auto at =
      std::find_if(dangerous.begin(), dangerous.end(), [&](const auto& p) { return p.name == name; });
  return at == dangerous.end() ? nullptr : &*at;
}

std::string switch_for(std::string_view name) {
  return fmt::format("start with --allow-kafka-property {}", name);
}

std::string_view deed(danger d) {
  switch (d) {
  case danger::code:
    return "loads code into this process";
  case danger::command:
    return "becomes part of a command that a shell runs";
  case danger::file:
    return "has librdkafka open a file by its path";
  }
  return "";
}

std::string refusal(const std::string& name) {
  if (const auto* const d = find_dangerous(name))
    return fmt::format("{} {}, which a topology may not do by itself; {}, or {}", name, deed(d->what),
                       d->instead.empty() ? "leave it out"
                                          : fmt::format("give the text itself by {}", d->instead),
                       switch_for(name));
  return fmt::format("{} is none of the properties that are known to be harmless; leave it out, or {}", name,
                     switch_for(name));
}

/// librdkafka reads choices in any case.
bool is_sasl(std::string_view protocol) { return lower_case(protocol).starts_with("sasl"); }

/// Kerberos has a shell run kinit; librdkafka takes it where none is chosen.
std::optional<property_finding> find_kerberos(const std::map<std::string, std::string>& properties) {
  const auto remedy =
      fmt::format("expected {}, or {}", config::one_of({mechanisms.begin(), mechanisms.end()}),
                  switch_for("sasl.mechanism"));
  bool is_chosen = false;
  for (const auto* name : {"sasl.mechanism", "sasl.mechanisms"}) {
    const auto at = properties.find(name);
    if (at == properties.end())
      continue;
    is_chosen = true;
    if (std::find(mechanisms.begin(), mechanisms.end(), at->second) != mechanisms.end())
      continue;
    if (at->second == "GSSAPI")
      return property_finding{name,
                              fmt::format("GSSAPI (Kerberos) has a shell run kinit, which a topology may "
                                          "not do by itself; {}",
                                          remedy)};
    return property_finding{name, "there is no such mechanism; " + remedy};
  }
  const auto protocol = properties.find("security.protocol");
  if (is_chosen || protocol == properties.end() || !is_sasl(protocol->second))
    return std::nullopt;
  return property_finding{
      protocol->first,
      fmt::format("sasl.mechanism is missing, and librdkafka's own choice is GSSAPI (Kerberos), which has a "
                  "shell run kinit; {}",
                  remedy)};
}

/// Tries a harmless one on a configuration that nobody uses.
std::string refusal_of_value(rd_kafka_conf_t* conf, const std::string& name, const std::string& value) {
  std::array<char, 512> text{};
  if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), text.data(), text.size()) == RD_KAFKA_CONF_OK)
    return {};
  std::vector<config::secret> secrets;
  if (is_secret_property(name))
    secrets.push_back({value, "***"});
  return fmt::format("{}; expected a value that librdkafka takes", config::redact(text.data(), secrets));
}

/// librdkafka says of a property that it is there only where the property has a value, so its own manual is read: rows of
/// "name | consumer or producer | ...".
const std::set<std::string>& known_names() {
  static const auto names = [] {
    std::set<std::string> out;
    char* text = nullptr;
    std::size_t size = 0;
    std::FILE* const manual = ::open_memstream(&text, &size);
    if (manual == nullptr)
      return out;
    rd_kafka_conf_properties_show(manual);
    std::fclose(manual);
    for (std::string_view rest(text, size); !rest.empty();) {
      const auto line = rest.substr(0, rest.find('\n'));
      rest.remove_prefix(std::min(rest.size(), line.size() + 1));
      if (line.find('|') != std::string_view::npos)
        out.emplace(line.substr(0, line.find(' ')));
    }
    std::free(text);  // NOLINT: open_memstream allocates it so
    return out;
  }();
  return names;
}

std::set<std::string>& switched_on() {
  static std::set<std::string> names;
  return names;
}

}  // namespace

std::vector<property_finding> check_properties(const std::map<std::string, std::string>& properties,
                                               const settings& reserved,
                                               const std::set<std::string>& allowed) {
  std::vector<property_finding> findings;
  const conf_ptr conf(rd_kafka_conf_new());
  for (const auto& [name, value] : properties) {
    const auto held = std::find_if(reserved.begin(), reserved.end(),
                                   [&, &n = name](const auto& item) { return item.first == n; });
    std::string wrong;
    if (held != reserved.end())
      wrong = fmt::format("{} is set by millrace; {}", name, held->second);
    else if (is_harmless(name))
      wrong = refusal_of_value(conf.get(), name, value);
    else if (wrong = problem_of_property(name); wrong.empty() && !allowed.contains(name))
      wrong = refusal(name);
    if (!wrong.empty())
      findings.push_back({name, std::move(wrong)});
  }
  if (!allowed.contains("sasl.mechanism") && !allowed.contains("sasl.mechanisms"))
    if (auto found = find_kerberos(properties))
      findings.push_back(*std::move(found));
  return findings;
}

void allow_property(std::string name) { switched_on().insert(std::move(name)); }
const std::set<std::string>& allowed_properties() { return switched_on(); }

std::string problem_of_property(const std::string& name) {
  if (known_names().contains(name))
    return {};
  std::vector<std::string> names(harmless.begin(), harmless.end());
  for (const auto& d : dangerous)
    names.emplace_back(d.name);
  return fmt::format("this librdkafka has no property {}{}", name, config::did_you_mean(name, names));
}

bool is_secret_property(std::string_view name) {
  return std::any_of(secret_words.begin(), secret_words.end(),
                     [&](std::string_view word) { return name.find(word) != std::string_view::npos; });
}

bool shows_property(std::string_view name) {
  return !is_secret_property(name) && !name.starts_with("sasl.") &&
         (is_harmless(name) || find_dangerous(name) != nullptr);
}

config::option properties_option() {
  return {.name = "properties",
          .type = config::option_type::text_map,
          .doc = "Properties of librdkafka, such as security.protocol, sasl.username or ssl.ca.pem. A "
                 "property that is not known to be harmless needs --allow-kafka-property. Secrets are not "
                 "shown",
          .secret = true,
          .shows = shows_property};
}

}  // namespace millrace::kafka
