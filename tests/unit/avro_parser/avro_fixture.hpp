// Short ways to write a test of Avro records: a schema, bytes, rows as JSON text.
#pragma once

#include "actors/parsers/avro/avro_parser.hpp"
#include "tests/support/avro_bytes.hpp"
#include "tests/unit/json_parser/parser_fixture.hpp"

#include <fmt/format.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::parser {

using test::avro_long;
using test::avro_real;
using test::avro_text;
using namespace std::string_literals;
using namespace std::string_view_literals;

inline std::string record_schema(const std::string& fields, std::string_view name = "r") {
  return fmt::format(R"({{"type":"record","name":"{}","fields":[{}]}})", name, fields);
}
/// A record with one field `f` of that type.
inline std::string field_schema(std::string_view type, std::string_view more = {}) {
  return record_schema(fmt::format(R"({{"name":"f","type":{}{}}})", type, more));
}

inline std::unique_ptr<record_parser> avro_parser_of(parser_options o, const std::string& schema_file,
                                                     prefix_form prefix = prefix_form::none) {
  if (!schema_file.empty())
    o.schema_text = std::make_shared<const std::string>(schema_file);
  auto p = make_avro_parser(std::move(o), prefix);
  if (!p)
    FAIL(p.error().message);
  return std::move(*p);
}

/// The rows and the errors, in the order of the records.
inline std::vector<std::string> outcomes_of(const parsed& p) {
  std::vector<std::string> out(p.records.size() + p.dead.size() + p.filtered.size(), "filtered");
  const auto rows = rows_of(p);
  for (std::size_t i = 0; i < rows.size(); ++i)
    out[p.records[i]] = rows[i];
  for (const auto& d : p.dead)
    out[d.record] = d.error;
  return out;
}

/// What becomes of one record with the field `f`, whose column has this type.
inline std::string one(std::string_view field_type, const std::string& bytes, const data::type& column,
                       timestamp_format format = {}) {
  const auto parser =
      avro_parser_of(options_of({{"f", column, std::move(format)}}), field_schema(field_type));
  return outcomes_of(parser->parse(chunk_of({bytes}, false))).at(0);
}

/// What becomes of a record of the writer's schema, read by the reader's.
inline std::string resolved(const std::string& writer, const std::string& reader, const std::string& bytes,
                            std::vector<test_column> columns) {
  const auto parser = avro_parser_of(options_of(std::move(columns)), reader, prefix_form::confluent);
  auto c = chunk_of({"\0\0\0\0\7"s + bytes}, false);
  auto schemas = std::make_shared<source::record_schemas>();
  schemas->by_id.emplace(7, std::make_shared<const std::string>(writer));
  c.schemas = schemas;
  return outcomes_of(parser->parse(c)).at(0);
}

}  // namespace millrace::parser
