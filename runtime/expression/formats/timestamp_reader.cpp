#include "runtime/base/scan.hpp"
#include "runtime/expression/formats/time_text.hpp"
#include "runtime/expression/formats/timestamp_tokens.hpp"
#include "runtime/expression/formats/zone_abbreviations.hpp"
#include "runtime/expression/syntax/source_text.hpp"

#include <array>
#include <optional>
#include <span>
#include <string>
#include <utility>

namespace millrace::expression {
namespace {

/// Reads the tokens of one timestamp from left to right; what a number means depends on what is there already, as in
/// PostgreSQL, whose decisions these are.
class timestamp_reader {
public:
  /// `local`: the zone of a text without one, a null pointer for UTC.
  timestamp_reader(bool zoned, const zone* local) : zoned_(zoned), local_(local) {}

  reading read(std::string_view s, std::int64_t& out) {
    timestamp_tokens tokens;
    if (!tokens.split(s))
      return reading::malformed;
    for (const auto& t : tokens.all())
      if (!add(t))
        return out_of_range_ ? reading::out_of_range : reading::malformed;
    return time_follows_ ? reading::malformed : compose(out);
  }

  /// Reads a time of day by PostgreSQL's rules for one: a date may stand before it, and any zone that needs none.
  reading read_time(std::string_view s, std::int64_t& out) {
    timestamp_tokens tokens;
    if (!tokens.split(s))
      return reading::malformed;
    const auto all = tokens.all();
    for (std::size_t i = 0; i < all.size(); ++i)
      if (!add_to_time(all, i))
        return out_of_range_ ? reading::out_of_range : reading::malformed;
    return compose_time(out);
  }

  /// The date that read() has found, in days since 1970, which 24:00 is still part of.
  [[nodiscard]] std::int64_t date() const { return date_; }

private:
  enum part : unsigned {
    year = 1,
    month = 2,
    day = 4,
    date_parts = year | month | day,
    time_of_day = 8,
    zone_part = 16,
    weekday = 32,
    half_of_day = 64,
    era = 128,
    abbreviation = 256
  };

  bool add(const timestamp_tokens::token& t) {
    using kind = timestamp_tokens::kind;
    switch (t.is) {
    case kind::number:
      return number_token(t.text);
    case kind::date:
      return date_token(t.text);
    case kind::time:
      time_follows_ = false;
      return time(t.text);
    case kind::offset:
      return !time_follows_ && numeric_zone(t.text);
    case kind::word:
      return !time_follows_ && word_token(t.text);
    }
    return false;
  }

  bool has(unsigned parts) const { return (has_ & parts) == parts; }
  /// False where one of them is there already.
  bool mark(unsigned parts) {
    if ((has_ & parts) != 0)
      return false;
    has_ |= parts;
    return true;
  }
  bool beyond() {
    out_of_range_ = true;
    return false;
  }

  /// No digits are zero, as in PostgreSQL: `19:` is `19:00`.
  bool value(std::string_view digits, std::int64_t& out) {
    out = 0;
    if (digits.size() > 9)
      return beyond();
    for (const char c : digits)
      out = out * 10 + (c - '0');
    return true;
  }

  /// The rest of a token; no digits are zero here, too.
  bool fraction(std::string_view s) {
    fraction_ = micros_of_fraction(take_digits(s));
    return s.empty();
  }

  bool number_token(std::string_view text) {
    if (time_follows_) {
      time_follows_ = false;
      return run_together(text, true);
    }
    const auto point = text.find('.');
    if (point != std::string_view::npos && (has_ & date_parts) == 0)
      return date_fields(text);
    const bool long_enough = text.size() >= 6 && ((has_ & date_parts) == 0 || !has(time_of_day));
    if (long_enough || (point != std::string_view::npos && point > 2))
      return run_together(text, has(date_parts));
    return one_number(text);
  }

  /// 20210424 or, where the date is known, 195500, 1955, 195500.796.
  bool run_together(std::string_view text, bool date_known) {
    auto digits = take_digits(text);
    if (!text.empty()) {
      if (!fraction(text.substr(1)))
        return false;
    } else if (!date_known && digits.size() >= 6) {
      const auto size = digits.size();
      two_digits_ = size == 6;
      return value(digits.substr(0, size - 4), year_) && value(digits.substr(size - 4, 2), month_) &&
             value(digits.substr(size - 2), day_) && mark(date_parts);
    }
    if (digits.size() != 4 && digits.size() != 6)
      return false;
    return value(digits.substr(0, 2), hour_) && value(digits.substr(2, 2), minute_) &&
           value(digits.substr(4), second_) && mark(time_of_day) && time_fits();
  }

