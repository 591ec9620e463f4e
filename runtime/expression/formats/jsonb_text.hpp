// The text that PostgreSQL writes of a jsonb, made of the text of a JSON value: members by the length of their names and then by bytes,
// of equal names the last one, one blank behind each colon and comma, numbers as numeric writes them, strings with the fewest escapes.
// Callers are jsonb's casts and functions; what they keep of a jsonb is this text and nothing else.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace millrace::expression {

enum class jsonb_reading : std::uint8_t {
  ok,
  no_text,       // a string within has NUL or a lone surrogate
  out_of_range,  // a number within has more digits than a numeric of PostgreSQL
  too_deep,      // more levels than deepest_json
  too_long,      // the text would have more than `most` bytes
};

/// Appends the jsonb of valid JSON. What stands in `out` before counts among the `most` bytes.
[[nodiscard]] jsonb_reading append_jsonb(std::string& out, std::string_view json, std::size_t most);
/// Says why the JSON is no jsonb; `how` is not ok.
[[nodiscard]] std::string why_no_jsonb(jsonb_reading how, std::string_view json);
/// Appends a string with its quotes and PostgreSQL's escapes.
void append_jsonb_string(std::string& out, std::string_view text);

/// Appends the lines that jsonb_pretty makes; false where they have more than `most` bytes.
[[nodiscard]] bool append_pretty(std::string& out, std::string_view jsonb, std::size_t most);
/// Appends the value without the members that are null, on all levels. Of json all other members stay, without blanks and with
/// PostgreSQL's escapes; its strings must be texts (holds_only_texts).
void append_without_nulls(std::string& out, std::string_view json, bool is_jsonb);

/// Counts the levels of lists and objects in valid JSON.
[[nodiscard]] std::size_t levels_of(std::string_view json);

}  // namespace millrace::expression
