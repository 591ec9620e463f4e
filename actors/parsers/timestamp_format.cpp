#include "actors/parsers/timestamp_format.hpp"

#include "actors/parsers/number.hpp"
#include "runtime/expression/formats/number_text.hpp"
#include "runtime/expression/formats/time_text.hpp"

#include <fmt/format.h>

#include <limits>

namespace millrace::parser {

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
  case timestamp_kind::iso:
  case timestamp_kind::strptime:
    break;
  }
  return fmt::format("a timestamp of the format \"{}\"{}", format.pattern,
                     format.trailing_ignored
                         ? format.zone != nullptr
                               ? ", and no AM, PM or zone after it but the column's"
                               : ", and no AM, PM or zone after it that the format does not read"
                         : " and nothing after it (\"trailing\": \"ignore\" allows that)");
}

}  // namespace millrace::parser