  /// A number whose meaning is the next one that is missing: month, day, year; or year, month, day.
  bool one_number(std::string_view text) {
    auto rest = text;
    std::int64_t n = 0;
    if (!value(take_digits(rest), n) || (!rest.empty() && !fraction(rest.substr(1))))
      return false;
    const bool long_enough_for_year = text.size() >= 3;
    switch (has_ & date_parts) {
    case 0:
      return long_enough_for_year ? set_year(n, text) : set_month(n);
    case year:
      return text.size() == 3 && n >= 1 && n <= 366 ? set_day_of_year(n) : set_month(n);
    case month:
      return named_month_ && long_enough_for_year ? set_year(n, text) : set_day(n);
    case year | month:
      if (named_month_ && long_enough_for_year && two_digits_) {  // the first one was the day
        day_ = year_;
        year_ = n;
        two_digits_ = false;
        return mark(day);
      }
      return set_day(n);
    case day:
      return set_month(n);
    case month | day:
      return set_year(n, text);
    case date_parts:
      return run_together(text, true);
    default:
      return false;
    }
  }
  bool set_year(std::int64_t n, std::string_view text) {
    year_ = n;
    two_digits_ = text.size() <= 2;
    return mark(year);
  }
  bool set_month(std::int64_t n) {
    month_ = n;
    return mark(month);
  }
  bool set_day(std::int64_t n) {
    day_ = n;
    return mark(day);
  }
  bool set_day_of_year(std::int64_t n) {
    day_of_year_ = n;
    return mark(month | day);
  }

  bool date_token(std::string_view text) {
    if (!time_follows_ && !has(month | day))
      return date_fields(text);
    if (!is_digit(text.front()))
      return !time_follows_ && named_zone(text);
    time_follows_ = false;
    const auto dash = text.find('-');  // 195500-07
    return dash != std::string_view::npos && run_together(text.substr(0, dash), has(date_parts)) &&
           numeric_zone(text.substr(dash));
  }

  /// A whole date, whose month may be a name: 2021-04-24, 4/24/2021, 24-apr-2021, 2021.114.
  bool date_fields(std::string_view text) {
    std::array<std::string_view, 3> numbers;
    std::size_t count = 0;
    named_month_ = false;
    while (!text.empty()) {
      while (!text.empty() && !is_digit(text.front()) && !is_letter(text.front()))
        text.remove_prefix(1);
      if (text.empty())
        return false;
      if (is_letter(text.front())) {
        std::size_t n = 0;
        while (n < text.size() && is_letter(text[n]))
          ++n;
        const auto found = timestamp_keyword_of(text.substr(0, n));
        if (found.is != timestamp_word::month || !set_month(found.value))
          return false;
        named_month_ = true;
        text.remove_prefix(n);
      } else if (count < numbers.size()) {
        numbers[count++] = take_digits(text);
      } else {
        return false;
      }
      if (!text.empty())
        text.remove_prefix(1);  // whatever it is: PostgreSQL takes it for a separator
    }
    for (std::size_t i = 0; i < count; ++i)
      if (!one_number(numbers[i]))
        return false;
    return (has_ & ~zone_part) == date_parts;
  }

  /// 19:55, 19:55:00, 19:55:00.796; 19:55.796 are minutes and seconds.
  bool time(std::string_view s) {
    const auto next = [&] {  // of the colon
      s.remove_prefix(1);
      return take_digits(s);
    };
    if (!value(take_digits(s), hour_) || !value(next(), minute_))
      return false;
    if (s.empty()) {
      second_ = fraction_ = 0;
    } else if (s.front() == '.') {
      second_ = std::exchange(minute_, std::exchange(hour_, 0));
      if (!fraction(s.substr(1)))
        return false;
      return mark(time_of_day) && time_fits();
    } else {
      fraction_ = 0;
      if (!value(next(), second_) || (!s.empty() && (s.front() != '.' || !fraction(s.substr(1)))))
        return false;
    }
    return mark(time_of_day) && time_fits();
  }

  bool time_fits() {
    const auto total = hour_ * hour_micros + minute_ * minute_micros + second_ * second_micros + fraction_;
    return (minute_ <= 59 && second_ <= 60 && total <= day_micros) || beyond();
  }

  bool numeric_zone(std::string_view s) {
    const bool minus = s.front() == '-';
    const bool run_together = s.size() > 3;
    s.remove_prefix(1);
    std::int64_t h = 0, m = 0, sec = 0;
    if (!value(take_digits(s), h))
      return false;
    const auto colon = [&] {
      const bool there = !s.empty() && s.front() == ':';
      s.remove_prefix(there);
      return there;
    };
    if (s.empty() && run_together) {
      m = h % 100;
      h /= 100;
    } else if (colon()) {
      if (!value(take_digits(s), m) || (colon() && !value(take_digits(s), sec)))
        return false;
    }
    if (!s.empty())
      return false;
    if (h > 15 || m > 59 || sec > 59)
      return beyond();
    offset_ = ((h * 60 + m) * 60 + sec) * second_micros * (minus ? -1 : 1);
    return mark(zone_part);
  }

