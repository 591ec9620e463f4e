#include "runtime/expression/statements/foreign_options.hpp"

#include <array>
#include <utility>

namespace millrace::sql {
namespace {

/// Names in small letters, with '.' for each of . - _
constexpr std::array<std::pair<std::string_view, std::string_view>, 49> names{{
    {"properties.bootstrap.servers", "brokers"},
    {"properties.bootstrap.server", "brokers"},
    {"bootstrap.servers", "brokers"},
    {"kafka.bootstrap.servers", "brokers"},
    {"broker", "brokers"},
    {"kafka.topic", "topic"},
    {"subscribe", "topic"},
    {"properties.group.id", "\"group\""},
    {"group.id", "\"group\""},
    {"scan.startup.mode", "start"},
    {"scan.startup.timestamp.millis", "start"},
    {"startingoffsets", "start"},
    {"properties.auto.offset.reset", "start"},
    {"auto.offset.reset", "start"},
    {"read.isolation", "read_committed"},
    {"properties.isolation.level", "read_committed"},
    {"scan.topic.partition.discovery.interval", "discover_every"},
    {"value.format", "format"},
    {"data.format", "format"},
    {"fileformat", "format"},
    {"key.format", "key_format"},
    {"key.fields", "key"},
    {"message.key", "key"},
    {"primary.key", "key"},
    {"timestamp", "event_time"},
    {"event.time.field", "event_time"},
    {"timestamp.format", "OPTIONS (format '...') behind the column's type"},
    {"json.ignore.parse.errors", "on_error = 'dead_letter', the default"},
    {"json.fail.on.missing.field", "on_error = 'fail'"},
    {"csv.ignore.parse.errors", "on_error = 'dead_letter', the default"},
    {"csv.field.delimiter", "delimiter"},
    {"csv.quote.character", "quote"},
    {"value.delimiter", "delimiter"},
    {"sep", "delimiter"},
    {"avro.confluent.url", "registry"},
    {"avro.confluent.schema.registry.url", "registry"},
    {"value.avro.confluent.url", "registry"},
    {"schema.registry", "registry"},
    {"schema.registry.url", "registry"},
    {"table.name", "\"table\""},
    {"dbtable", "\"table\""},
    {"jdbc.url", "connection"},
    {"username", "the user within connection = 'postgresql://USER:${secret:NAME}@HOST/DATABASE'"},
    {"password", "the password within connection = 'postgresql://USER:${secret:NAME}@HOST/DATABASE'"},
    {"idle.micros", "idle_timeout"},
    {"sink.rolling.policy.file.size", "roll.size"},
    {"sink.rolling.policy.rollover.interval", "roll.age"},
    {"partitions", "create.partitions"},
    {"replicas", "create.replication"},
}};

}  // namespace

std::optional<std::string> option_here(std::string_view foreign) {
  std::string plain(foreign);
  for (auto& c : plain)
    c = c == '-' || c == '_' ? '.' : c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  for (const auto& [theirs, ours] : names)
    if (theirs == plain)
      return ours == foreign ? std::nullopt : std::optional<std::string>(ours);
  // A property of librdkafka keeps its own name.
  constexpr std::string_view property = "properties.";
  if (plain.starts_with(property) && plain.size() > property.size())
    return "properties.\"" + std::string(foreign.substr(property.size())) + "\"";
  return std::nullopt;
}

}  // namespace millrace::sql
