#include "runtime/base/padded.hpp"
#include "runtime/base/scan.hpp"
#include "runtime/expression/formats/time_format.hpp"
#include "runtime/expression/formats/time_text.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <cstring>
#include <optional>
#include <utility>

namespace millrace::expression {
namespace {

using enum time_part;

/// A year with its sign and comma, and the ending of an ordinal.
constexpr std::size_t longest_part = longest_integer + 4;

char upper_letter(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; }

/// Writes what parts of times and of intervals have in common.
class part_writer {
public:
  /// `to`: room for longest_part characters and the text of each part.
  explicit part_writer(char* to) : to_(to) {}

  [[nodiscard]] char* end() const { return to_; }

protected:
  void put(std::string_view text) {
    std::memcpy(to_, text.data(), text.size());
    to_ += text.size();
  }
  void put_number(std::int64_t v, std::size_t digits) { to_ = put_padded(to_, v, static_cast<int>(digits)); }

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

  void roman(const format_part& p, std::int64_t month) {
    static constexpr std::string_view numbers[] = {"I",   "II",   "III", "IV", "V",  "VI",
                                                   "VII", "VIII", "IX",  "X",  "XI", "XII"};
    name(p, numbers[month - 1], p.fill ? 4 : 0, true);
  }
  void half(const format_part& p, bool afternoon) {
    name(p, p.what == half_of_day ? (afternoon ? "PM" : "AM") : (afternoon ? "P.M." : "A.M."), 0);
  }
  void thousands(const format_part& p, std::int64_t year) {
    const auto rest = year % 1000;
    put_number(year / 1000, 0);
    put(",");
    put_number(rest, rest < 0 ? 2 : 3);
    ordinal(p, year);
  }

  char* to_;
};

class time_writer : public part_writer {
public:
  time_writer(char* to, const civil& c, bool zoned) : part_writer(to), c_(c), zoned_(zoned) {}

  void write_at(char* to, const format_part& p) {
    to_ = to;
    write(p);
  }
  void write_pair_at(char* to, const format_part& p) const {
    put_pair(to, static_cast<unsigned>(value(p.what)));
  }

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
    case month_roman:
      return roman(p, c_.month);
    case half_of_day:
    case half_dotted:
      return half(p, c_.hour() >= 12);
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
    case year_comma:
      return thousands(p, year(c_.year));
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
    put_number(v, width);
    ordinal(p, v);
  }

  civil c_;
  bool zoned_;
};

/// PostgreSQL writes an interval's parts as they are: years, months and days below 0, and hours beyond 24.
class interval_writer : public part_writer {
public:
  interval_writer(char* to, const interval_value& v)
      : part_writer(to), year_(v.months / 12), month_(v.months % 12), day_(v.days),
        hour_(v.micros / hour_micros), micros_(v.micros) {}

  void write(const format_part& p) {
    switch (p.what) {
    case literal:
    case blank:
    case separator:
      return put(p.text);
    case fixed_width:
      return;
    case half_of_day:
    case half_dotted:
      return half(p, hour_ % 24 >= 12);
    case month_roman:
      if (month_ != 0 ||
          year_ != 0)  // full years are their last month, and months below 0 count from the end
        roman(p, month_ > 0 ? month_ : month_ < 0 ? 13 + month_ : year_ < 0 ? 1 : 12);
      return;
    case quarter:
      if (month_ != 0)
        number(p, (month_ - 1) / 3 + 1);
      return;
    case year_comma:
      return thousands(p, year_);
    default:
      return number(p, value(p));
    }
  }

private:
  /// PostgreSQL counts a year as twelve months of 30 days, on 32 bits.
  [[nodiscard]] std::int64_t day_of_year() const {
    return static_cast<std::int32_t>((year_ * 12 + month_) * 30 + day_);
  }

  [[nodiscard]] std::int64_t value(const format_part& p) const {
    const auto fraction_of_second = micros_ % second_micros;
    switch (p.what) {
    case year4:
      return year_;
    case year3:
      return year_ % 1000;
    case year2:
      return year_ % 100;
    case year1:
      return year_ % 10;
    case century:
      return year_ / 100;
    case month_number:
      return month_;
    case day_of_month:
      return day_;
    case time_part::day_of_year:
      return day_of_year();
    case week_of_year:
      return (day_of_year() - 1) / 7 + 1;
    case week_of_month:
      return (day_ - 1) / 7 + 1;
    case hour24:
      return hour_;
    case hour12:
      return hour_ % 12 == 0 ? 12 : hour_ % 12;
    case minute:
      return micros_ / minute_micros % 60;
    case second:
      return micros_ / second_micros % 60;
    case millisecond:
      return fraction_of_second / 1000;
    case microsecond:
      return fraction_of_second;
    case fraction: {
      auto v = fraction_of_second;
      for (auto digits = p.width; digits < 6; ++digits)
        v /= 10;
      return v;
    }
    case second_of_day:
      return micros_ / second_micros;
    default:
      return 0;
    }
  }

