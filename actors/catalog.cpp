#include "actors/catalog.hpp"

#include "actors/connectors/console/console_sink.hpp"
#include "actors/connectors/file/sink/file_sink.hpp"
#include "actors/connectors/file/source/file_source.hpp"
#include "actors/connectors/generator/generator_source.hpp"
#include "actors/connectors/http/server/http_server_source.hpp"
#include "actors/connectors/http/stream/http_stream_source.hpp"
#include "actors/connectors/kafka/sink/kafka_sink.hpp"
#include "actors/connectors/kafka/source/kafka_source.hpp"
#include "actors/connectors/parquet/sink/parquet_sink.hpp"
#include "actors/connectors/sql/sink/sql_sink.hpp"
#include "actors/parsers/csv/csv_parser.hpp"
#include "actors/parsers/json/json_parser.hpp"
#include "actors/parsers/text/text_parser.hpp"
#include "actors/parsers/timed_parser.hpp"
#include "actors/stream/replay/replay_log.hpp"
#include "actors/stream/source/replaying_reader.hpp"
#include "actors/without_secrets.hpp"
#include "config/secrets.hpp"
#include "runtime/base/shard_name.hpp"
#include "runtime/snapshot/file_names.hpp"
#include "runtime/snapshot/file_system.hpp"

