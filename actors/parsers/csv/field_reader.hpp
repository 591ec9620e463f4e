// From a CSV field to a column's value: empty is null, "" the empty text; numbers, booleans and timestamps as
// PostgreSQL reads them, integral numbers such as 12.0 too.
#pragma once

#include "actors/parsers/csv/csv_fields.hpp"
#include "actors/parsers/timestamp_format.hpp"
#include "runtime/base/plain_number.hpp"
#include "runtime/expression/formats/timestamp_pattern.hpp"

#include <optional>
#include <string>

namespace millrace::parser {

/// A value that was read: what its column's type has of these.
struct csv_value {
  bool null = true;
  std::int64_t number = 0;  // bigint, timestamp, boolean
  double real = 0;
  std::string_view text;  // text, json
};

class field_reader {
public:
  field_reader(const data::field& column, parser_options::timestamp_format format);
  /// False leaves the error in why.
  [[nodiscard]] bool read(const csv_field& field, csv_value& out, std::string& why) {
    out.null = field.text.empty() && !field.quoted;
    if (out.null)
      return true;
    switch (type_.id()) {
    case data::type_id::text:
      out.text = field.text;
      return true;
    case data::type_id::bigint:
      return read_plain_integer(field.text, out.number) || read_any(field.text, out, why);
    case data::type_id::float64:
      return read_plain_double(field.text, out.real) || read_any(field.text, out, why);
    default:
      return read_any(field.text, out, why);
    }
  }
  void append(const csv_value& v, data::column_builder& out) const;

private:
  [[nodiscard]] bool read_any(std::string_view text, csv_value& out, std::string& why);
  [[nodiscard]] bool read_timestamp(std::string_view text, std::int64_t& out, std::string& why);
  bool mismatch(std::string_view text, std::string_view expected, std::string& why) const;

  std::string name_;
  data::type type_;
  parser_options::timestamp_format format_;
  std::optional<expression::timestamp_pattern> pattern_;
  day_memory day_;
};

}  // namespace millrace::parser
