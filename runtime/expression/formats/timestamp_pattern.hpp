// Timestamps by a strptime pattern, compiled once. Parsers call it for every record, config to check a
// `format`. Independent of locale and TZ: names are English, a time without a zone is that of a zone that the caller
// names, or UTC.
//
//   %Y year (1-4 digits)   %m %d %H %M %S (1-2 digits)   %e as %d   %y two-digit year (69-99: 19xx)
//   %j day of the year     %I with %p hour and AM/PM     %b %B %h month's name
//   %s seconds since 1970, with a sign and %f          %f fraction of a second (rounded to microseconds)
//   %a %A weekday's name (ignored)   %z Z, +hh, +hhmm, +hh:mm, +hh:mm:ss   %Z Z, UTC, GMT
//   %F %T %D %R as in strftime       %n %t blanks   %%
// Blanks in a pattern match any number of blanks, numbers may have blanks in front, as in strptime(3). A
// directive reads a whole token: where the pattern ends or has a blank, a number ends in front of no digit, a
// name and a zone in front of no letter, sign, colon, slash and underscore either.
#pragma once

#include "runtime/base/day_memory.hpp"
#include "runtime/base/error.hpp"
#include "runtime/base/ids.hpp"
#include "runtime/expression/formats/trailing_text.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::expression {

class timestamp_pattern {
public:
  /// Refuses unknown directives and patterns that leave the date open.
  [[nodiscard]] static expected<timestamp_pattern> compile(std::string_view pattern);

  /// Returns nothing where the text does not match or is no date; text behind the match counts as a mismatch unless
  /// it is to be ignored. Only text that leaves the moment as it is can be (trailing_text.hpp). `local`: the zone
  /// whose clocks the text shows, UTC without it; none for a pattern that reads zones or moments itself.
  [[nodiscard]] std::optional<event_micros> parse(std::string_view text, bool trailing_ignored,
                                                  day_memory& day, const zone* local = nullptr) const;
  /// Reads the common texts of the most common pattern, with `trailing_ignored` as parse() does without a zone; nothing: parse()
  /// has to look.
  [[nodiscard]] std::optional<event_micros> parse_common(std::string_view text, bool trailing_ignored,
                                                         day_memory& day) const {
    if (!fixed_separator_ || text.size() < day_memory::length)
      return std::nullopt;
    const auto behind = text.substr(day_memory::length);
    return behind.empty() || (trailing_ignored && is_plain_tail(behind))
               ? day.read(text.data(), *fixed_separator_)
               : std::nullopt;
  }
  [[nodiscard]] const pattern_reads& reads() const { return reads_; }

private:
  struct step {
    char directive = 0;  // 0: the literal; ' ': blanks
    char literal = 0;
  };
  [[nodiscard]] expected<void> add(std::string_view pattern);
  [[nodiscard]] expected<void> check_whole(std::string_view pattern) const;

  std::vector<step> steps_;
  pattern_reads reads_;
  // The most common pattern, `%Y-%m-%d %H:%M:%S` (or with another single character in the middle), is read
  // at fixed places.
  std::optional<char> fixed_separator_;
};

}  // namespace millrace::expression
