// From a scalar of a binary record (Avro, Protobuf) to a value of a declared column, as the parser json reads the like
// value: whole numbers also into double and numeric, texts and numbers into timestamps and dates by their formats,
// scalars into text, everything into json.
#pragma once

#include "actors/parsers/timestamp_format.hpp"
#include "runtime/base/day_memory.hpp"
#include "runtime/data/column.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace millrace::parser {

/// What a record's schema says of a scalar.
enum class scalar : std::uint8_t { boolean, integer, real, numeric, text, timestamp, date };

/// Returns why no value of that kind becomes one of the type, as the end of a sentence with a remedy; empty where they may.
/// The type is not nested.
[[nodiscard]] std::string why_not(scalar kind, const data::type& type,
                                  const parser_options::timestamp_format& format);

class typed_value {
public:
  /// The type is not nested, and the format was checked with the configuration.
  typed_value(data::type type, parser_options::timestamp_format format);

  [[nodiscard]] const data::type& type() const { return type_; }
  // Each appends the value to a builder of that type, or leaves why() as the error and appends nothing.
  [[nodiscard]] bool append_boolean(bool v, data::column_builder& out);
  [[nodiscard]] bool append_integer(std::int64_t v, data::column_builder& out);
  /// NaN and the infinities are texts as json and text, and no numerics, whole numbers or times.
  [[nodiscard]] bool append_real(double v, data::column_builder& out);
  [[nodiscard]] bool append_numeric(const decimal& v, data::column_builder& out);
  /// Bytes that are no UTF-8 without NUL are an error.
  [[nodiscard]] bool append_text(std::string_view v, data::column_builder& out);
  [[nodiscard]] bool append_timestamp(event_micros v, data::column_builder& out);
  [[nodiscard]] bool append_date(std::int64_t days, data::column_builder& out);
  /// `found the text "x", expected bigint; declare it text and cast it`.
  [[nodiscard]] const std::string& why() const { return why_; }

private:
  /// A number by its digits, as it would stand in JSON.
  [[nodiscard]] bool append_digits(std::string_view digits, data::column_builder& out);
  [[nodiscard]] bool append_epoch(std::string_view digits, std::string_view shown, data::column_builder& out);
  [[nodiscard]] bool append_time(std::optional<std::int64_t> v, std::string_view shown,
                                 data::column_builder& out);
  /// Quotes the text where it is none of JSON's words and numbers.
  bool append_as_bytes(std::string_view text, bool quoted, data::column_builder& out);
  bool mismatch(std::string_view found, std::string_view expected);

  data::type type_;
  parser_options::timestamp_format format_;
  std::optional<expression::timestamp_pattern> pattern_;
  day_memory day_;
  std::string scratch_;
  std::string why_;
};

}  // namespace millrace::parser
