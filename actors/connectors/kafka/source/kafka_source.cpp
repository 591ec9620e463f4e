#include "actors/connectors/kafka/source/kafka_source.hpp"

#include "actors/connectors/kafka/client/option_forms.hpp"
#include "actors/connectors/kafka/source/kafka_reader.hpp"
#include "runtime/base/shard_name.hpp"

#include <fmt/format.h>

namespace millrace::source {

namespace {

key_form key_option(const config::values& options) {
  return options.has("key") ? key_form_of(options.text("key")) : key_form::text;
}

// Properties on which exactly-once rests, and what a user may want instead.
const kafka::settings& reserved() {
  static const kafka::settings all{
      {"bootstrap.servers", "use the option `brokers`"},
      {"metadata.broker.list", "use the option `brokers`"},
      {"group.id", "use the option `group`"},
      {"isolation.level", "use the option `read_committed`"},
      {"auto.offset.reset", "use the option `start`; a position that is gone is an error, never skipped"},
      {"enable.auto.commit", "positions are kept with the state"},
      {"enable.auto.offset.store", "positions are kept with the state"},
      {"enable.partition.eof", "leave it out"},
      {"client.id", "it is the name of topology and stage"},
  };
  return all;
}

}  // namespace

config::connector kafka_source_declaration() {
  using config::option_type;
  config::connector c;
  c.kind = config::stage_kind::source;
  c.type = "kafka";
  c.doc = "Reads a Kafka topic, each partition from its own position";
  c.options = {
      {.name = "brokers",
       .type = option_type::text,
       .doc = "host:port of some brokers, separated by commas",
       .required = true,
       .plain = true},
      {.name = "topic",
       .type = option_type::text,
       .doc = "Name of the topic. A compacted topic may not give the same input twice; a warning says "
              "so",
       .required = true,
       .plain = true},
      {.name = "start",
       .type = option_type::text,
       .doc = "Where a partition without a stored position begins: earliest, latest, or a timestamp "
              "(the first record at or after it)",
       .default_text = "earliest",
       .plain = true},
      {.name = "key",
       .type = option_type::choice,
       .doc = "How records' keys are read, for the column `_key`. text; bigint: 8 bytes, as Kafka's "
              "LongSerializer writes them, or 4, as its IntegerSerializer (a record with any other key is a "
              "dead letter where `_key` is used); bytes: text, the key in base64",
       .default_text = "text",
       .choices = key_forms()},
      {.name = "group",
       .type = option_type::text,
       .doc = "Consumer group to which the durable offsets are committed, for monitoring only. Default: "
              "TOPOLOGY-STAGE",
       .plain = true},
      {.name = "discover_every",
       .type = option_type::duration,
       .doc = "How often the source looks for added partitions; they are read from their first record",
       .default_text = "10 s",
       .choices = {"off"},
       .minimum = 1000},
      {.name = "read_committed",
       .type = option_type::boolean,
       .doc = "Leaves out records of open and aborted transactions",
       .default_text = "true"},
      kafka::properties_option(),
  };
  c.check = [](const config::check_input& in, const config::say& say) {
    if (auto wrong = kafka::problem_of_brokers(in.options.text("brokers")))
      say("brokers", *std::move(wrong));
    // librdkafka takes a name that begins with ^ for a pattern over all topics.
    if (const auto& topic = in.options.text("topic"); topic.starts_with('^'))
      say("topic",
          fmt::format("\"{}\" is a pattern, and a source reads one topic, whose partitions keep their "
                      "positions; expected a topic's name (several sources can feed one parser: "
                      "\"from\": [\"a\", \"b\"])",
                      topic));
    else if (!kafka::is_topic_name(topic))
      say("topic", kafka::no_topic_name(topic));
    if (in.options.has("start")) {
      if (auto start = parse_start(in.options.text("start")); !start)
        say("start", start.error().message);
    }
    if (in.options.has("properties")) {
      for (auto& f : kafka::check_properties(in.options.text_map("properties"), reserved(),
                                             kafka::allowed_properties()))
        say("properties." + f.name, std::move(f.message));
    }
  };
  c.source = [](const config::values& options) {
    const auto& topic = options.text("topic");
    return config::source_traits{.log = topic,
                                 .place = fmt::format("{} at {}", topic, options.text("brokers")),
                                 .stores_timestamps = true,
                                 .identity_by_lane = true,  // fingerprints
                                 .gives_again = true,
                                 .asks_server = true,
                                 .key_type = key_type_of(key_option(options)),
                                 .gives_keys_as_bytes = key_option(options) == key_form::text};
  };
  return c;
}

expected<std::unique_ptr<reader>> make_kafka_reader(const config::values& options, const wants& wanted,
                                                    std::string topology, std::string stage) {
  kafka_reader_options o;
  o.name = name_in_logs(topology, stage);
  o.to.brokers = options.text("brokers");
  if (options.has("properties"))
    o.to.properties = options.text_map("properties");
  o.topic = options.text("topic");
  o.group = options.has("group") && !options.text("group").empty() ? options.text("group")
                                                                   : fmt::format("{}-{}", topology, stage);
  o.read_committed = !options.has("read_committed") || options.boolean("read_committed");
  o.key = key_option(options);
  o.wanted = wanted;
  ASSIGN_OR_RETURN(auto start, parse_start(options.has("start") ? options.text("start") : "earliest"));
  o.start = start;
  return std::make_unique<kafka_reader>(std::move(o));
}

connector kafka_source_connector() {
  return {.declared = kafka_source_declaration(),
          .reader = [](const config::values& options, const wants& wanted, const connector_context& at) {
            return make_kafka_reader(options, wanted, at.topology, at.stage);
          }};
}

}  // namespace millrace::source
