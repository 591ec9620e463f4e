#include "actors/connectors/kafka/sink/kafka_sink.hpp"

#include "actors/connectors/kafka/client/option_forms.hpp"
#include "actors/connectors/kafka/sink/kafka_writer.hpp"
#include "actors/connectors/kafka/sink/progress_place.hpp"
#include "actors/connectors/kafka/sink/schema_text.hpp"
#include "config/plan.hpp"
#include "config/plan/missing_column.hpp"
#include "runtime/avro/made_schema.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace millrace::sink {
namespace {

using config::option;
using config::option_type;

// Lists the settings that a transaction depends on, and those that the writer makes itself.
const kafka::settings& reserved() {
  static const kafka::settings all{
      {"bootstrap.servers", "use the option `brokers`"},
      {"metadata.broker.list", "use the option `brokers`"},
      {"transactional.id", "it follows from the names of topology, stage and topic"},
      {"enable.idempotence", "the sink's transactions need it"},
      {"enable.gapless.guarantee", "the sink's transactions need it off"},
      {"client.id", "it follows from the names of topology and stage"},
      {"group.id", "it follows from the names of topology, stage and topic"},
      {"isolation.level", "positions are read with the right one"},
      {"acks", "the sink's transactions need all"},
      {"request.required.acks", "the sink's transactions need all"},
      {"enable.auto.commit", "the sink commits its position with the rows"},
      {"auto.offset.reset", "the sink knows its position"}};
  return all;
}

/// Returns our own settings, but for those that the user has given.
kafka::settings defaults_for(const std::map<std::string, std::string>& given) {
  const kafka::settings all{
      {"transaction.timeout.ms", "60000"},
      {"retry.backoff.ms", "5"},  // librdkafka's 100 makes each transaction cost 110 ms
      {"linger.ms", "2"},
      {"compression.type", "lz4"},
      {"partitioner", "murmur2_random"},  // a key's partition as Java clients, Streams and Spark choose it
      {"queue.buffering.max.kbytes", "65536"}};
  kafka::settings chosen;
  for (const auto& item : all)
    if (!given.contains(item.first))
      chosen.push_back(item);
  return chosen;
}

std::vector<option> options() {
  std::vector<option> all{
      {.name = "brokers",
       .doc = "Addresses of some brokers, as host:port,host:port",
       .required = true,
       .plain = true},
      {.name = "topic", .doc = "The topic that rows are written to", .required = true, .plain = true},
      {.name = "key",
       .doc =
           "The column whose value is the record's key; null gives a null key. Keys choose partitions as the "
           "Java clients do (murmur2)",
       .plain = true},
      {.name = "value",
       .doc = "The column whose value is the record's value, its bytes unchanged, such as _raw; null "
              "gives a null value. Without it, the value is the row, written by `format`",
       .plain = true},
      {.name = "format",
       .type = option_type::choice,
       .doc = "How the row is written: json; base64, the bytes that the column `value` holds as base64 text, "
              "such as _raw of Avro records; avro, protobuf or json_schema, with a schema of the columns in "
              "a `registry`, whose id is in front of each record as Confluent's serializers write it",
       .default_text = "json",
       .choices = {"json", "base64", "avro", "protobuf", "json_schema"}},
      {.name = "key_format",
       .type = option_type::choice,
       .doc = "How the key is written: text; base64, the bytes that its column has as base64 text, such as "
              "_key of a source with \"key\": \"bytes\"; avro, protobuf or json_schema, with a schema of its "
              "own in the subject TOPIC-key",
       .default_text = "text",
       .choices = {"text", "base64", "avro", "protobuf", "json_schema"}},
      {.name = "schema",
       .type = option_type::choice,
       .doc = "Where the rows' schema comes from, without a `schema_file`. columns: it is made of the "
              "columns; newest: it is the subject's newest one at each opening of the sink, and the "
              "columns must fit into its fields (docs/schemas.md)",
       .default_text = "columns",
       .choices = {"columns", "newest"}},
      {.name = "schema_file",
       .doc = "A schema of your own that rows are written by: an .avsc file, .proto source or what "
              "protoc --descriptor_set_out writes (of one file), or a JSON Schema. It is looked up in "
              "the subject, or with `register` added there, unchanged. `check` compares the columns "
              "with it"},
      {.name = "message",
       .doc = "The full name of the message that a row becomes, in a Protobuf schema of your own. "
              "Default: the only one",
       .plain = true},
      {.name = "key_schema",
       .type = option_type::choice,
       .doc = "Where the key's schema comes from, as `schema` says for the rows",
       .default_text = "columns",
       .choices = {"columns", "newest"}},
      {.name = "key_schema_file",
       .doc = "A schema of your own for the key, as `schema_file` is one for the rows: of a single value, or "
              "of a "
              "record or message with a field of the key column's name"},
      {.name = "key_message",
       .doc = "The full name of the message that the key becomes, in a Protobuf schema of your own. "
              "Default: the only one",
       .plain = true},
      {.name = "record",
       .doc = "The full name of the record or message that a row becomes, such as com.example.Click, "
              "where its schema is made of the columns. Default: the topic's name, with _ for "
              "characters that such names do not have",
       .plain = true},
      {.name = "subject",
       .type = option_type::choice,
       .doc = "The registry's subject of the rows' schema: TOPIC-value, RECORD, or TOPIC-RECORD",
       .default_text = "topic",
       .choices = {"topic", "record", "topic_record"}},
      {.name = "register",
       .type = option_type::boolean,
       .doc = "Adds the schema to its subject where it is missing. Without it, the subject must have "
              "the schema",
       .default_text = "false"},
      {.name = "removed",
       .type = option_type::choice,
       .doc = "What happens to a row that a window upstream with emit: updates takes back (a session "
              "has grown, or having no longer lets the row through). left: no record; tombstone: a "
              "null value with the row's key, for a compacted topic",
       .default_text = "left",
       .choices = {"left", "tombstone"}},
      {.name = "create",
       .type = option_type::object,
       .doc = "Creates the topic if it is missing",
       .members = {{.name = "partitions",
                    .type = option_type::integer,
                    .doc = "Its number of partitions",
                    .default_text = "1",
                    .minimum = 1},
                   {.name = "replication",
                    .type = option_type::integer,
                    .doc = "The number of brokers that hold each partition. Default: the brokers' own",
                    .minimum = 1}}},
      kafka::properties_option(),
  };
  for (auto& o : registry::access_options())
    all.push_back(std::move(o));
  return all;
}

bool has_schema(const config::values& o, std::string_view option, std::string_view otherwise) {
  return o.has(option) && o.text(option) != otherwise && o.text(option) != "base64";
}
bool is_base64(const config::values& o, std::string_view option) {
  return o.has(option) && o.text(option) == "base64";
}
bool has_value_schema(const config::values& o) { return has_schema(o, "format", "json"); }
bool has_key_schema(const config::values& o) { return has_schema(o, "key_format", "text"); }

registry::schema_kind kind_of(std::string_view format) {
  return format == "avro"       ? registry::schema_kind::avro
         : format == "protobuf" ? registry::schema_kind::protobuf
                                : registry::schema_kind::json;
}

std::string record_of(const config::values& o) {
  return o.has("record") ? o.text("record") : avro::name_of(o.text("topic"));
}

/// The options about the schema of the rows, and of the key.
struct schema_options {
  std::string_view format;
  std::string_view no_format;
  std::string_view schema;
  std::string_view file;
  std::string_view message;
};
constexpr schema_options of_rows{"format", "json", "schema", "schema_file", "message"};
constexpr schema_options of_key{"key_format", "text", "key_schema", "key_schema_file", "key_message"};

bool is_newest(const config::values& o, const schema_options& names) {
  return o.has(names.schema) && o.text(names.schema) == "newest";
}
bool is_given(const config::values& o, std::string_view name) {
  return std::ranges::find(o.shown(), name, &config::values::given::name) != o.shown().end();
}

/// Fills in what the options say of a schema of the user's.
expected<void> read_own_schema(const config::values& o, const schema_options& names, schema_wish& wish) {
  wish.is_newest = is_newest(o, names);
  if (o.has(names.message))
    wish.message = o.text(names.message);
  if (!o.has(names.file))
    return {};
  ASSIGN_OR_RETURN(auto file, read_schema_file(wish.kind, o.text(names.file)));
  wish.text = std::move(file.text);
  if (!file.record.empty() || !wish.message.empty())
    wish.record = wish.message.empty() ? std::move(file.record) : wish.message;
  return {};
}

/// The schema of the visible columns.
expected<record_schema> value_schema_of(const config::values& o, data::schema_ptr shown) {
  schema_wish wish{.kind = kind_of(o.text("format")), .subject = {}, .record = record_of(o), .columns = {}};
  RETURN_IF_ERROR(read_own_schema(o, of_rows, wish));
  const auto& by = o.text("subject");
  wish.subject = by == "record"         ? wish.record
                 : by == "topic_record" ? fmt::format("{}-{}", o.text("topic"), wish.record)
                                        : o.text("topic") + "-value";
  for (std::size_t i = 0; i < shown->size(); ++i)
    wish.columns.push_back(i);
  return record_schema::make(std::move(wish), std::move(shown));
}

expected<record_schema> key_schema_of(const config::values& o, data::schema_ptr rows, std::size_t key) {
  schema_wish wish{.kind = kind_of(o.text("key_format")),
                   .subject = o.text("topic") + "-key",
                   .record = record_of(o) + "_key",
                   .columns = {key},
                   .is_bare = true};
  RETURN_IF_ERROR(read_own_schema(o, of_key, wish));
  return record_schema::make(std::move(wish), std::move(rows));
}

/// Where an error about a schema belongs.
std::string_view place_of_schema(const config::values& o, const schema_options& names) {
  return o.has(names.file) ? names.file : names.format;
}

/// A schema of the user's goes with a format that has one, and there is one of it.
void check_own_schema(const config::values& o, const schema_options& names, const config::say& say) {
  const bool any = has_schema(o, names.format, names.no_format);
  for (const auto name : {names.schema, names.file, names.message})
    if (!any && is_given(o, name))
      say(name,
          fmt::format("is for records with a schema; expected \"{}\" avro, protobuf or json_schema beside it",
                      names.format));
  if (!any)
    return;
  const bool newest = is_newest(o, names);
  if (newest && o.has(names.file))
    say(names.file,
        fmt::format("is one schema, and the newest of the subject is another; expected it, or \"{}\": "
                    "\"newest\", not both",
                    names.schema));
  if (o.has(names.message) && (o.text(names.format) != "protobuf" || (!newest && !o.has(names.file))))
    say(names.message,
        fmt::format("is for a Protobuf schema of your own; expected \"{}\", or \"{}\": \"newest\", "
                    "beside it",
                    names.file, names.schema));
}

/// `record` and `register` have nothing to say where all schemas are the user's, or the newest ones.
void check_names_in_registry(const config::values& o, const config::say& say) {
  const auto makes = [&](const schema_options& names) {
    return has_schema(o, names.format, names.no_format) && !is_newest(o, names) && !o.has(names.file);
  };
  const auto is_all_newest = [&](const schema_options& names) {
    return !has_schema(o, names.format, names.no_format) || is_newest(o, names);
  };
  const bool any = has_value_schema(o) || has_key_schema(o);
  if (any && is_given(o, "record") && !makes(of_rows) && !makes(of_key) &&
      !(is_newest(o, of_rows) && o.text("subject") != "topic"))
    say("record", "names the schema that is made of the columns, and none is made; leave it out");
  if (any && o.has("register") && o.boolean("register") && is_all_newest(of_rows) && is_all_newest(of_key))
    say("register", "adds a schema, and \"newest\" takes the one that is there; expected one of them");
}

void check_schemas(const config::check_input& in, const config::say& say) {
  const auto& o = in.options;
  const bool any = has_value_schema(o) || has_key_schema(o);
  registry::check_access(in, say);
  if (any && !o.has("registry"))
    say(has_value_schema(o) ? "format" : "key_format",
        "takes a schema registry, which keeps the schema; expected \"registry\" beside it");
  if (!any)
    for (const auto* name : {"registry", "record", "register", "subject"})
      if (is_given(o, name))
        say(name, "is for records with a schema; expected \"format\" or \"key_format\" beside it");
  check_own_schema(o, of_rows, say);
  check_own_schema(o, of_key, say);
  check_names_in_registry(o, say);
  if (has_value_schema(o) && o.has("value"))
    say("value", "is a column whose bytes stay as they are; expected it, or a \"format\", not both");
  if (is_base64(o, "format") && !o.has("value"))
    say("format", "base64 is the form of one column; expected \"value\" beside it");
  for (const auto& [format, name] : {std::pair("format", "value"), std::pair("key_format", "key")})
    if (is_base64(o, format) && o.has(name) && in.input)
      if (const auto column = in.input->find(o.text(name));
          column && (*in.input)[*column].type.id() != data::type_id::text)
        say(format, fmt::format("the column \"{}\" is {}; expected text, which is base64", o.text(name),
                                (*in.input)[*column].type.name()));
  if ((has_key_schema(o) || is_base64(o, "key_format")) && !o.has("key"))
    say("key_format", "has no key to write; expected \"key\" beside it");
  if (!in.input || !o.has("topic"))
    return;
  if (has_value_schema(o) && !o.has("value"))
    if (const auto made = value_schema_of(o, select_columns(*in.input, visible_columns(*in.input))); !made)
      say(place_of_schema(o, of_rows), made.error().message);
  if (const auto key = has_key_schema(o) && o.has("key") ? in.input->find(o.text("key")) : std::nullopt;
      key && !(*in.input)[*key].type.is_nested())
    if (const auto made = key_schema_of(o, std::make_shared<const data::schema>(*in.input), *key); !made)
      say(place_of_schema(o, of_key), made.error().message);
}

bool has_tombstones(const config::values& o) { return o.has("removed") && o.text("removed") == "tombstone"; }

void check(const config::check_input& in, const config::say& say) {
  const auto& o = in.options;
  if (o.has("brokers"))
    if (auto wrong = kafka::problem_of_brokers(o.text("brokers")))
      say("brokers", *std::move(wrong));
  if (o.has("topic") && !kafka::is_topic_name(o.text("topic")))
    say("topic", kafka::no_topic_name(o.text("topic")));
  if (o.has("topic") && o.text("topic") == positions_topic)
    say("topic", "is where millrace keeps its own positions; choose another");
  for (const std::string_view name : {"key", "value"}) {
    if (!o.has(name) || !in.input)
      continue;
    const auto column = in.input->find(o.text(name));
    if (!column)
      say(name, config::missing_column(o.text(name), *in.input, "this sink"));
    else if (name == "key" && (*in.input)[*column].type.is_nested())
      say(name, fmt::format("column '{}' is of type {}; expected a column with single values", o.text(name),
                            (*in.input)[*column].type.name()));
  }
  check_schemas(in, say);
  if (has_tombstones(o) && !o.has("key"))
    say("removed", "a tombstone says by its key which record holds no more; expected \"key\" beside it");
  if (o.has("properties"))
    for (auto& f : kafka::check_properties(o.text_map("properties"), reserved(), kafka::allowed_properties()))
      say("properties." + f.name, std::move(f.message));
}

std::vector<std::string> columns_named(const config::values& o) {
  std::vector<std::string> names;
  for (const auto* name : {"key", "value"})
    if (o.has(name))
      names.push_back(o.text(name));
  return names;
}

}  // namespace

