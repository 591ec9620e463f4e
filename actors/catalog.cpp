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
#include "actors/connectors/sql/source/sql_source.hpp"
#include "actors/parsers/avro/avro_parser.hpp"
#include "actors/parsers/csv/csv_parser.hpp"
#include "actors/parsers/json/json_parser.hpp"
#include "actors/parsers/keys/key_decoders.hpp"
#include "actors/parsers/protobuf/protobuf_parser.hpp"
#include "actors/parsers/text/text_parser.hpp"
#include "actors/parsers/timed_parser.hpp"
#include "actors/parsers/timestamp_format.hpp"
#include "actors/stream/source/replaying_reader.hpp"
#include "actors/without_secrets.hpp"
#include "config/secrets.hpp"
#include "runtime/data/carried_file.hpp"

#include <cassert>

namespace millrace {
namespace {

/// parser_plan is config's; parser_options is what parsers take. The same facts, kept apart so that config
/// includes no parser.
parser::parser_options options_of(const config::stage& s) {
  const auto& plan = std::get<config::parser_plan>(s.plan);
  parser::parser_options out;
  out.schema = s.schema;
  out.declared = plan.declared;
  out.used = plan.used;
  out.formats = parser::formats_of(plan.formats);
  out.event_time = plan.event_time;
  out.watermark_delay = plan.watermark_delay;
  out.idle_timeout = plan.idle_timeout;
  out.future_skew = plan.future_skew;
  out.max_event_time = plan.max_event_time;
  out.fail_on_error = plan.fail_on_error;
  out.validate_whole = plan.validate_whole;
  out.on_null = plan.on_null;
  out.schema_text = plan.schema_text;
  out.keys = parser::key_decoder_of(s.options);
  return out;
}

/// Outside of all others, so that replayed records get their schemas, too.
expected<std::unique_ptr<source::reader>> with_schemas(std::unique_ptr<source::reader> own,
                                                       const connector_context& context) {
  if (context.parser == nullptr || !connector_of(*context.parser).registry)
    return own;
  ASSIGN_OR_RETURN(const auto options, config::with_secrets(*context.parser, connectors()));
  const auto by = connector_of(*context.parser).registry(options);
  if (!by)
    return own;
  return registry::registered(std::move(own), *by, context.schemas, context.awaited,
                              name_in_logs(context.topology, context.stage));
}

const std::vector<connector>& all_connectors() {
  // One a line, however many there are.
  // clang-format off
  static const std::vector<connector> all{
      source::kafka_source_connector(),
      source::file_source_connector(),
      source::http_server_source_connector(),
      source::http_stream_source_connector(),
      source::sql_source_connector(),
      source::generator_source_connector(),
      parser::json_parser_connector(),
      parser::csv_parser_connector(),
      parser::text_parser_connector(),
      parser::avro_parser_connector(),
      parser::protobuf_parser_connector(),
      sink::console_sink_connector(),
      sink::file_sink_connector(),
      sink::kafka_sink_connector(),
      sink::sql_sink_connector(),
      sink::parquet_sink_connector(),
  };
  // clang-format on
  return all;
}

}  // namespace

const config::catalog& connectors() {
  static const auto declared = [] {
    config::catalog out;
    for (const auto& c : all_connectors())
      out.push_back(c.declared);
    return out;
  }();
  return declared;
}

const connector& connector_of(const config::stage& s) {
  const auto* const found = config::find_connector(all_connectors(), s.kind, s.type, &connector::declared);
  assert(found != nullptr && "config takes no other type");
  return *found;
}

expected<std::unique_ptr<source::reader>> make_reader(const config::stage& s, const source::wants& wants,
                                                      const connector_context& context) {
  ASSIGN_OR_RETURN(const auto options, config::with_secrets(s, connectors()));
  auto own = connector_of(s).reader(options, wants, context);
  if (own)
    own = without_secrets(std::move(*own));
  if (own && context.replayed)
    own = std::make_unique<source::replaying_reader>(std::move(*own),
                                                     replay::stored_batches(*context.replayed), wants);
  return own ? with_schemas(std::move(*own), context) : std::move(own);
}

expected<std::unique_ptr<parser::record_parser>> make_parser(const config::stage& s) {
  const auto& make = connector_of(s).parser;
  auto options = options_of(s);
  const auto& timed_by = std::get<config::parser_plan>(s.plan).timed_by;
  if (!timed_by)
    return make(s.options, std::move(options));
  auto untimed = options;
  untimed.event_time.reset();
  untimed.used[*options.event_time] = false;
  options.timed_by = timed_by->text;
  return make(s.options, std::move(untimed)).map([&](std::unique_ptr<parser::record_parser>&& rows) {
    return parser::make_timed_parser(std::move(rows), options, timed_by->value);
  });
}

expected<std::unique_ptr<sink::writer>> make_writer(const config::stage& s,
                                                    const connector_context& context) {
  ASSIGN_OR_RETURN(auto options, config::with_secrets(s, connectors()));
  // The plan's files hold while it lives, whatever becomes of those on disk.
  for (const auto& f : config::sink_traits_of(s).files)
    options.set(f.option, data::carried(*f.bytes), options.where(f.option));
  auto own = connector_of(s).writer(options, std::get<config::sink_plan>(s.plan).rows, context);
  return own ? without_secrets(std::move(*own)) : std::move(own);
}

}  // namespace millrace
