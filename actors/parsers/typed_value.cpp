#include "actors/parsers/typed_value.hpp"

#include "actors/parsers/number.hpp"
#include "runtime/data/render.hpp"
#include "runtime/data/text_encoding.hpp"

#include <fmt/format.h>

#include <cassert>
#include <cmath>

namespace millrace::parser {
namespace {

using data::type_id;

/// Bytes of a value that an error shows.
constexpr std::size_t longest_shown = 48;

bool is_number(scalar kind) {
  return kind == scalar::integer || kind == scalar::real || kind == scalar::numeric;
}

bool is_epoch(const parser_options::timestamp_format& format) {
  return format.kind != timestamp_kind::iso && format.kind != timestamp_kind::strptime;
}

/// What one of these units is in microseconds.
std::int64_t micros_of(timestamp_kind epoch) {
  return epoch == timestamp_kind::epoch_s ? 1'000'000 : epoch == timestamp_kind::epoch_ms ? 1'000 : 1;
}

/// The type to declare.
std::string_view type_of(scalar kind) {
  switch (kind) {
  case scalar::boolean:
    return "boolean";
  case scalar::integer:
    return "bigint";
  case scalar::real:
    return "double";
  case scalar::numeric:
    return "numeric";
  case scalar::text:
    return "text";
  case scalar::timestamp:
    return "timestamp";
  case scalar::date:
    return "date";
  }
  return {};
}

std::string why_no_time(scalar kind, const data::type& type, const parser_options::timestamp_format& format) {
  const bool is_date = type.id() == type_id::date;
  if (kind == (is_date ? scalar::date : scalar::timestamp))
    return is_epoch(format) || format.kind == timestamp_kind::strptime || format.zone != nullptr
               ? fmt::format("it is a {} already; leave \"format\" and \"zone\" out", type.name())
               : std::string();
  if (kind == scalar::text)
    return {};
  if (is_number(kind))
    return is_epoch(format)
               ? std::string()
               : fmt::format("say its \"format\": {}",
                             is_date ? "\"epoch_d\"" : "\"epoch_s\", \"epoch_ms\" or \"epoch_us\"");
  if (kind == scalar::timestamp)
    return "declare it timestamp, and cast it in a select: (x)::date";
  return "declare it text, or json";
}

}  // namespace

std::string why_not(scalar kind, const data::type& type, const parser_options::timestamp_format& format) {
  const auto only = [&](bool takes) {
    return takes                  ? std::string()
           : kind == scalar::text ? std::string("it holds text; declare it text, and cast it in a select")
                                  : fmt::format("it holds {}; declare it {}, or text and cast it in a select",
                                                type_of(kind), type_of(kind));
  };
  switch (type.id()) {
  case type_id::text:
  case type_id::json:
    return {};
  case type_id::boolean:
    return only(kind == scalar::boolean);
  case type_id::bigint:
  case type_id::float64:
  case type_id::numeric:
    return only(is_number(kind));
  case type_id::timestamp:
  case type_id::date:
    return why_no_time(kind, type, format);
  case type_id::object:
  case type_id::list:
    return fmt::format("it holds {}, no {}; declare it {}", type_of(kind),
                       type.id() == type_id::list ? "list" : "nested columns", type_of(kind));
  }
  return {};
}

typed_value::typed_value(data::type type, parser_options::timestamp_format format)
    : type_(std::move(type)), format_(std::move(format)) {
  if (format_.kind == timestamp_kind::strptime) {
    auto pattern = expression::timestamp_pattern::compile(format_.pattern);
    assert(pattern && "formats are checked with the configuration");
    pattern_ = std::move(*pattern);
  }
}

bool typed_value::mismatch(std::string_view found, std::string_view expected) {
  why_ = fmt::format("found {}, expected {}", found, expected);
  return false;
}

bool typed_value::append_as_bytes(std::string_view text, bool quoted, data::column_builder& out) {
  if (quoted && type_.id() == type_id::json) {
    std::string json;
    data::append_json_string(json, text);
    out.append_text(json);
  } else {
    out.append_text(text);
  }
  return true;
}

bool typed_value::append_boolean(bool v, data::column_builder& out) {
  const std::string_view text = v ? "true" : "false";
  if (type_.id() == type_id::boolean) {
    out.append_boolean(v);
    return true;
  }
  return type_.is_bytes() ? append_as_bytes(text, false, out)
                          : mismatch(fmt::format("the boolean {}", text), type_.name());
}

bool typed_value::append_integer(std::int64_t v, data::column_builder& out) {
  switch (type_.id()) {
  case type_id::bigint:
    out.append_int(v);
    return true;
  case type_id::float64:
    out.append_double(static_cast<double>(v));
    return true;
  case type_id::numeric:
    return append_numeric(decimal_of(v), out);
  case type_id::timestamp: {
    std::int64_t t = 0;
    if (!is_epoch(format_) || __builtin_mul_overflow(v, micros_of(format_.kind), &t) || !is_timestamp(t))
      break;
    out.append_int(t);
    return true;
  }
  case type_id::date:
    if (!is_epoch(format_) || !is_date(v))
      break;
    out.append_int(v);
    return true;
  default:
    break;
  }
  return append_digits(fmt::to_string(v), out);
}

bool typed_value::append_real(double v, data::column_builder& out) {
  if (type_.id() == type_id::float64) {
    out.append_double(v);
    return true;
  }
  scratch_.clear();
  data::append_double(scratch_, v);
  if (std::isfinite(v))
    return append_digits(scratch_, out);
  return type_.is_bytes() ? append_as_bytes(scratch_, true, out) : mismatch(scratch_, type_.name());
}

bool typed_value::append_numeric(const decimal& v, data::column_builder& out) {
  if (type_.id() == type_id::numeric)
    if (const auto fit = data::fitted(v, type_)) {
      out.append_decimal(*fit);
      return true;
    }
  return append_digits(text_of(v), out);
}

bool typed_value::append_digits(std::string_view digits, data::column_builder& out) {
  const auto number = [&] { return fmt::format("the number {}", data::excerpt(digits, longest_shown)); };
  switch (type_.id()) {
  case type_id::text:
  case type_id::json:
    return append_as_bytes(digits, false, out);
  case type_id::bigint: {
    std::int64_t v = 0;
    const auto how = to_bigint(digits, v);
    if (how != conversion::ok)
      return mismatch(number(), how == conversion::out_of_range
                                    ? "a number within the range of bigint; declare it numeric"
                                    : "bigint, a number without a fraction; declare it double or numeric");
    out.append_int(v);
    return true;
  }
  case type_id::float64: {
    double v = 0;
    if (to_double(digits, v) != conversion::ok)
      return mismatch(number(), "a number within the range of double; declare it numeric");
    out.append_double(v);
    return true;
  }
  case type_id::numeric: {
    decimal v;
    const auto how = to_decimal(digits, type_, v);
    if (how != conversion::ok)
      return mismatch(number(), expected_decimal(digits, how, type_));
    out.append_decimal(v);
    return true;
  }
  case type_id::timestamp:
  case type_id::date:
    if (is_epoch(format_))
      return append_epoch(digits, digits, out);
    return mismatch(number(),
                    type_.id() == type_id::date
                        ? "a date as text; for a number of days since 1970 say \"format\": \"epoch_d\""
                        : "a timestamp as text; for a number say \"format\": \"epoch_s\", "
                          "\"epoch_ms\" or \"epoch_us\"");
  default:
    return mismatch(number(), type_.name());
  }
}

bool typed_value::append_epoch(std::string_view digits, std::string_view shown, data::column_builder& out) {
  return append_time(type_.id() == type_id::date ? read_date_text(digits, format_, pattern_, day_)
                                                 : read_epoch(digits, format_.kind),
                     shown, out);
}

bool typed_value::append_time(std::optional<std::int64_t> v, std::string_view shown,
                              data::column_builder& out) {
  const bool is_day = type_.id() == type_id::date;
  if (!v)
    return mismatch(fmt::format("\"{}\"", data::excerpt(shown, longest_shown)),
                    is_day ? expected_date(format_)
                    : format_.kind == timestamp_kind::iso
                        ? "a timestamp such as 2021-04-24T19:55:00.796Z; say its \"format\""
                        : expected_timestamp(format_));
  if (!(is_day ? is_date(*v) : is_timestamp(*v))) {
    why_ = fmt::format(
        "the {} {} {}{}", is_day ? "date" : "timestamp", data::excerpt(shown, longest_shown),
        beyond_timestamps,
        is_epoch(format_) && !is_day ? "; does its \"format\" (epoch_s, epoch_ms, epoch_us) fit?" : "");
    return false;
  }
  out.append_int(*v);
  return true;
}

bool typed_value::append_text(std::string_view v, data::column_builder& out) {
  // A text of a time has no other bytes.
  std::optional<std::int64_t> time;
  if (type_.id() == type_id::timestamp)
    time = is_epoch(format_) ? read_epoch(v, format_.kind) : read_timestamp_text(v, format_, pattern_, day_);
  else if (type_.id() == type_id::date)
    time = read_date_text(v, format_, pattern_, day_);
  if (time)
    return append_time(time, v, out);
  if (const auto why = data::why_no_text(v); !why.empty()) {
    why_ = fmt::format("the text {}", why);
    return false;
  }
  switch (type_.id()) {
  case type_id::text:
    out.append_text(v);
    return true;
  case type_id::json:
    return append_as_bytes(v, true, out);
  case type_id::timestamp:
  case type_id::date:
    return append_time(std::nullopt, v, out);
  default:
    return mismatch(fmt::format("the text \"{}\"", data::excerpt(v, longest_shown)),
                    fmt::format("{}; declare it text and cast it", type_.name()));
  }
}

bool typed_value::append_timestamp(event_micros v, data::column_builder& out) {
  if (type_.id() == type_id::timestamp && is_timestamp(v)) {
    out.append_int(v);
    return true;
  }
  if (type_.id() == type_id::timestamp)
    return append_time(v, fmt::format("{} microseconds after 1970", v), out);
  const auto text = format_timestamp(v);
  return type_.is_bytes() ? append_as_bytes(text, true, out)
                          : mismatch(fmt::format("the timestamp {}", text), type_.name());
}

bool typed_value::append_date(std::int64_t days, data::column_builder& out) {
  if (type_.id() == type_id::date && is_date(days)) {
    out.append_int(days);
    return true;
  }
  if (type_.id() == type_id::date)
    return append_time(days, fmt::format("{} days after 1970", days), out);
  scratch_.clear();
  millrace::append_date(scratch_, days);
  return type_.is_bytes() ? append_as_bytes(scratch_, true, out)
                          : mismatch(fmt::format("the date {}", scratch_), type_.name());
}

}  // namespace millrace::parser