  void number(const format_part& p, std::int64_t v) {
    put_number(v, digits(p, v));
    ordinal(p, v);
  }

  /// How many digits there are at least. PostgreSQL leaves room for a minus in some parts, and takes it from their digits in
  /// others.
  [[nodiscard]] std::size_t digits(const format_part& p, std::int64_t v) const {
    const auto within = p.width - (v < 0 && p.width > 0 ? 1 : 0);
    switch (p.what) {
    case millisecond:
    case microsecond:
    case fraction:
      return within;
    case time_part::day_of_year:
    case day_of_month:
    case week_of_year:
      return p.fill ? within : 0;
    case year3:
    case year2:
      return p.fill ? p.width + (year_ < 0 && v >= 0 ? 1 : 0) : 0;
    case hour12:
      return p.fill ? p.width + (hour_ < 0 && v >= 0 ? 1 : 0) : 0;
    case second_of_day:
    case year1:
      return 0;
    default:
      return p.fill ? p.width : 0;
    }
  }

  std::int64_t year_;
  std::int64_t month_;
  std::int64_t day_;
  std::int64_t hour_;
  std::int64_t micros_;
};

/// `start` makes the writer of the place where the text begins.
void write_parts(std::string& out, const time_format& format, auto start) {
  const auto before = out.size();
  auto room = before;
  for (const auto& p : format)
    room += longest_part + p.text.size();
  out.resize(room);
  auto w = start(out.data() + before);
  for (const auto& p : format)
    w.write(p);
  out.resize(static_cast<std::size_t>(w.end() - out.data()));
}

bool is_pair(time_part what) {
  switch (what) {
  case month_number:
  case day_of_month:
  case hour24:
  case hour12:
  case minute:
  case second:
    return true;
  default:
    return false;
  }
}

/// The characters of the part in the text of any time in the years 1 to 9999; none where it may have more or fewer.
std::optional<std::size_t> width_in_all_texts(const format_part& p) {
  if (p.ordinal != 0)
    return std::nullopt;
  const auto where = [&](bool fixed) { return fixed ? std::optional(p.width) : std::nullopt; };
  switch (p.what) {
  case literal:
  case blank:
  case separator:
    return p.text.size();
  case fixed_width:
  case month_short:
  case day_short:
  case millisecond:
  case microsecond:
  case fraction:
  case half_of_day:
  case half_dotted:
  case zone_hours:
  case zone_minutes:
    return p.width;
  case month_name:
  case day_name:
    return where(p.pads);
  case year4:
  case day_of_year:
    return where(p.fill);
  default:
    return where(is_pair(p.what) && p.fill);
  }
}

bool needs_calendar(time_part what) {
  switch (what) {
  case month_name:
  case month_short:
  case day_name:
  case day_short:
  case day_of_week:
  case iso_day_of_week:
  case iso_day_of_year:
  case iso_week:
  case iso_year4:
  case iso_year3:
  case iso_year2:
  case iso_year1:
  case julian:
  case era:
  case era_dotted:
  case zone_name:
  case zone_hours:
  case zone_minutes:
  case zone_offset:
    return true;
  default:
    return false;
  }
}

}  // namespace

std::string why_no_interval(const time_format& format) {
  for (const auto& p : format)
    if (needs_calendar(p.what))
      return fmt::format("to_char cannot write {} of an interval, which lies on no calendar", p.text);
  return {};
}

void write_formatted(std::string& out, const time_format& format, const interval_value& v) {
  write_parts(out, format, [&](char* to) { return interval_writer(to, v); });
}

void write_formatted(std::string& out, const time_format& format, std::int64_t wall, bool zoned) {
  write_parts(out, format, [&](char* to) { return time_writer(to, civil_of(wall), zoned); });
}

time_layout::time_layout(time_format format) : format_(std::move(format)) {
  for (std::size_t i = 0; i < format_.size() && is_fixed_; ++i) {
    const auto& p = format_[i];
    const auto width = width_in_all_texts(p);
    is_fixed_ = width.has_value();
    if (p.what == literal || p.what == blank || p.what == separator) {
      text_ += p.text;
    } else if (is_fixed_) {
      places_.push_back({text_.size(), i, is_pair(p.what)});
      text_.append(*width, ' ');
    }
  }
}

void time_layout::write(std::string& out, std::int64_t wall, bool zoned) const {
  const auto c = civil_of(wall);
  constexpr std::int64_t last_of_four_digits = 9999;
  if (!is_fixed_ || c.year < 1 || c.year > last_of_four_digits)
    return write_formatted(out, format_, wall, zoned);
  const auto begin = out.size();
  out += text_;
  auto* const to = out.data() + begin;
  time_writer w(to, c, zoned);
  for (const auto& p : places_)
    p.is_pair ? w.write_pair_at(to + p.at, format_[p.part]) : w.write_at(to + p.at, format_[p.part]);
}

}  // namespace millrace::expression