config::connector kafka_sink_declaration() {
  config::connector c;
  c.kind = config::stage_kind::sink;
  c.type = "kafka";
  c.doc = "Writes rows to a Kafka topic";
  c.options = options();
  c.check = check;
  c.guarantee =
      "exactly once for readers with isolation.level=read_committed (rows and position in one transaction)";
  c.sink = [](const config::values& options) {
    config::sink_traits traits{.columns_named = columns_named(options)};
    if (has_tombstones(options) && options.has("key"))
      traits.deletes_by = {options.text("key")};
    for (const auto& names : {of_rows, of_key})
      if (options.has(names.file) && has_schema(options, names.format, names.no_format))
        if (auto file = read_schema_file(kind_of(options.text(names.format)), options.text(names.file)))
          traits.files.push_back(
              {std::string(names.file), std::make_shared<const std::string>(std::move(file->bytes))});
    return traits;
  };
  c.progress_place = progress_place;
  return c;
}

expected<std::unique_ptr<writer>> make_kafka_writer(const config::values& options,
                                                    const data::schema_ptr& rows) {
  kafka_sink_options o;
  o.to.brokers = options.text("brokers");
  if (options.has("properties"))
    o.to.properties = options.text_map("properties");
  o.topic = options.text("topic");
  for (auto [name, column] : {std::pair{"key", &o.key}, std::pair{"value", &o.value}}) {
    if (!options.has(name))
      continue;
    *column = rows->find(options.text(name));
    if (!*column)
      return user_error(ec::not_found, fmt::format("{}: there is no column '{}'", name, options.text(name)));
  }
  o.value_is_base64 = is_base64(options, "format");
  o.key_is_base64 = is_base64(options, "key_format");
  o.registry = registry::access_of(options);
  o.adds_schemas = options.has("register") && options.boolean("register");
  if (has_value_schema(options)) {
    ASSIGN_OR_RETURN(o.value_schema, value_schema_of(options, select_columns(*rows, visible_columns(*rows))));
  }
  if (has_key_schema(options) && o.key) {
    ASSIGN_OR_RETURN(o.key_schema, key_schema_of(options, rows, *o.key));
  }
  o.deletes = rows->find(config::deletion_column);
  if (options.has("create")) {
    const auto& create = options.object("create");
    o.create = kafka_sink_options::creation{};
    if (create.has("partitions"))
      o.create->partitions = static_cast<int>(create.integer("partitions"));
    if (create.has("replication"))
      o.create->replication = static_cast<int>(create.integer("replication"));
  }
  o.defaults = defaults_for(o.to.properties);
  return std::make_unique<kafka_writer>(std::move(o), *rows);
}

connector kafka_sink_connector() {
  return {.declared = kafka_sink_declaration(),
          .writer = [](const config::values& options, const data::schema_ptr& rows,
                       const connector_context&) { return make_kafka_writer(options, rows); }};
}

}  // namespace millrace::sink