  bool named_zone(std::string_view name) {
    zone_ = find_zone(name);
    return zone_ != nullptr && mark(zone_part);
  }

  bool word_token(std::string_view w) {
    if (const auto* const known = find_zone_abbreviation(w)) {
      if (!known->zone.empty()) {
        abbreviation_ = w;
        return named_zone(known->zone) && mark(abbreviation);
      }
      offset_ = known->seconds * second_micros;
      return mark(zone_part | abbreviation);
    }
    const auto known = timestamp_keyword_of(w);
    switch (known.is) {
    case timestamp_word::month:
      if ((has_ & month) != 0 && !named_month_ && (has_ & day) == 0) {  // the number was the day
        day_ = std::exchange(month_, known.value);
        named_month_ = true;
        return mark(day);
      }
      named_month_ = true;
      return set_month(known.value);
    case timestamp_word::weekday:
      return mark(weekday);
    case timestamp_word::half_of_day:
      half_ = known.value + 1;
      return mark(half_of_day);
    case timestamp_word::era:
      bc_ = known.value == 1;
      return mark(era);
    case timestamp_word::filler:
      return true;
    case timestamp_word::time_follows:
      time_follows_ = true;
      return has(date_parts);
    case timestamp_word::refused:
      return false;
    case timestamp_word::none:
      break;
    }
    return named_zone(w);
  }

  bool add_to_time(std::span<const timestamp_tokens::token> all, std::size_t i) {
    using kind = timestamp_tokens::kind;
    const auto& text = all[i].text;
    const bool first_of_several = i == 0 && all.size() > 1;
    const auto point = text.find('.');
    switch (all[i].is) {
    case kind::number:
      if (point == std::string_view::npos || time_follows_)
        return run_together(text, true);
      if (first_of_several && all.back().is == kind::date)
        return date_fields(text);
      return point > 2 && run_together(text, true);
    case kind::date: {
      if (first_of_several && (all.back().is == kind::date || all[1].is == kind::time))
        return date_fields(text);
      if (!is_digit(text.front()))
        return named_zone(text);
      const auto dash = text.find('-');  // 195500-07
      return !has(time_of_day) && dash != std::string_view::npos &&
             run_together(text.substr(0, dash), true) && numeric_zone(text.substr(dash));
    }
    case kind::time:
      return time(text);
    case kind::offset:
      return numeric_zone(text);
    case kind::word:
      return word_of_time(text, i + 1 < all.size() ? std::optional(all[i + 1].is) : std::nullopt);
    }
    return false;
  }

  bool word_of_time(std::string_view w, std::optional<timestamp_tokens::kind> next) {
    if (w == "allballs") {
      hour_ = minute_ = second_ = fraction_ = 0;
      return mark(time_of_day | zone_part);
    }
    switch (find_zone_abbreviation(w) ? timestamp_word::none : timestamp_keyword_of(w).is) {
    case timestamp_word::month:
    case timestamp_word::weekday:
      return false;
    case timestamp_word::time_follows:
      time_follows_ = true;
      return next && *next != timestamp_tokens::kind::offset && *next != timestamp_tokens::kind::word;
    default:
      return word_token(w);
    }
  }

  reading compose_time(std::int64_t& out) {
    if (has(date_parts))
      if (const auto how = check_date(); how != reading::ok)
        return how;
    if (!take_half_of_day() || !time_fits())
      return reading::out_of_range;
    // which of its distances from UTC such a zone has depends on the date
    if (!has(time_of_day) ||
        (zone_ != nullptr && abbreviation_.empty() && !has(date_parts) && !has_one_offset(*zone_)))
      return reading::malformed;
    out = hour_ * hour_micros + minute_ * minute_micros + second_ * second_micros + fraction_;
    return reading::ok;
  }

  /// False where an hour of the half day is none.
  bool take_half_of_day() {
    if (half_ == 0)
      return true;
    if (hour_ > 12)
      return false;
    hour_ = hour_ % 12 + (half_ == 2 ? 12 : 0);
    return true;
  }

