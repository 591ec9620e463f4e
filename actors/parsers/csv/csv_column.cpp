#include "actors/parsers/csv/csv_column.hpp"

#include "actors/parsers/number.hpp"
#include "runtime/base/plain_number.hpp"
#include "runtime/base/time.hpp"
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

csv_column::csv_column(const data::field& column, parser_options::timestamp_format format)
    : name_(column.name), type_(column.type), format_(std::move(format)) {
  if (format_.kind == timestamp_kind::strptime) {
    auto compiled = expression::timestamp_pattern::compile(format_.pattern);
    assert(compiled && "formats are checked with the configuration");
    pattern_ = std::move(*compiled);
  }
}

bool csv_column::mismatch(std::string_view text, std::string_view expected, std::string& why) const {
  why = fmt::format("column \"{}\": found \"{}\", expected {}", name_, data::excerpt(text, longest_shown),
                    expected);
  return false;
}

template<class ReadShort>
void csv_column::read_each(field_list fields, record_errors& errors, ReadShort read_short) {
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const auto& field = fields[i];
    if (field.is_null()) {
      has_nulls_ = true;
    } else if (const auto text = field.text(); !read_short(text, i)) {
      std::string why;
      if (!read_any(text, i, why))
        errors.try_emplace(i, std::move(why));
    }
  }
}

void csv_column::read(field_list fields, record_errors& errors) {
  has_nulls_ = false;
  if (type_.id() == type_id::float64)
    reals_.resize(fields.size());
  else if (type_.id() == type_id::numeric)
    exacts_.resize(fields.size());
  else
    numbers_.resize(fields.size());
  switch (type_.id()) {
  case type_id::text:
    return;
  case type_id::bigint:
    return read_each(fields, errors, [numbers = numbers_.data()](std::string_view text, std::size_t i) {
      return read_short_integer(text, numbers[i]);
    });
  case type_id::float64:
    return read_each(fields, errors, [&](std::string_view text, std::size_t i) {
      return read_short_double(text, reals_[i]);
    });
  case type_id::numeric:
    return read_each(fields, errors, [&](std::string_view text, std::size_t i) {
      return to_plain_decimal(text, type_, exacts_[i]);
    });
  case type_id::timestamp:
    if (pattern_ && format_.zone == nullptr)
      return read_each(fields, errors, [&, numbers = numbers_.data()](std::string_view text, std::size_t i) {
        const auto t = pattern_->parse_common(text, format_.trailing_ignored, day_);
        if (!t || !is_timestamp(*t))
          return false;
        numbers[i] = *t;
        return true;
      });
    break;
  default:
    break;
  }
  read_each(fields, errors, [](std::string_view, std::size_t) { return false; });
}

bool csv_column::read_any(std::string_view text, std::size_t record, std::string& why) {
  switch (type_.id()) {
  case type_id::json:
    return expression::is_json(text) || mismatch(text, "JSON", why);
  case type_id::boolean: {
    bool value = false;
    if (expression::read_boolean(text, value) != reading::ok)
      return mismatch(text, "boolean (true or false); declare it text and cast it", why);
    numbers_[record] = value;
    return true;
  }
  case type_id::bigint: {
    const auto how = expression::read_bigint(text, numbers_[record]);
    if (how == reading::ok)
      return true;
    const auto trimmed = expression::trim_blanks(text);
    if (is_number(trimmed) && to_bigint(trimmed, numbers_[record]) == conversion::ok)
      return true;
    return mismatch(text,
                    how == reading::out_of_range ? "a number within the range of bigint"
                                                 : "bigint, a number without a fraction; declare it "
                                                   "double, or text",
                    why);
  }
  case type_id::float64: {
    const auto how = expression::read_double(text, reals_[record]);
    return how == reading::ok ||
           mismatch(text,
                    how == reading::out_of_range ? "a number within the range of double"
                                                 : "double; declare it text and cast it",
                    why);
  }
  case type_id::numeric:
    return read_numeric(text, exacts_[record], why);
  case type_id::timestamp:
    return read_timestamp(expression::trim_blanks(text), numbers_[record], why);
  case type_id::date:
    return read_date(text, numbers_[record], why);
  case type_id::text:  // read by then
  case type_id::object:
  case type_id::list:
    break;  // refused with the configuration
  }
  return false;
}

bool csv_column::read_numeric(std::string_view text, decimal& out, std::string& why) {
  auto number = expression::trim_blanks(text);
  if (read_decimal(number, out) == decimal_reading::malformed)
    return mismatch(text, type_.name() + "; declare it text and cast it", why);
  number.remove_prefix(number.starts_with('+') ? 1 : 0);
  const auto how = to_decimal(number, type_, out);
  return how == conversion::ok || mismatch(text, expected_decimal(number, how, type_), why);
}

bool csv_column::read_timestamp(std::string_view text, std::int64_t& out, std::string& why) {
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

bool csv_column::read_date(std::string_view text, std::int64_t& out, std::string& why) {
  const auto days = read_date_text(text, format_, pattern_, day_);
  if (!days)
    return mismatch(text, expected_date(format_), why);
  out = *days;
  return is_date(out) || mismatch(text, "a date within the years 1 to 9999", why);
}

void csv_column::append(field_list fields, data::column_builder& out) const {
  const auto has_null = [&] {
    bool found = false;
    for (std::size_t i = 0; i < fields.size(); ++i)
      found = found || fields[i].is_null();
    return found;
  };
  if (type_.is_bytes() ? !has_null() : !has_nulls_)
    switch (type_.id()) {
    case type_id::bigint:
    case type_id::timestamp:
    case type_id::date:
      return out.append_ints(numbers_);
    case type_id::float64:
      return out.append_doubles(reals_);
    case type_id::numeric:
      return out.append_decimals(exacts_);
    case type_id::text:
    case type_id::json:
      return out.append_texts(fields.size(), [&](std::size_t i) { return fields[i].text(); });
    default:
      break;
    }
  for (std::size_t i = 0; i < fields.size(); ++i)
    append(fields[i], i, out);
}

void csv_column::append(field_list fields, std::span<const std::uint32_t> records,
                        data::column_builder& out) const {
  for (const auto i : records)
    append(fields[i], i, out);
}

void csv_column::append(const csv_field& field, std::size_t record, data::column_builder& out) const {
  if (field.is_null())
    return out.append_null();
  switch (type_.id()) {
  case type_id::boolean:
    return out.append_boolean(numbers_[record] != 0);
  case type_id::bigint:
  case type_id::timestamp:
  case type_id::date:
    return out.append_int(numbers_[record]);
  case type_id::float64:
    return out.append_double(reals_[record]);
  case type_id::numeric:
    return out.append_decimal(exacts_[record]);
  default:
    return out.append_text(field.text());
  }
}

}  // namespace millrace::parser
