// A schema and arbitrary records through the JSON parser. It must agree with simdjson's DOM on what is a JSON
// object; say the same of each record whether it stands alone or among others, with a newline between or
// nothing; say the same whichever columns are read; and where `validate: projected` and the whole check both
// take a record, they read the same values. A text of several is split alike however its bytes come.
#include "actors/connectors/file/source/value_end.hpp"
#include "actors/parsers/json/json_parser.hpp"
#include "tests/fuzz/record_schema.hpp"
#include "tests/fuzz/require.hpp"
#include "tests/fuzz/sections.hpp"

#include <simdjson.h>

#include <algorithm>
#include <memory>

namespace {

using namespace millrace;
using fuzz::outcomes;
using fuzz::require;

bool is_object(const std::string& record) {
  static simdjson::dom::parser parser;
  simdjson::dom::element root;
  std::string_view text = record;
  if (text.starts_with("\xEF\xBB\xBF"))
    text.remove_prefix(3);
  return parser.parse(simdjson::padded_string(text)).get(root) == simdjson::SUCCESS && root.is_object();
}

/// simdjson also refuses numbers that no double holds, which are fine in members that nobody declared.
bool has_number(const std::string& record) { return record.find_first_of("0123456789") != std::string::npos; }

void agrees_with_simdjson(const std::string& record, const std::string& outcome) {
  const bool not_json = outcome.starts_with("dead not JSON") || outcome.starts_with("dead the record");
  if (is_object(record))
    require(!not_json || outcome.find("nested deeper") != std::string::npos,
            "an object is taken: " + outcome);
  else
    require(not_json || outcome == "blank" || has_number(record), "what is not an object is not: " + outcome);
}

bool is_dead(const std::string& outcome) { return outcome.starts_with("dead "); }

std::unique_ptr<parser::record_parser> parser_of(const parser::parser_options& options) {
  return fuzz::parser_of(options,
                         [](parser::parser_options o) { return parser::make_json_parser(std::move(o)); });
}

void same_with_other_columns(const parser::parser_options& options, const source::chunk& records,
                             const std::vector<std::string>& expected) {
  auto all = options;
  std::fill_n(all.used.begin(), all.declared, true);
  require(outcomes(*parser_of(all), records, options) == expected, "which columns are read does not matter");
  auto projected = options;
  projected.validate_whole = false;
  const auto values = outcomes(*parser_of(projected), records, options);
  for (std::size_t i = 0; i < expected.size(); ++i)
    require(is_dead(expected[i]) || values[i] == expected[i],
            "a record that is whole is taken alike without the check: " + values[i] + ", not " + expected[i]);
}

/// Splits a text as `framing: values` does, for any part of it that is there.
void values_end_alike(std::string_view text) {
  constexpr std::size_t looked_at = 200;  // each end is looked for in all that may have come
  text = text.substr(0, looked_at);
  while (!text.empty()) {
    const auto end = source::end_of_value(text, true);
    require(end && *end > 0 && *end <= text.size(), "a record ends within its text");
    for (std::size_t size = 1; size < text.size() && !source::begins_blank(text); ++size) {
      const auto part = source::end_of_value(text.substr(0, size), false);
      require(!part || part == end, "the end of a record does not depend on what has come");
    }
    text.remove_prefix(*end);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  values_end_alike({reinterpret_cast<const char*>(data), size});
  // the first section: the schema
  auto records = fuzz::sections(data, size);
  const auto schema = std::move(records.front());
  records.erase(records.begin());
  if (records.empty())
    return 0;
  const auto options = fuzz::options_of(schema);
  const bool nulls = schema.find('N') != std::string::npos;
  const auto parser = parser_of(options);
  const auto chunk = fuzz::chunk_of(records, false, nulls);
  const auto joined = outcomes(*parser, chunk, options);
  require(outcomes(*parser, fuzz::chunk_of(records, true, nulls), options) == joined,
          "newlines between records do not matter");
  for (std::size_t i = 0; i < records.size(); ++i) {
    require(outcomes(*parser, fuzz::chunk_of({records[i]}, false, nulls), options)[0] == joined[i],
            "a record stands for itself: " + joined[i]);
    if (!nulls || !records[i].empty())
      agrees_with_simdjson(records[i], joined[i]);
  }
  same_with_other_columns(options, chunk, joined);
  return 0;
}
