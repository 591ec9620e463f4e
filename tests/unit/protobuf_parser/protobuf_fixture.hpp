// Short ways to write a test of the Protobuf parser: schemas as text, records as bytes, rows as JSON.
#pragma once

#include "actors/parsers/protobuf/message_plan.hpp"
#include "actors/parsers/protobuf/protobuf_parser.hpp"
#include "actors/parsers/protobuf/schema_files.hpp"
#include "runtime/data/render.hpp"
#include "tests/support/chunk_of.hpp"

#include <catch2/catch.hpp>

#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

namespace millrace::parser {

inline const std::string protobuf_folder = "tests/unit/protobuf_parser/";

inline std::string bytes_of_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  REQUIRE(in);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline std::shared_ptr<const protobuf::schema> schema_of(const std::string& source) {
  auto s = protobuf::schema::of_source(source, "test.proto");
  INFO((s ? std::string() : s.error().message));
  REQUIRE(s);
  return *s;
}

inline std::shared_ptr<const protobuf::schema> schema_of_file(const std::string& name) {
  auto s = protobuf::schema::of_file(protobuf_folder + name);
  INFO((s ? std::string() : s.error().message));
  REQUIRE(s);
  return *s;
}

struct protobuf_case {
  std::shared_ptr<const protobuf::schema> schema{};  // of the schema file; null: there is none
  std::string message{};
  prefix_form prefix = prefix_form::none;
  std::vector<data::field> columns{};  // none: those of the message
  std::shared_ptr<const source::record_schemas> registered{};
  std::vector<bool> used{};
};

inline parser_options options_of(const protobuf_case& c) {
  auto columns = c.columns;
  if (columns.empty())
    columns = protobuf::columns_of(**c.schema->find(c.message)).value();
  parser_options o;
  o.declared = columns.size();
  o.used = c.used.empty() ? std::vector<bool>(columns.size(), true) : c.used;
  o.formats.resize(columns.size());
  o.schema = std::make_shared<data::schema>(std::move(columns));
  if (c.schema)
    o.schema_text = std::make_shared<const std::string>(c.schema->bytes());
  return o;
}

/// What each record becomes: its row as JSON, or "dead: " and the error.
inline std::vector<std::string> rows_of(const protobuf_case& c, const std::vector<std::string>& records) {
  auto options = options_of(c);
  auto p = make_protobuf_parser(std::move(options), {c.message, c.prefix});
  REQUIRE(p);
  auto chunk = test::chunk_of(records, false);
  chunk.schemas = c.registered;
  const auto parsed = (*p)->parse(chunk);
  std::vector<std::string> out(records.size(), "nothing");
  for (std::size_t row = 0; row < parsed.rows.rows; ++row) {
    auto& text = out[parsed.records[row]];
    text = "{";
    for (std::size_t i = 0; i < parsed.rows.columns.size(); ++i) {
      if (!parsed.rows.columns[i])
        continue;
      REQUIRE(parsed.rows.columns[i]->size() == parsed.rows.rows);
      if (text.size() > 1)
        text += ',';
      text += '"' + (*parsed.rows.schema)[i].name + "\":";
      data::append_json_value(text, *parsed.rows.columns[i], row);
    }
    text += '}';
  }
  for (const auto& d : parsed.dead)
    out[d.record] = "dead: " + d.error;
  return out;
}

inline std::string row_of(const protobuf_case& c, const std::string& record) {
  return rows_of(c, {record})[0];
}

inline std::string varint(std::uint64_t v) {
  std::string out;
  for (; v >= 0x80; v >>= 7)
    out += static_cast<char>(v | 0x80);
  return out + static_cast<char>(v);
}
inline std::string field(std::uint32_t number, std::uint64_t value) {
  return varint(number << 3) + varint(value);
}
inline std::string field(std::uint32_t number, const std::string& bytes) {
  return varint(number << 3 | 2) + varint(bytes.size()) + bytes;
}

}  // namespace millrace::parser
