#include "runtime/base/padded.hpp"
#include "runtime/base/scan.hpp"
#include "runtime/expression/formats/time_format.hpp"
#include "runtime/expression/formats/time_text.hpp"

#include <cstdlib>
#include <cstring>

namespace millrace::expression {
namespace {

using enum time_part;

/// A year with its sign and comma, and the ending of an ordinal.
constexpr std::size_t longest_part = longest_integer + 4;

char upper_letter(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; }

class writer {
public:
  /// `to`: room for longest_part characters and the text of each part.
  writer(char* to, std::int64_t wall, bool zoned) : to_(to), c_(civil_of(wall)), zoned_(zoned) {}

  [[nodiscard]] char* end() const { return to_; }

  void write(const format_part& p) {
    switch (p.what) {
    case literal:
    case blank:
    case separator:
      put(p.text);
      return;
    case fixed_width:
      return;
    case month_name:
      return name(p, month_names[c_.month - 1], 9);
    case month_short:
      return name(p, month_names[c_.month - 1].substr(0, 3), 0);
    case day_name:
      return name(p, day_names[expression::day_of_week(c_)], 9);
    case day_short:
      return name(p, day_names[expression::day_of_week(c_)].substr(0, 3), 0);
    case month_roman: {
      static constexpr std::string_view roman[] = {"I",   "II",   "III", "IV", "V",  "VI",
                                                   "VII", "VIII", "IX",  "X",  "XI", "XII"};
      return name(p, roman[c_.month - 1], p.fill ? 4 : 0, true);
    }
    case half_of_day:
      return name(p, c_.hour() >= 12 ? "PM" : "AM", 0);
    case half_dotted:
      return name(p, c_.hour() >= 12 ? "P.M." : "A.M.", 0);
    case era:
      return name(p, c_.year <= 0 ? "BC" : "AD", 0);
    case era_dotted:
      return name(p, c_.year <= 0 ? "B.C." : "A.D.", 0);
    case zone_name:
      return name(p, zoned_ ? "UTC" : "", 0);
    case zone_hours:
      put("+00");
      return;
    case zone_minutes:
      put("00");
      return;
    case zone_offset:
      put(p.fill ? "+00" : "+0");
      return;
    case year_comma: {
      const auto y = year(c_.year);
      to_ = put_padded(to_, y / 1000, 0);
      *to_++ = ',';
      to_ = put_padded(to_, y % 1000, 3);
      return ordinal(p, y);
    }
    default:
      return number(p);
    }
  }

private:
  /// There is no year 0: 1 BC is written 1.
  static std::int64_t year(std::int64_t y) { return y > 0 ? y : 1 - y; }

  [[nodiscard]] std::int64_t value(time_part what) const {
    switch (what) {
    case year4:
    case year3:
    case year2:
    case year1:
      return year(c_.year);
    case iso_year4:
    case iso_year3:
    case iso_year2:
    case iso_year1:
      return year(iso_week_of(c_).year);
    case century:
      return c_.year > 0 ? (c_.year - 1) / 100 + 1 : c_.year / 100 - 1;
    case month_number:
      return c_.month;
    case day_of_month:
      return c_.day;
    case day_of_year:
      return day_of_year_();
    case iso_day_of_year: {
      const auto w = iso_week_of(c_);
      return days_of(c_.year, c_.month, c_.day) - days_of_iso_week(w.year, 1) + 1;
    }
    case day_of_week:
      return expression::day_of_week(c_) + 1;
    case iso_day_of_week:
      return (expression::day_of_week(c_) + 6) % 7 + 1;
    case week_of_year:
      return (day_of_year_() - 1) / 7 + 1;
    case week_of_month:
      return (c_.day - 1) / 7 + 1;
    case iso_week:
      return iso_week_of(c_).week;
    case quarter:
      return (c_.month - 1) / 3 + 1;
    case julian:
      return days_of(c_.year, c_.month, c_.day) + 2'440'588;
    case hour24:
      return c_.hour();
    case hour12:
      return c_.hour() % 12 == 0 ? 12 : c_.hour() % 12;
    case minute:
      return c_.minute();
    case second:
      return c_.second();
    case millisecond:
      return c_.fraction() / 1000;
    case microsecond:
      return c_.fraction();
    case second_of_day:
      return c_.micros_of_day / second_micros;
    default:
      return 0;
    }
  }
  [[nodiscard]] int day_of_year_() const { return expression::day_of_year(c_); }

  void number(const format_part& p) {
    auto width = p.fill ? p.width : 0;
    auto v = value(p.what);
    std::int64_t modulus = 0;
    switch (p.what) {
    case year3:
    case iso_year3:
      modulus = 1000;
      break;
    case year2:
    case iso_year2:
      modulus = 100;
      break;
    case year1:
    case iso_year1:
      modulus = 10;
      break;
    case second_of_day:
    case julian:
      width = 0;
      break;
    case millisecond:
    case microsecond:
      width = p.width;
      break;
    case fraction: {
      v = c_.fraction();
      for (auto digits = p.width; digits < 6; ++digits)
        v /= 10;
      width = p.width;
      break;
    }
    default:
      break;
    }
    if (modulus != 0)
      v %= modulus;
    to_ = put_padded(to_, v, width);
    ordinal(p, v);
  }

  void ordinal(const format_part& p, std::int64_t v) {
    if (p.ordinal == 0)
      return;
    const auto last = std::abs(v % 10);
    const bool teen = std::abs(v % 100) / 10 == 1;
    const std::string_view small = teen || last == 0 || last > 3 ? "th"
                                   : last == 1                   ? "st"
                                   : last == 2                   ? "nd"
                                                                 : "rd";
    for (const char c : small)
      *to_++ = p.ordinal == 'T' ? static_cast<char>(c - 'a' + 'A') : c;
  }

  /// `pads`: also behind TM.
  void name(const format_part& p, std::string_view text, std::size_t width, bool pads = false) {
    for (const char c : text)
      *to_++ = p.letters == letter_case::lower   ? lower_letter(c)
               : p.letters == letter_case::upper ? upper_letter(c)
                                                 : c;
    if (p.pads || pads)
      for (auto size = text.size(); size < width; ++size)
        *to_++ = ' ';
  }

  void put(std::string_view text) {
    std::memcpy(to_, text.data(), text.size());
    to_ += text.size();
  }

  char* to_;
  civil c_;
  bool zoned_;
};

}  // namespace

void write_formatted(std::string& out, const time_format& format, std::int64_t wall, bool zoned) {
  const auto before = out.size();
  auto room = before;
  for (const auto& p : format)
    room += longest_part + p.text.size();
  out.resize(room);
  writer w(out.data() + before, wall, zoned);
  for (const auto& p : format)
    w.write(p);
  out.resize(static_cast<std::size_t>(w.end() - out.data()));
}

}  // namespace millrace::expression