namespace millrace {
namespace {

parser::parser_options::timestamp_format format_of(const config::parser_plan::timestamp_format& f) {
  using format = parser::parser_options::timestamp_format;
  format out;
  out.trailing_ignored = f.trailing_ignored;
  out.zone = f.zone;
  if (f.format.empty())
    out.kind = format::kind::iso;
  else if (f.format == "epoch_s")
    out.kind = format::kind::epoch_s;
  else if (f.format == "epoch_ms")
    out.kind = format::kind::epoch_ms;
  else if (f.format == "epoch_us")
    out.kind = format::kind::epoch_us;
  else {
    out.kind = format::kind::strptime;
    out.pattern = f.format;
  }
  for (const auto& m : f.members)
    out.members.push_back(format_of(m));
  return out;
}

/// parser_plan is config's; parser_options is what parsers take. The same facts, kept apart so that config
/// includes no parser.
parser::parser_options options_of(const config::stage& s) {
  const auto& plan = std::get<config::parser_plan>(s.plan);
  parser::parser_options out;
  out.schema = s.schema;
  out.declared = plan.declared;
  out.used = plan.used;
  for (const auto& f : plan.formats)
    out.formats.push_back(format_of(f));
  out.event_time = plan.event_time;
  out.watermark_delay = plan.watermark_delay;
  out.idle_timeout = plan.idle_timeout;
  out.future_skew = plan.future_skew;
  out.max_event_time = plan.max_event_time;
  out.fail_on_error = plan.fail_on_error;
  out.validate_whole = plan.validate_whole;
  out.skip_null = plan.skip_null;
  return out;
}

unexpected unknown(const config::stage& s) {
  return our_error("no connector '" + s.type + "' for stage '" + s.name + "'");
}

}  // namespace

const config::catalog& connectors() {
  static const config::catalog all{
      source::kafka_source_connector(),       source::file_source_connector(),
      source::http_server_source_connector(), source::http_stream_source_connector(),
      source::generator_source_connector(),   parser::json_parser_connector(),
      parser::csv_parser_connector(),         parser::text_parser_connector(),
      sink::console_sink_connector(),         sink::file_sink_connector(),
      sink::kafka_sink_connector(),           sink::sql_sink_connector(),
      sink::parquet_sink_connector(),
  };
  return all;
}

namespace {

/// `options`: with the values of its secrets.
expected<std::unique_ptr<source::reader>> make_own_reader(const config::stage& s,
                                                          const config::values& options,
                                                          const source::wants& wants,
                                                          const connector_context& context) {
  const source::spool_place spool{context.stage,        context.consumer,
                                  context.spool_folder, context.chains,
                                  context.now,          name_in_logs(context.topology, context.stage)};
  if (s.type == "kafka")
    return source::make_kafka_reader(options, wants, context.topology, context.stage);
  if (s.type == "file")
    return source::make_file_reader(options, wants, spool, context.feeds, context.clock);
  if (s.type == "http_server")
    return source::make_http_server_reader(options, spool, context.feeds, *context.clock);
  if (s.type == "http_stream")
    return source::make_http_stream_reader(options, spool, context.feeds, *context.clock);
  if (s.type == "generator")
    return source::make_generator_reader(options, *context.clock);
  return unknown(s);
}

}  // namespace

expected<std::unique_ptr<source::reader>> make_reader(const config::stage& s, const source::wants& wants,
                                                      const connector_context& context) {
  const auto options = config::with_secrets(s, connectors());
  if (!options)
    return unexpected(options.error());
  auto own = make_own_reader(s, *options, wants, context);
  if (own && config::has_secrets(s, connectors()))
    own = without_secrets(std::move(*own));
  std::unique_ptr<replay::batches> replayed;
  if (context.replayed)
    replayed = std::make_unique<replay::stored_batches>(*context.replayed);
  else if (!context.replay_folder.empty())
    replayed = std::make_unique<replay::replay_log>(snapshot::posix_file_system(), context.replay_folder);
  if (!own || !replayed)
    return own;
  return std::make_unique<source::replaying_reader>(std::move(*own), std::move(replayed), wants);
}

namespace {

expected<std::unique_ptr<parser::record_parser>> make_row_parser(const config::stage& s,
                                                                 parser::parser_options options) {
  if (s.type == "json")
    return parser::make_json_parser(std::move(options));
  if (s.type == "csv")
    return parser::make_csv_parser(std::move(options), parser::csv_dialect_of(s.options),
                                   s.options.boolean("header"),
                                   data::encoding_of(s.options.text("encoding")));
  if (s.type == "text")
    return parser::make_text_parser(std::move(options));
  return unknown(s);
}

}  // namespace

expected<std::unique_ptr<parser::record_parser>> make_parser(const config::stage& s) {
  auto options = options_of(s);
  const auto& timed_by = std::get<config::parser_plan>(s.plan).timed_by;
  if (!timed_by)
    return make_row_parser(s, std::move(options));
  auto untimed = options;
  untimed.event_time.reset();
  untimed.used[*options.event_time] = false;
  options.timed_by = timed_by->text;
  return make_row_parser(s, std::move(untimed)).map([&](std::unique_ptr<parser::record_parser>&& rows) {
    return parser::make_timed_parser(std::move(rows), options, timed_by->value);
  });
}

namespace {

/// `options`: with the values of its secrets.
expected<std::unique_ptr<sink::writer>> make_own_writer(const config::stage& s, const config::values& options,
                                                        const connector_context& context) {
  const auto& rows = std::get<config::sink_plan>(s.plan).rows;
  if (s.type == "console")
    return sink::make_console_writer(options, rows, context.state_folder);
  if (s.type == "file")
    return sink::make_file_writer(options, rows, *context.clock);
  if (s.type == "kafka")
    return sink::make_kafka_writer(options, rows);
  if (s.type == "sql")
    return sink::make_sql_writer(options, rows);
  if (s.type == "parquet")
    return sink::make_parquet_writer(options, rows,
                                     std::filesystem::path(context.state_folder) / "tables" /
                                         snapshot::file_name_of(context.stage),
                                     *context.clock, context.chains);
  return unknown(s);
}

}  // namespace

expected<std::unique_ptr<sink::writer>> make_writer(const config::stage& s,
                                                    const connector_context& context) {
  const auto options = config::with_secrets(s, connectors());
  if (!options)
    return unexpected(options.error());
  auto own = make_own_writer(s, *options, context);
  return own && config::has_secrets(s, connectors()) ? without_secrets(std::move(*own)) : std::move(own);
}

}  // namespace millrace
