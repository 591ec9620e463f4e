#include "actors/parsers/timestamp_format.hpp"

#include "actors/parsers/number.hpp"
#include "runtime/expression/formats/number_text.hpp"
#include "runtime/expression/formats/time_text.hpp"

#include <fmt/format.h>

#include <limits>

namespace millrace::parser {
namespace {

std::string expected_by_pattern(const parser_options::timestamp_format& format) {
  return fmt::format("\"{}\"{}", format.pattern,
                     format.trailing_ignored
                         ? format.zone != nullptr
                               ? ", and no AM, PM or zone after it but the column's"
                               : ", and no AM, PM or zone after it that the format does not read"
                         : " and nothing after it (\"trailing\": \"ignore\" allows that)");
}

parser_options::timestamp_format format_of(const config::timestamp_format& f) {
  parser_options::timestamp_format out;
  out.trailing_ignored = f.trailing_ignored;
  out.zone = f.zone;
  if (f.format.empty())
    out.kind = timestamp_kind::iso;
  else if (f.format == "epoch_s")
    out.kind = timestamp_kind::epoch_s;
  else if (f.format == "epoch_ms")
    out.kind = timestamp_kind::epoch_ms;
  else if (f.format == "epoch_us")
    out.kind = timestamp_kind::epoch_us;
  else if (f.format == "epoch_d")
    out.kind = timestamp_kind::epoch_d;
  else {
    out.kind = timestamp_kind::strptime;
    out.pattern = f.format;
  }
  out.members = formats_of(f.members);
  return out;
}

}  // namespace

std::vector<parser_options::timestamp_format> formats_of(const std::vector<config::timestamp_format>& all) {
  std::vector<parser_options::timestamp_format> out;
  for (const auto& f : all)
    out.push_back(format_of(f));
  return out;
}

parser_options::timestamp_format format_at(const std::vector<parser_options::timestamp_format>& formats,
                                           std::size_t i) {
  return i < formats.size() ? formats[i] : parser_options::timestamp_format{};
}

std::optional<event_micros> read_timestamp_text(std::string_view text,
                                                const parser_options::timestamp_format& format,
                                                const std::optional<expression::timestamp_pattern>& pattern,
                                                day_memory& day) {
  text = expression::trim_blanks(text);
  if (pattern)
    return pattern->parse(text, format.trailing_ignored, day, format.zone);
  const auto t = expression::parse_timestamp(text, day, format.zone);
  return t ? std::optional(*t) : std::nullopt;
}

std::optional<event_micros> read_epoch(std::string_view text, timestamp_kind epoch) {
  text = expression::trim_blanks(text);
  if (!is_number(text))
    return std::nullopt;
  const int decimals_to_micros = epoch == timestamp_kind::epoch_s    ? 6
                                 : epoch == timestamp_kind::epoch_ms ? 3
                                                                     : 0;
  std::int64_t out = 0;
  return to_rounded(text, decimals_to_micros, out) == conversion::ok
             ? out
             : std::numeric_limits<event_micros>::max();
}

std::string expected_timestamp(const parser_options::timestamp_format& format) {
  switch (format.kind) {
  case timestamp_kind::epoch_s:
    return "a timestamp as a number of seconds since 1970";
  case timestamp_kind::epoch_ms:
    return "a timestamp as a number of milliseconds since 1970";
  case timestamp_kind::epoch_us:
    return "a timestamp as a number of microseconds since 1970";
  case timestamp_kind::epoch_d:
  case timestamp_kind::iso:
  case timestamp_kind::strptime:
    break;
  }
  return "a timestamp of the format " + expected_by_pattern(format);
}

std::optional<std::int64_t> read_date_text(std::string_view text,
                                           const parser_options::timestamp_format& format,
                                           const std::optional<expression::timestamp_pattern>& pattern,
                                           day_memory& day) {
  text = expression::trim_blanks(text);
  if (format.kind == timestamp_kind::epoch_d) {
    std::int64_t days = 0;
    if (!is_number(text))
      return std::nullopt;
    switch (to_bigint(text, days)) {
    case conversion::ok:
      return days;
    case conversion::not_integral:
      return std::nullopt;
    case conversion::out_of_range:
      return std::numeric_limits<std::int64_t>::max();
    }
  }
  if (pattern) {
    const auto t = pattern->parse(text, format.trailing_ignored, day);
    return t ? std::optional(expression::day_of(*t)) : std::nullopt;
  }
  std::int64_t days = 0;
  return expression::read_date(text, days) == expression::reading::ok ? std::optional(days) : std::nullopt;
}

std::string expected_date(const parser_options::timestamp_format& format) {
  if (format.kind == timestamp_kind::epoch_d)
    return "a date as a whole number of days since 1970";
  return format.kind == timestamp_kind::iso ? std::string("a date such as 2021-04-24; say its \"format\"")
                                            : "a date of the format " + expected_by_pattern(format);
}

}  // namespace millrace::parser
