// The templates of to_char and to_timestamp (PostgreSQL's: YYYY-MM-DD HH24:MI:SS, FMMonth, "quoted"): read
// once into parts, then written or read by them.
#pragma once

#include "runtime/base/error.hpp"
#include "runtime/expression/formats/calendar.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace millrace::expression {

enum class time_part : std::uint8_t {
  literal,  // a character that is no part
  blank,    // whitespace
  separator,
  fixed_width,  // FX: from here on to_timestamp skips no blanks
  year4,
  year_comma,  // Y,YYY
  year3,
  year2,
  year1,
  iso_year4,
  iso_year3,
  iso_year2,
  iso_year1,
  century,
  month_number,
  month_name,
  month_short,
  month_roman,
  day_of_month,
  day_of_year,
  iso_day_of_year,
  day_of_week,  // 1 is Sunday
  iso_day_of_week,
  day_name,
  day_short,
  week_of_year,
  week_of_month,
  iso_week,
  quarter,
  julian,
  hour24,
  hour12,
  minute,
  second,
  millisecond,
  microsecond,
  fraction,  // FF1 to FF6
  second_of_day,
  half_of_day,  // AM, PM
  half_dotted,  // A.M.
  era,          // AD, BC
  era_dotted,
  zone_name,
  zone_hours,
  zone_minutes,
  zone_offset,
};

enum class letter_case : std::uint8_t { upper, lower, capital };

/// A date is told by years and months, or by ISO's years and weeks; a template has one of the two.
enum class date_convention : std::uint8_t { none, months, iso_weeks };

struct format_part {
  time_part what{};
  date_convention convention{};
  std::string text;  // as it stands in the template
  letter_case letters = letter_case::upper;
  bool fill = true;       // not FM
  bool pads = true;       // names are filled with blanks: neither FM nor TM
  char ordinal = 0;       // T or t: TH or th behind it
  bool numeric = false;   // digits are written and read
  std::size_t width = 0;  // digits
};

using time_format = std::vector<format_part>;

[[nodiscard]] time_format parse_time_format(std::string_view text);

/// `zoned`: the zone is UTC; otherwise there is none.
void write_formatted(std::string& out, const time_format& format, std::int64_t wall, bool zoned);
/// A format for many times: where all its parts have as many characters in each text, each is put where it stands.
class time_layout {
public:
  explicit time_layout(time_format format);
  /// As write_formatted().
  void write(std::string& out, std::int64_t wall, bool zoned) const;

private:
  struct place {
    std::size_t at;
    std::size_t part;
    bool is_pair;  // two digits and nothing else
  };
  time_format format_;
  std::string text_;  // has the literals
  std::vector<place> places_;
  bool is_fixed_ = true;
};
/// An interval has no part that needs a calendar: why_no_interval() is empty.
void write_formatted(std::string& out, const time_format& format, const interval_value& v);
/// Why no interval can be written by this format; empty where one can.
[[nodiscard]] std::string why_no_interval(const time_format& format);
inline constexpr std::string_view mixed_conventions =
    "it mixes years and months with ISO's years and weeks (IYYY, IW, ID, IDDD); use one of the two";
inline constexpr std::string_view written_only = "it can only be written; TZH and TZM read an offset";

/// Why read_formatted() can read no text by this format; empty where it can.
[[nodiscard]] std::string why_not_read(const time_format& format);
/// A character that a separator of the template may stand for.
[[nodiscard]] bool is_separator(char c);
/// An instant; the text is UTC unless it names an offset. Text behind the last part is ignored.
[[nodiscard]] tl::expected<std::int64_t, std::string> read_formatted(std::string_view text,
                                                                     const time_format& format);
/// The same of the date alone, in days since 1970.
[[nodiscard]] tl::expected<std::int64_t, std::string> read_formatted_date(std::string_view text,
                                                                          const time_format& format);

}  // namespace millrace::expression
