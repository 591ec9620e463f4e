#include "runtime/expression/formats/time_text.hpp"
#include "runtime/expression/syntax/source_text.hpp"

#include <fmt/format.h>

#include <charconv>

namespace millrace::expression {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// Reads the fields of one timestamp from left to right; PostgreSQL's order of fields is free, and so is
/// this.
class timestamp_reader {
public:
  timestamp_reader(std::string_view s, bool zoned) : rest_(trim_blanks(s)), zoned_(zoned) {}

  reading read(std::int64_t& out) {
    if (rest_.empty())
      return reading::malformed;
    if (fold(rest_) == "epoch") {
      out = 0;
      return reading::ok;
    }
    while (!rest_.empty()) {
      const char c = rest_.front();
      bool fits = true;
      if (c == ' ' || c == ',' || c == '\t')
        rest_.remove_prefix(1);
      else if (is_digit(c))
        fits = number();
      else if ((c == '+' || c == '-') && has_date_)
        fits = numeric_zone();
      else if (is_letter(c))
        fits = word();
      else
        fits = false;
      if (!fits)
        return reading::malformed;
    }
    return compose(out);
  }

private:
  std::string_view digits() {
    std::size_t n = 0;
    while (n < rest_.size() && is_digit(rest_[n]))
      ++n;
    const auto out = rest_.substr(0, n);
    rest_.remove_prefix(n);
    return out;
  }

  bool take(char c) {
    if (rest_.empty() || rest_.front() != c)
      return false;
    rest_.remove_prefix(1);
    return true;
  }

  static bool value(std::string_view digits, std::int64_t& out) {
    return !digits.empty() && digits.size() <= 9 &&
           std::from_chars(digits.data(), digits.data() + digits.size(), out).ec == std::errc{};
  }

  bool set_year(std::string_view digits) {
    if (has_year_ || !value(digits, year_))
      return false;
    if (digits.size() <= 2)
      year_ += year_ < 70 ? 2000 : 1900;
    return has_year_ = true;
  }
  bool set_month(std::int64_t m) {
    if (has_month_)
      return false;
    month_ = m;
    return has_month_ = true;
  }
  bool set_day(std::string_view digits) {
    if (has_day_ || digits.size() > 2 || !value(digits, day_))
      return false;
    return has_day_ = true;
  }

  bool number() {
    const auto first = digits();
    if (!rest_.empty() && rest_.front() == ':')
      return time(first);
    if (!rest_.empty() && !has_date_ && !has_month_ &&
        (rest_.front() == '-' || rest_.front() == '/' || rest_.front() == '.'))
      return date(first, rest_.front());
    if (has_date_ && after_t_ && !has_time_)
      return compact_time(first);
    if (first.size() == 8 && !has_date_ && !has_month_)
      return compact_date(first, 4);
    if (first.size() == 6 && !has_date_ && !has_month_)
      return compact_date(first, 2);
    // a date with the month's name: 5 Jan 2021, Jan 5, 2021, 2021 Jan 5
    const bool year = first.size() >= 3 || has_day_;
    if (!(year ? set_year(first) : set_day(first)))
      return false;
    has_date_ = has_year_ && has_month_ && has_day_;
    return true;
  }

  bool compact_date(std::string_view all, std::size_t year_digits) {
    std::int64_t month = 0;
    has_date_ = true;
    return set_year(all.substr(0, year_digits)) && value(all.substr(year_digits, 2), month) &&
           set_month(month) && set_day(all.substr(year_digits + 2));
  }

  bool date(std::string_view first, char separator) {
    rest_.remove_prefix(1);
    has_date_ = true;
    std::int64_t month = 0;
    if (!rest_.empty() && is_letter(rest_.front())) {  // 24-Apr-2021, 2021-Apr-24
      month = month_of_name(letters());
      if (month == 0 || !take(separator))
        return false;
      const auto last = digits();
      return set_month(month) &&
             (first.size() > 2 ? set_year(first) && set_day(last) : set_day(first) && set_year(last));
    }
    const auto second = digits();
    if (!take(separator))
      return false;
    const auto third = digits();
    if (first.size() > 2)
      return set_year(first) && value(second, month) && set_month(month) && set_day(third);
    return value(first, month) && set_month(month) && set_day(second) && set_year(third);
  }

  bool seconds(std::string_view whole) {
    std::int64_t s = 0;
    if (whole.size() > 2 || !value(whole, s))
      return false;
    second_ = s;
    if (take('.') || (rest_.size() > 1 && rest_[0] == ',' && is_digit(rest_[1]) && take(','))) {
      const auto fraction = digits();
      std::int64_t scale = second_micros / 10;
      for (std::size_t i = 0; i < fraction.size() && i < 6; ++i, scale /= 10)
        fraction_ += (fraction[i] - '0') * scale;
      if (fraction.size() > 6 && fraction[6] >= '5')
        ++fraction_;
    }
    return true;
  }

  bool time(std::string_view hours) {
    if (has_time_ || hours.size() > 2 || !value(hours, hour_))
      return false;
    has_time_ = true;
    take(':');
    const auto minutes = digits();
    if (minutes.size() > 2 || !value(minutes, minute_))
      return false;
    return !take(':') || seconds(digits());
  }

  bool compact_time(std::string_view all) {
    has_time_ = true;
    if (all.size() != 2 && all.size() != 4 && all.size() != 6)
      return false;
    if (!value(all.substr(0, 2), hour_) || (all.size() > 2 && !value(all.substr(2, 2), minute_)))
      return false;
    return all.size() < 6 || seconds(all.substr(4, 2));
  }

