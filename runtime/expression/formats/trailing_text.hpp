// Text behind what a directive, or a whole pattern of timestamps, has read: whether a token goes on in it, and whether it
// says another moment. timestamp_pattern.cpp asks.
#pragma once

#include "runtime/base/scan.hpp"

#include <cstdint>
#include <cstring>
#include <string_view>

namespace millrace::expression {

class zone;

/// Line breaks, too.
void skip_all_blanks(std::string_view& s);
/// Takes +hh, +hhmm, +hh:mm or +hh:mm:ss.
[[nodiscard]] bool take_offset(std::string_view& s, std::int64_t& seconds);

/// Whether what a directive has read ends in front of this text: a number in front of no digit, a name and a zone in
/// front of no letter, sign, colon, slash and underscore either.
[[nodiscard]] bool token_ends(char directive, std::string_view rest);

/// The parts that a pattern reads beside the date.
struct pattern_reads {
  int parts_of_time = 0;  // 1 hours, 2 minutes, 3 seconds
  bool zone = false;      // %z or %Z
  bool instant = false;   // %s
};
/// The clock's time that a pattern has read, in microseconds since 1970 by the clocks of a zone.
struct wall_read {
  std::int64_t time = 0;
  const zone* local = nullptr;  // null: UTC
};
/// Whether this is the tail that most logs have behind their seconds, which changes no moment of UTC: a fraction, and UTC in
/// digits or no zone.
[[nodiscard]] inline bool is_plain_tail(std::string_view s) {
  std::size_t at = 0;
  if (s.size() > 1 && s.front() == '.' && is_digit(s[1]))
    for (at = 2; at < s.size() && is_digit(s[at]);)
      ++at;
  switch (s.size() - at) {
  case 0:
    return true;
  case 1:
    return s[at] == 'Z';
  case 5:
    return std::memcmp(s.data() + at, "+000", 4) == 0 &&
           s.back() == '0';  // 4 bytes are compared without a call
  default:
    return false;
  }
}
/// Whether the moment stays what it is, cut to the parts that were read, if this text behind them counts.
[[nodiscard]] bool moment_stays(std::string_view rest, pattern_reads reads, wall_read wall);

}  // namespace millrace::expression
