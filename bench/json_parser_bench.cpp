// The JSON parser alone, over the chunks that the file source would hand it; beside it simdjson's own ways
// to read the same two fields. Run: json_parser_bench [--benchmark_filter=...]; a record is an item.
#include "actors/parsers/json/json_parser.hpp"
#include "bench/clicks.hpp"

#include <benchmark/benchmark.h>
#include <simdjson.h>

#include <vector>

namespace {

using namespace millrace;

constexpr std::size_t records = 40'000;
constexpr std::size_t chunk_bytes = 1 << 20;

/// Lines in chunks of about 1 MiB; `joined` as Kafka's values, with nothing between them.
std::vector<source::chunk> chunks_of(const std::string& lines, bool joined) {
  std::vector<source::chunk> out;
  for (std::size_t at = 0; at < lines.size();) {
    if (out.empty() || out.back().bytes.size() >= chunk_bytes)
      out.emplace_back();
    auto& c = out.back();
    const auto end = lines.find('\n', at);
    c.begins.push_back(static_cast<std::uint32_t>(c.bytes.size()));
    c.lengths.push_back(static_cast<std::uint32_t>(end - at));
    c.positions.push_back({0, static_cast<std::int64_t>(at)});
    c.bytes.append(lines, at, end - at + !joined);
    at = end + 1;
  }
  for (auto& c : out)
    c.bytes.append(source::padding, '\0');
  return out;
}

parser::parser_options two_columns() {
  parser::parser_options o;
  o.schema = std::make_shared<data::schema>(
      std::vector<data::field>{{"userid", data::type_id::text}, {"timestamp", data::type_id::timestamp}});
  o.declared = 2;
  o.used = {true, true};
  o.formats.resize(2);
  o.formats[1].kind = decltype(o.formats[1].kind)::strptime;
  o.formats[1].pattern = "%Y-%m-%d %H:%M:%S";
  o.formats[1].trailing_ignored = true;
  o.event_time = 1;
  return o;
}

void parse(benchmark::State& state, const parser::parser_options& options, bool joined) {
  const auto chunks = chunks_of(bench::clicks(records), joined);
  const auto parser = parser::make_json_parser(options);
  for (auto _ : state)
    for (const auto& c : chunks)
      benchmark::DoNotOptimize(parser->parse(c));
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * records);
}

void two_fields(benchmark::State& state) { parse(state, two_columns(), false); }
void two_fields_joined(benchmark::State& state) { parse(state, two_columns(), true); }
void two_fields_projected(benchmark::State& state) {
  auto options = two_columns();
  options.validate_whole = false;
  parse(state, options, false);
}
void two_fields_without_time(benchmark::State& state) {
  auto options = two_columns();
  options.schema = std::make_shared<data::schema>(
      std::vector<data::field>{{"userid", data::type_id::text}, {"timestamp", data::type_id::text}});
  options.event_time.reset();
  parse(state, options, false);
}
void all_fields(benchmark::State& state) {
  using data::type_id;
  parser::parser_options o;
  o.schema = std::make_shared<data::schema>(std::vector<data::field>{
      {"userid", type_id::text},
      {"timestamp", type_id::timestamp},
      {"id", type_id::bigint},
      {"product", type_id::text},
      {"category", type_id::bigint},
      {"price", type_id::float64},
      {"quantity", type_id::bigint},
      {"device", type_id::text},
      {"ip", type_id::text},
      {"premium", type_id::boolean},
      {"geo", data::type::object_of({{"lat", type_id::float64}, {"lon", type_id::float64}})},
      {"note", type_id::text}});
  o.declared = o.schema->size();
  o.used.assign(o.declared, true);
  o.formats.resize(o.declared);
  o.event_time = 1;
  parse(state, o, false);
}

void simdjson_dom_validated(benchmark::State& state) {
  const simdjson::padded_string text(bench::clicks(records));
  simdjson::dom::parser parser;
  for (auto _ : state) {
    std::size_t bytes = 0;
    simdjson::dom::document_stream stream;
    if (parser.parse_many(text, chunk_bytes).get(stream) != simdjson::SUCCESS)
      return state.SkipWithError("simdjson refuses the text");
    for (auto document : stream)
      bytes += std::string_view(document["userid"]).size() + std::string_view(document["timestamp"]).size();
    benchmark::DoNotOptimize(bytes);
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * records);
}

void simdjson_ondemand_two_fields(benchmark::State& state) {
  const simdjson::padded_string text(bench::clicks(records));
  simdjson::ondemand::parser parser;
  for (auto _ : state) {
    std::size_t bytes = 0;
    simdjson::ondemand::document_stream stream;
    if (parser.iterate_many(text, chunk_bytes).get(stream) != simdjson::SUCCESS)
      return state.SkipWithError("simdjson refuses the text");
    for (auto document : stream)
      bytes += std::string_view(document["userid"]).size() + std::string_view(document["timestamp"]).size();
    benchmark::DoNotOptimize(bytes);
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * records);
}

BENCHMARK(two_fields);
BENCHMARK(two_fields_joined);
BENCHMARK(two_fields_projected);
BENCHMARK(two_fields_without_time);
BENCHMARK(all_fields);
BENCHMARK(simdjson_dom_validated);
BENCHMARK(simdjson_ondemand_two_fields);

}  // namespace

BENCHMARK_MAIN();
