// Rows as text, the one way in which every sink, report and dead letter writes values as JSON or as plain
// text: timestamps 2021-04-24T19:55:00.796Z, doubles in their shortest form, numerics with all digits of their
// scale, JSON nulls written, columns in schema order.
#pragma once

#include "runtime/data/batch.hpp"

#include <string>
#include <string_view>

namespace millrace::data {

/// A JSON string with quotes; control characters escaped, UTF-8 as it is, U+FFFD for bytes that are not.
void append_json_string(std::string& out, std::string_view text);
/// Shortest decimal that reads back the same; "NaN", "Infinity", "-Infinity".
void append_double(std::string& out, double v);
/// One value; Inf and NaN as strings, `json` columns verbatim.
void append_json_value(std::string& out, const column& c, std::size_t row);
/// {"a":1,"b":null}, no newline.
void append_json_row(std::string& out, const batch& b, std::size_t row);
/// The bare text of a scalar (nested: its JSON); nothing for null.
void append_text_value(std::string& out, const column& c, std::size_t row);

/// a,b,c without newline; quoted where needed.
void append_csv_header(std::string& out, const schema& s);
/// Null empty, empty text `""`; quoted where it holds comma, quote or line break.
void append_csv_row(std::string& out, const batch& b, std::size_t row);

}  // namespace millrace::data
