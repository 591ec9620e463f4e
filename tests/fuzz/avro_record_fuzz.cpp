// Records through the Avro parser: the first byte chooses their schema, or says that the first section is one; the second
// chooses a reader's. A record stands for itself; a row's bytes are one whole datum; a row of typed columns is one of json
// columns, too, with the same values; and of fewer columns, with those; and the same behind a registry's prefix.
#include "actors/parsers/avro/avro_parser.hpp"
#include "runtime/avro/columns.hpp"
#include "runtime/avro/skip.hpp"
#include "tests/fuzz/record_schema.hpp"
#include "tests/fuzz/require.hpp"
#include "tests/fuzz/sections.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

namespace {

using namespace millrace;
using fuzz::outcomes;
using fuzz::require;

constexpr std::array<const char*, 6> schemas{
    R"({"type":"record","name":"r","fields":[{"name":"a","type":"long"},{"name":"b","type":"string"},{"name":"c","type":["null","double"]},
        {"name":"d","type":"boolean"},{"name":"e","type":"int"},{"name":"f","type":"float"}]})",
    R"({"type":"record","name":"r","fields":[{"name":"a","type":{"type":"array","items":["null","long","string"]}},
        {"name":"b","type":{"type":"map","values":{"type":"array","items":"int"}}},{"name":"c","type":{"type":"array","items":"null"}}]})",
    R"({"type":"record","name":"r","fields":[{"name":"a","type":"int"},{"name":"b","type":["null","r"]},{"name":"c","type":{"type":"array","items":"r"}}]})",
    R"({"type":"record","name":"r","fields":[{"name":"a","type":{"type":"bytes","logicalType":"decimal","precision":20,"scale":4}},
        {"name":"b","type":{"type":"int","logicalType":"date"}},{"name":"c","type":{"type":"long","logicalType":"timestamp-millis"}},
        {"name":"d","type":{"type":"long","logicalType":"time-micros"}},{"name":"e","type":{"type":"fixed","name":"u","size":16,"logicalType":"uuid"}},
        {"name":"f","type":{"type":"enum","name":"e","symbols":["A","B"]}},{"name":"g","type":"bytes"}]})",
    R"({"type":"record","name":"r","fields":[{"name":"c","type":["null","double"],"default":null},{"name":"b","type":["null","bytes"],"default":null},
        {"name":"a","type":["double","string"],"default":0},{"name":"f","type":"double","default":1.5}]})",
    R"({"type":"record","name":"r","fields":[{"name":"n","type":{"type":"record","name":"n","fields":[{"name":"x","type":"long"},
        {"name":"l","type":{"type":"array","items":{"type":"record","name":"i","fields":[{"name":"y","type":["string","null"]}]}}}]}}]})",
};

parser::parser_options options_of(std::vector<data::field> columns) {
  parser::parser_options o;
  o.declared = columns.size();
  o.used.assign(columns.size(), true);
  o.formats.resize(columns.size());
  o.schema = std::make_shared<data::schema>(std::move(columns));
  return o;
}

std::unique_ptr<parser::record_parser> parser_of(parser::parser_options o, const char* reader = nullptr,
                                                 parser::prefix_form prefix = parser::prefix_form::none) {
  if (reader != nullptr)
    o.schema_text = std::make_shared<const std::string>(reader);
  auto made = parser::make_avro_parser(std::move(o), prefix);
  require(made.has_value(), "schemas of the test are good");
  return std::move(*made);
}

source::chunk chunk_of(const std::vector<std::string>& records, const std::string& writer) {
  auto c = fuzz::chunk_of(records, false, false);
  c.lines = false;
  auto schemas_of_chunk = std::make_shared<source::record_schemas>();
  schemas_of_chunk->of_all = std::make_shared<const std::string>(writer);
  c.schemas = std::move(schemas_of_chunk);
  return c;
}

bool is_dead(const std::string& outcome) { return outcome.starts_with("dead "); }

/// The same records behind prefixes of an id whose schema the chunk has, and of one that the registry does not have.
void check_prefix(parser::prefix_form form, const parser::parser_options& options,
                  const std::vector<std::string>& records, const std::string& writer,
                  const std::vector<std::string>& expected) {
  std::vector<std::string> prefixed;
  for (std::size_t i = 0; i < records.size(); ++i)
    prefixed.push_back(std::string(form == parser::prefix_form::confluent ? 4 : 8, '\0') +
                       static_cast<char>(1 + i % 2) + records[i]);
  auto chunk = chunk_of(prefixed, writer);
  auto known = std::make_shared<source::record_schemas>();
  known->by_id.emplace(1, chunk.schemas->of_all);
  known->unknown.emplace(2, "no such schema");
  chunk.schemas = std::move(known);
  const auto found = outcomes(*parser_of(options, nullptr, form), chunk, options);
  // Without a prefix an error may ask whether there is one.
  const auto is_same = [&](std::size_t i) {
    return is_dead(found[i]) ? expected[i].starts_with(found[i]) : found[i] == expected[i];
  };
  for (std::size_t i = 0; i < records.size(); ++i)
    require(i % 2 == 1 ? is_dead(found[i]) : is_same(i),
            "a prefix changes nothing: " + found[i] + ", not " + expected[i]);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2)
    return 0;
  const auto choice = data[0];
  const auto* const reader = schemas[data[1] % schemas.size()];
  // 0xFE may stand in a record, which is then two: shorter ones are found as well.
  auto records = fuzz::sections(data + 2, size - 2);
  std::string writer = schemas[choice % schemas.size()];
  if (choice == 0xFF) {
    writer = std::move(records.front());
    records.erase(records.begin());
  }
  const auto schema = avro::parse_schema(writer);
  if (!schema) {
    require(!schema.error().message.empty(), "an error of a schema has a text");
    return 0;
  }
  const auto columns = avro::columns_of(**schema);
  if (!columns || columns->size() > 64)
    return 0;
  const auto options = options_of(*columns);
  const auto chunk = chunk_of(records, writer);
  const auto typed = outcomes(*parser_of(options), chunk, options);
  auto as_json = *columns;
  for (auto& c : as_json)
    c.type = data::type_id::json;
  const auto json = outcomes(*parser_of(options_of(as_json)), chunk, options);
  auto few = options;
  for (std::size_t i = 0; i < few.used.size(); i += 2)
    few.used[i] = false;
  const auto projected = outcomes(*parser_of(few), chunk, few);
  for (std::size_t i = 0; i < records.size(); ++i) {
    require(outcomes(*parser_of(options), chunk_of({records[i]}, writer), options)[0] == typed[i],
            "a record stands for itself: " + typed[i]);
    require(is_dead(typed[i]) || json[i] == typed[i],
            "json has the same values: " + json[i] + ", not " + typed[i]);
    require(is_dead(typed[i]) || !is_dead(projected[i]), "fewer columns are read as well: " + projected[i]);
    require(is_dead(json[i]) || avro::length_of(**schema, records[i]) == records[i].size(),
            "a row is a whole datum");
  }
  for (const auto form : {parser::prefix_form::confluent, parser::prefix_form::apicurio})
    check_prefix(form, options, records, writer, typed);
  // Any reader may be given, and any row that it gives is of bytes that the writer could have written.
  const auto wanted = avro::columns_of(**avro::parse_schema(reader));
  const auto read = options_of(*wanted);
  const auto resolved = outcomes(*parser_of(read, reader), chunk, read);
  for (std::size_t i = 0; i < records.size(); ++i)
    require(is_dead(resolved[i]) || avro::length_of(**schema, records[i]) == records[i].size(),
            "a resolved row is a whole datum");
  return 0;
}
