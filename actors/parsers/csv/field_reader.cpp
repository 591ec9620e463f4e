#include "actors/parsers/csv/field_reader.hpp"

#include "actors/parsers/number.hpp"
#include "runtime/data/text_encoding.hpp"
#include "runtime/expression/formats/json_text.hpp"
#include "runtime/expression/formats/number_text.hpp"

#include <fmt/format.h>

#include <cassert>

namespace millrace::parser {
namespace {

using data::type_id;
using expression::reading;

/// Bytes of a value that an error shows.
constexpr std::size_t longest_shown = 48;

}  // namespace

field_reader::field_reader(const data::field& column, parser_options::timestamp_format format)
    : name_(column.name), type_(column.type), format_(std::move(format)) {
  if (format_.kind == timestamp_kind::strptime) {
    auto compiled = expression::timestamp_pattern::compile(format_.pattern);
    assert(compiled && "formats are checked with the configuration");
    pattern_ = std::move(*compiled);
  }
}

bool field_reader::mismatch(std::string_view text, std::string_view expected, std::string& why) const {
  why = fmt::format("column \"{}\": found \"{}\", expected {}", name_, data::excerpt(text, longest_shown),
                    expected);
  return false;
}

bool field_reader::read_any(std::string_view text, csv_value& out, std::string& why) {
  switch (type_.id()) {
  case type_id::json:
    out.text = text;
    return expression::is_json(text) || mismatch(text, "JSON", why);
  case type_id::boolean: {
    bool value = false;
    if (expression::read_boolean(text, value) != reading::ok)
      return mismatch(text, "boolean (true or false); declare it text and cast it", why);
    out.number = value;
    return true;
  }
  case type_id::bigint: {
    const auto how = expression::read_bigint(text, out.number);
    if (how == reading::ok)
      return true;
    const auto trimmed = expression::trim_blanks(text);
    if (is_number(trimmed) && to_bigint(trimmed, out.number) == conversion::ok)
      return true;
    return mismatch(text,
                    how == reading::out_of_range ? "a number within the range of bigint"
                                                 : "bigint, a number without a fraction; declare it "
                                                   "double, or text",
                    why);
  }
  case type_id::float64: {
    const auto how = expression::read_double(text, out.real);
    return how == reading::ok ||
           mismatch(text,
                    how == reading::out_of_range ? "a number within the range of double"
                                                 : "double; declare it text and cast it",
                    why);
  }
  case type_id::timestamp:
    return read_timestamp(expression::trim_blanks(text), out.number, why);
  case type_id::text:  // read by then
  case type_id::object:
  case type_id::list:
    break;  // refused with the configuration
  }
  return false;
}

bool field_reader::read_timestamp(std::string_view text, std::int64_t& out, std::string& why) {
  const bool epoch = format_.kind != timestamp_kind::iso && format_.kind != timestamp_kind::strptime;
  const auto t = pattern_ ? pattern_->parse(text, format_.trailing_ignored, day_, format_.zone)
                 : epoch  ? read_epoch(text, format_.kind)
                          : read_timestamp_text(text, format_, pattern_, day_);
  if (!t)
    return mismatch(text,
                    format_.kind == timestamp_kind::iso
                        ? "a timestamp such as 2021-04-24T19:55:00.796Z; say its \"format\""
                        : expected_timestamp(format_),
                    why);
  out = *t;
  return is_timestamp(out) || mismatch(text, "a timestamp within the years 1 to 9999", why);
}

void field_reader::append(const csv_value& v, data::column_builder& out) const {
  if (v.null)
    return out.append_null();
  switch (type_.id()) {
  case type_id::boolean:
    return out.append_boolean(v.number != 0);
  case type_id::bigint:
  case type_id::timestamp:
    return out.append_int(v.number);
  case type_id::float64:
    return out.append_double(v.real);
  default:
    return out.append_text(v.text);
  }
}

}  // namespace millrace::parser
