// Short ways to write a parser test: options by column, a row as JSON text.
#pragma once

#include "actors/parsers/json/json_parser.hpp"
#include "runtime/data/render.hpp"
#include "tests/support/chunk_of.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

namespace millrace::parser {

using test::chunk_of;
using timestamp_format = parser_options::timestamp_format;
using format_kind = enum parser_options::timestamp_format::kind;

struct test_column {
  std::string name;
  data::type type;
  timestamp_format format{};
  bool used = true;
};

inline parser_options options_of(std::vector<test_column> declared, std::vector<std::string> hidden = {}) {
  parser_options o;
  std::vector<data::field> fields;
  for (auto& c : declared) {
    fields.push_back({c.name, c.type});
    o.formats.push_back(c.format);
    o.used.push_back(c.used);
  }
  o.declared = declared.size();
  for (auto& name : hidden) {
    const auto type = name == "_timestamp"                               ? data::type_id::timestamp
                      : name == "_position" || name == "_timestamp_type" ? data::type_id::bigint
                      : name == "_headers"                               ? data::type_id::json
                                                                         : data::type_id::text;
    fields.push_back({name, type});
    o.used.push_back(true);
  }
  o.schema = std::make_shared<data::schema>(std::move(fields));
  return o;
}

inline std::vector<std::string> rows_of(const parsed& p) {
  std::vector<std::string> out;
  for (std::size_t row = 0; row < p.rows.rows; ++row) {
    std::string text;
    for (std::size_t i = 0; i < p.rows.columns.size(); ++i) {
      if (i != 0)
        text += ' ';
      if (p.rows.columns[i])
        data::append_json_value(text, *p.rows.columns[i], row);
      else
        text += '-';
    }
    out.push_back(std::move(text));
  }
  return out;
}

/// Gives what one record becomes under a column "v": the value as JSON, or "dead: " and the error.
inline std::string value_of(const std::string& record, const test_column& column,
                            bool validate_whole = true) {
  auto options = options_of({column});
  options.validate_whole = validate_whole;
  const auto p = make_json_parser(options)->parse(chunk_of({record}));
  REQUIRE(p.records.size() + p.dead.size() + p.filtered.size() == 1);
  if (!p.dead.empty())
    return "dead: " + p.dead[0].error;
  return !p.filtered.empty() ? "blank" : rows_of(p)[0];
}

}  // namespace millrace::parser
