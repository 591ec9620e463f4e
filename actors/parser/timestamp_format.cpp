#include "actors/parser/timestamp_format.hpp"

#include <fmt/format.h>

namespace millrace::parser {

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
  return fmt::format(
      "a timestamp of the format \"{}\"{}", format.pattern,
      format.trailing_ignored ? "" : " and nothing behind it (\"trailing\": \"ignore\" allows that)");
}

}  // namespace millrace::parser