  bool numeric_zone() {
    const bool minus = rest_.front() == '-';
    rest_.remove_prefix(1);
    const auto first = digits();
    if (has_zone_ || first.empty() || first.size() > 4)
      return false;
    has_zone_ = true;
    std::int64_t h = 0;
    std::int64_t m = 0;
    std::int64_t s = 0;
    if (first.size() > 2) {
      if (!value(first.substr(0, first.size() - 2), h) || !value(first.substr(first.size() - 2), m))
        return false;
    } else if (!value(first, h) || (take(':') && !value(digits(), m)) || (take(':') && !value(digits(), s))) {
      return false;
    }
    zone_in_range_ = h <= 15 && m <= 59 && s <= 59;
    offset_ = ((h * 60 + m) * 60 + s) * second_micros * (minus ? -1 : 1);
    return true;
  }

  std::string_view letters() {
    std::size_t n = 0;
    while (n < rest_.size() && is_letter(rest_[n]))
      ++n;
    const auto out = rest_.substr(0, n);
    rest_.remove_prefix(n);
    return out;
  }

  bool word() {
    const auto before = rest_;
    const auto w = fold(letters());
    if (w == "t" && has_date_ && !has_time_)
      return after_t_ = true;
    if (w == "am" || w == "pm") {
      if (!has_time_ || half_ != 0)
        return false;
      half_ = w == "am" ? 1 : 2;
      return true;
    }
    if (w == "bc" || w == "ad") {
      bc_ = w == "bc";
      return has_year_;
    }
    if (const auto m = month_of_name(w); m != 0 && !has_date_) {
      take('.');
      const bool ok = set_month(m);
      has_date_ = has_year_ && has_day_ && has_month_;
      return ok;
    }
    for (const auto day : day_names)
      if (w.size() >= 3 && fold(day).substr(0, w.size()) == w)
        return true;
    return zone_name(before, w);
  }

  bool zone_name(std::string_view before, const std::string& first) {
    if (has_zone_ || !has_date_)
      return false;
    has_zone_ = true;
    if (first == "z" || first == "utc" || first == "gmt" || first == "zulu")
      return rest_.empty() || rest_.front() == ' ' || rest_.front() == ')';
    std::size_t n = 0;
    while (n < before.size() && before[n] != ' ' && before[n] != ',')
      ++n;
    zone_ = find_zone(before.substr(0, n));
    rest_ = before.substr(n);
    return zone_ != nullptr;
  }

  reading compose(std::int64_t& out) {
    if (!has_date_ || !has_year_ || !has_month_ || !has_day_)
      return reading::malformed;
    if (half_ != 0 && (hour_ > 12 || hour_ == 0))
      return reading::out_of_range;
    if (half_ != 0)
      hour_ = hour_ % 12 + (half_ == 2 ? 12 : 0);
    const bool midnight = hour_ == 24 && minute_ == 0 && second_ == 0 && fraction_ == 0;
    if ((year_ == 0) || month_ < 1 || month_ > 12 || day_ < 1 || (hour_ > 23 && !midnight) || minute_ > 59 ||
        second_ > 60 || (second_ == 60 && fraction_ > 0) || !zone_in_range_)
      return reading::out_of_range;
    civil c;
    c.year = bc_ ? 1 - year_ : year_;
    c.month = static_cast<int>(month_);
    if (day_ > days_in_month(c.year, c.month))
      return reading::out_of_range;
    c.day = static_cast<int>(day_);
    c.micros_of_day = hour_ * hour_micros + minute_ * minute_micros + second_ * second_micros + fraction_;
    auto t = micros_of(c);
    if (t && zoned_)
      t = zone_ ? instant_of(*zone_, *t) : std::optional(*t - offset_);
    if (!t || *t < first_instant)
      return reading::out_of_range;
    out = *t;
    return reading::ok;
  }

  std::string_view rest_;
  bool zoned_;
  std::int64_t year_ = 0, month_ = 0, day_ = 0, hour_ = 0, minute_ = 0, second_ = 0, fraction_ = 0,
               offset_ = 0;
  bool has_year_ = false, has_month_ = false, has_day_ = false, has_date_ = false, has_time_ = false;
  bool has_zone_ = false, after_t_ = false, bc_ = false, zone_in_range_ = true;
  int half_ = 0;  // 1 am, 2 pm
  const zone* zone_ = nullptr;
};

}  // namespace

int month_of_name(std::string_view word) {
  const auto w = fold(word);
  for (int m = 0; m < 12; ++m) {
    const auto name = fold(month_names[m]);
    if (w == name || w == name.substr(0, 3) || (w == "sept" && m == 8))
      return m + 1;
  }
  return 0;
}

reading read_timestamp(std::string_view s, bool zoned, std::int64_t& out) {
  return timestamp_reader(s, zoned).read(out);
}

void write_timestamp(std::string& out, std::int64_t t, bool zoned) {
  const auto c = civil_of(t);
  fmt::format_to(std::back_inserter(out), "{:04}-{:02}-{:02} {:02}:{:02}:{:02}",
                 c.year > 0 ? c.year : 1 - c.year, c.month, c.day, c.hour(), c.minute(), c.second());
  if (auto fraction = c.fraction(); fraction != 0) {
    int digits = 6;
    for (; fraction % 10 == 0; fraction /= 10)
      --digits;
    fmt::format_to(std::back_inserter(out), ".{:0{}}", fraction, digits);
  }
  if (zoned)
    out += "+00";
  if (c.year <= 0)
    out += " BC";
}

}  // namespace millrace::expression