  /// Whether the date that was read is one; makes year, month and day of its parts.
  reading check_date() {
    if (bc_)
      year_ = 1 - year_;
    else if (two_digits_)
      year_ += year_ < 70 ? 2000 : 1900;
    if ((bc_ && year_ > 0) || (!bc_ && year_ <= 0))
      return reading::out_of_range;
    if (day_of_year_ != 0) {
      if (day_of_year_ == 366 && days_in_month(year_, 2) == 28)
        return reading::out_of_range;
      month_ = 1;
      for (day_ = day_of_year_; day_ > days_in_month(year_, static_cast<int>(month_)); ++month_)
        day_ -= days_in_month(year_, static_cast<int>(month_));
    }
    const bool exists =
        month_ >= 1 && month_ <= 12 && day_ >= 1 && day_ <= days_in_month(year_, static_cast<int>(month_));
    return exists ? reading::ok : reading::out_of_range;
  }

  reading compose(std::int64_t& out) {
    if (!has(date_parts))
      return reading::malformed;
    if (year_ > last_year)
      return reading::out_of_range;
    if (const auto how = check_date(); how != reading::ok)
      return how;
    if (!take_half_of_day())
      return reading::out_of_range;
    civil c;
    c.year = year_;
    c.month = static_cast<int>(month_);
    c.day = static_cast<int>(day_);
    c.micros_of_day = hour_ * hour_micros + minute_ * minute_micros + second_ * second_micros + fraction_;
    date_ = days_of(c.year, c.month, c.day);
    auto t = micros_of(c);
    if (t && zoned_)
      t = moved_to_utc(*t);
    if (!t || *t < first_instant)
      return reading::out_of_range;
    out = *t;
    return reading::ok;
  }

  [[nodiscard]] std::optional<std::int64_t> moved_to_utc(std::int64_t wall) const {
    if (zone_ != nullptr)
      return abbreviation_.empty() ? instant_of(*zone_, wall)
                                   : instant_by_abbreviation(*zone_, wall, abbreviation_);
    if (local_ != nullptr && (has_ & zone_part) == 0)
      return instant_of(*local_, wall);
    std::int64_t out = 0;
    return __builtin_sub_overflow(wall, offset_, &out) ? std::nullopt : std::optional(out);
  }

  static constexpr std::int64_t last_year = 300'000;  // beyond 64 bits
  bool zoned_;
  const zone* local_;
  unsigned has_ = 0;
  std::int64_t year_ = 0, month_ = 0, day_ = 0, day_of_year_ = 0;
  std::int64_t hour_ = 0, minute_ = 0, second_ = 0, fraction_ = 0, offset_ = 0;
  bool two_digits_ = false, named_month_ = false, time_follows_ = false, bc_ = false, out_of_range_ = false;
  std::int64_t date_ = 0;
  int half_ = 0;  // 1 am, 2 pm
  const zone* zone_ = nullptr;
  std::string abbreviation_;
};

bool is_epoch(std::string_view s) {
  constexpr std::string_view epoch = "epoch";
  const auto text = trim_blanks(s);
  return text.size() == epoch.size() && fold(text) == epoch;
}

/// 2021-04-24 and nothing else; none for all others, which may be a date yet.
std::optional<std::int64_t> read_plain_date(std::string_view s) {
  constexpr std::size_t length = 10;
  if (s.size() != length || s[4] != '-' || s[7] != '-')
    return std::nullopt;
  const auto number = [&](std::size_t from, std::size_t digits) {
    int out = 0;
    for (const char c : s.substr(from, digits)) {
      if (!is_digit(c))
        return -1;
      out = out * 10 + (c - '0');
    }
    return out;
  };
  const int year = number(0, 4), month = number(5, 2), day = number(8, 2);
  if (year < 1 || month < 1 || month > 12 || day < 1 || day > days_in_month(year, month))
    return std::nullopt;
  return days_of(year, month, day);
}

}  // namespace

reading read_timestamp(std::string_view s, bool zoned, std::int64_t& out, const zone* local) {
  day_memory day;
  if (const auto t = read_plain_timestamp(s, day, zoned, local)) {
    out = *t;
    return reading::ok;
  }
  if (is_epoch(s)) {
    out = 0;
    return reading::ok;
  }
  return timestamp_reader(zoned, local).read(s, out);
}

reading read_date(std::string_view s, std::int64_t& days) {
  if (const auto day = read_plain_date(s)) {
    days = *day;
    return reading::ok;
  }
  if (is_epoch(s)) {
    days = 0;
    return reading::ok;
  }
  std::int64_t t = 0;
  timestamp_reader reader(false, nullptr);
  const auto how = reader.read(s, t);
  days = reader.date();
  return how;
}

reading read_time(std::string_view s, std::int64_t& out) {
  return timestamp_reader(false, nullptr).read_time(s, out);
}

}  // namespace millrace::expression
