#include "actors/parser/timestamp_format.hpp"

#include "runtime/expression/formats/number_text.hpp"
#include "runtime/expression/formats/time_text.hpp"

#include <fmt/format.h>

namespace millrace::parser {

std::optional<event_micros> read_timestamp_text(std::string_view text,
                                                const std::optional<expression::timestamp_pattern>& pattern,
                                                bool trailing_ignored, day_memory& day) {
  text = expression::trim_blanks(text);
  if (pattern)
    return pattern->parse(text, trailing_ignored, day);
  const auto t = expression::parse_timestamp(text, day);
  return t ? std::optional(*t) : std::nullopt;
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
                         ? ", and no AM, PM or zone behind it that the format does not read"
                         : " and nothing behind it (\"trailing\": \"ignore\" allows that)");
}

}  // namespace millrace::parser
