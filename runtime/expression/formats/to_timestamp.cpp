#include "runtime/data/text_encoding.hpp"
#include "runtime/expression/formats/time_format.hpp"
#include "runtime/expression/formats/time_text.hpp"
#include "runtime/expression/syntax/source_text.hpp"

#include <fmt/format.h>

#include <charconv>
#include <optional>

namespace millrace::expression {
namespace {

using enum time_part;

bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_separator(char c) { return c > 0x20 && c < 0x7F && !is_digit(c) && !is_letter(c); }

/// Follows PostgreSQL's leniency: blanks are skipped before and after fields, a separator of the template
/// matches any one separator or none.
class reader {
public:
  reader(std::string_view text, const time_format& format) : text_(text), rest_(text), format_(format) {}

  tl::expected<std::int64_t, std::string> read() {
    for (std::size_t i = 0; i < format_.size() && !rest_.empty(); ++i) {
      const auto& p = format_[i];
      if (p.what != literal || i == 0)
        skip_blanks();
      if (p.what == blank || p.what == separator) {
        --skipped_;
        if (!rest_.empty() && (is_blank(rest_[0]) || is_separator(rest_[0]))) {
          rest_.remove_prefix(1);
          ++skipped_;
        }
        continue;
      }
      if (p.what == literal) {
        if (skipped_ > 0)
          --skipped_;
        else if (!rest_.empty())
          rest_.remove_prefix(character_length(rest_, 0));
        continue;
      }
      if (!field(p, i))
        return tl::unexpected(std::move(why_));
      skipped_ = 0;
      skip_blanks();
    }
    return compose();
  }

private:
  void skip_blanks() {
    while (!rest_.empty() && is_blank(rest_[0])) {
      rest_.remove_prefix(1);
      ++skipped_;
    }
  }

  bool wrong(const format_part& p, std::string_view detail = {}) {
    why_ = fmt::format("'{}' does not fit the template at {}{}{}", data::excerpt(text_), p.text,
                       detail.empty() ? "" : ": ", detail);
    return false;
  }

  /// As many digits as the part is wide; any number where no digit may follow in the template.
  bool number(const format_part& p, std::size_t i, std::int64_t& out, std::size_t* digits = nullptr) {
    const bool open = !p.fill || i + 1 == format_.size() || !format_[i + 1].numeric;
    std::size_t n = 0;
    if (!rest_.empty() && (rest_[0] == '-' || rest_[0] == '+'))
      ++n;
    const auto first = n;
    while (n < rest_.size() && is_digit(rest_[n]) && (open || n < p.width))
      ++n;
    if (n == first)
      return wrong(p, "a number is expected");
    if (!open && n < p.width)
      return wrong(p, fmt::format("{} digits are expected", p.width));
    const auto from = rest_[0] == '+' ? 1U : 0U;
    const auto [end, err] = std::from_chars(rest_.data() + from, rest_.data() + n, out);
    if (err != std::errc{} || out > 2'147'483'647 || out < -2'147'483'647)
      return wrong(p, "the number is too large");
    if (digits)
      *digits = n - first;
    rest_.remove_prefix(n);
    if (p.ordinal != 0 && rest_.size() >= 2)
      rest_.remove_prefix(2);
    return true;
  }

  bool within(const format_part& p, std::int64_t v, std::int64_t low, std::int64_t high) {
    return (v >= low && v <= high) || wrong(p, fmt::format("{} is not between {} and {}", v, low, high));
  }

  /// Keeps a field; a second, different value for it is an error.
  bool keep(const format_part& p, std::optional<std::int64_t>& slot, std::int64_t v) {
    if (slot && *slot != v)
      return wrong(p, "it contradicts an earlier field");
    slot = v;
    return true;
  }

  bool fraction_of(const format_part& p, std::size_t i, std::size_t most) {
    std::int64_t v = 0;
    std::size_t digits = 0;
    if (!number(p, i, v, &digits))
      return false;
    if (digits > most)
      return wrong(p, fmt::format("more than {} digits", most));
    for (; digits < 6; ++digits)
      v *= 10;
    fraction_ = v;
    return true;
  }

  /// Two- and three-digit years lie around 2000.
  static std::int64_t near_2000(std::int64_t y) {
    return y < 70 ? y + 2000 : y < 100 ? y + 1900 : y < 520 ? y + 2000 : y < 1000 ? y + 1000 : y;
  }

  bool take_word(std::string_view word) {
    if (fold(rest_.substr(0, word.size())) != fold(word))
      return false;
    rest_.remove_prefix(word.size());
    return true;
  }

  bool month_word(const format_part& p, bool whole) {
    for (int m = 0; m < 12; ++m) {
      const auto name = month_names[m];
      if ((whole && take_word(name)) || (!whole && take_word(name.substr(0, 3))))
        return keep(p, month_, m + 1);
    }
    return wrong(p, "a month's name is expected");
  }

  bool day_word(const format_part& p, bool whole) {
    for (const auto name : day_names)
      if ((whole && take_word(name)) || (!whole && take_word(name.substr(0, 3))))
        return true;
    return wrong(p, "a day's name is expected");
  }

  bool field(const format_part& p, std::size_t i) {
    std::int64_t v = 0;
    switch (p.what) {
    case year4:
      return number(p, i, v) && keep(p, year_, v);
    case year3:
    case year2:
    case year1: {
      std::size_t digits = 0;
      if (!number(p, i, v, &digits))
        return false;
      if (p.what == year1 && digits < 2)
        return keep(p, year_, v + 2000);
      return keep(p, year_, digits < 4 ? near_2000(v) : v);
    }
    case year_comma: {
      const auto comma = rest_.find(',');
      if (comma == std::string_view::npos || comma > 6)
        return wrong(p, "Y,YYY is expected");
      std::string digits(rest_.substr(0, comma));
      rest_.remove_prefix(comma + 1);
      std::size_t n = 0;
      while (n < rest_.size() && n < 3 && is_digit(rest_[n]))
        ++n;
      digits += rest_.substr(0, n);
      rest_.remove_prefix(n);
      const auto [end, err] = std::from_chars(digits.data(), digits.data() + digits.size(), v);
      return err == std::errc{} && end == digits.data() + digits.size() ? keep(p, year_, v)
                                                                        : wrong(p, "Y,YYY is expected");
    }
    case iso_year4:
      return number(p, i, v) && keep(p, iso_year_, v);
    case iso_year3:
    case iso_year2:
    case iso_year1:
      return number(p, i, v) && keep(p, iso_year_, near_2000(v));
    case iso_week:
      return number(p, i, v) && within(p, v, 1, 53) && keep(p, iso_week_, v);
    case iso_day_of_week:
      return number(p, i, v) && within(p, v, 1, 7) && keep(p, iso_day_, v);
    case iso_day_of_year:
      return number(p, i, v) && within(p, v, 1, 371) && keep(p, iso_doy_, v);
    case month_number:
      return number(p, i, v) && within(p, v, 1, 12) && keep(p, month_, v);
    case month_name:
      return month_word(p, true);
    case month_short:
      return month_word(p, false);
    case day_name:
      return day_word(p, true);
    case day_short:
      return day_word(p, false);
    case month_roman: {
      static constexpr std::string_view roman[] = {"XII", "XI", "X",  "IX",  "VIII", "VII",
                                                   "VI",  "V",  "IV", "III", "II",   "I"};
      for (int m = 0; m < 12; ++m)
        if (take_word(roman[m]))
          return keep(p, month_, 12 - m);
      return wrong(p, "a month in Roman numerals is expected");
    }
    case day_of_month:
      return number(p, i, v) && within(p, v, 1, 31) && keep(p, day_, v);
    case day_of_year:
      return number(p, i, v) && within(p, v, 1, 366) && keep(p, doy_, v);
    case hour24:
      return number(p, i, v) && within(p, v, 0, 24) && keep(p, hour_, v);
    case hour12:
      twelve_ = true;
      return number(p, i, v) && within(p, v, 0, 24) && keep(p, hour_, v);
    case minute:
      return number(p, i, v) && within(p, v, 0, 59) && keep(p, minute_, v);
    case second:
      return number(p, i, v) && within(p, v, 0, 60) && keep(p, second_, v);
    case millisecond:
      return fraction_of(p, i, 3);
    case microsecond:
      return fraction_of(p, i, 6);
    case fraction:
      return fraction_of(p, i, p.width);
    case second_of_day:
      return number(p, i, v) && within(p, v, 0, 86'400) && keep(p, second_of_day_, v);
    case julian:
      return number(p, i, v) && keep(p, julian_, v);
    case half_of_day:
    case half_dotted: {
      twelve_ = true;
      const bool dotted = p.what == half_dotted;
      if (take_word(dotted ? "P.M." : "PM"))
        half_ = 12;
      else if (take_word(dotted ? "A.M." : "AM"))
        half_ = 0;
      else
        return wrong(p, "AM or PM is expected");
      return true;
    }
    case era:
    case era_dotted: {
      const bool dotted = p.what == era_dotted;
      bc_ = take_word(dotted ? "B.C." : "BC");
      return bc_ || take_word(dotted ? "A.D." : "AD") || wrong(p, "AD or BC is expected");
    }
    case zone_hours: {
      if (rest_.empty() || (rest_[0] != '+' && rest_[0] != '-' && !is_digit(rest_[0])))
        return wrong(p, "a zone's hours are expected");
      zone_minus_ = rest_[0] == '-';
      if (!is_digit(rest_[0]))
        rest_.remove_prefix(1);
      auto two = p;
      two.width = 2;
      two.fill = true;
      const auto digits = rest_.size() >= 2 && is_digit(rest_[1]) ? 2U : 1U;
      const auto [end, err] =
          std::from_chars(rest_.data(), rest_.data() + std::min<std::size_t>(digits, rest_.size()), v);
      if (err != std::errc{} || v > 15)
        return wrong(two, "a zone's hours are expected");
      rest_.remove_prefix(digits);
      zone_hours_ = v;
      return true;
    }
    case zone_minutes:
      return number(p, i, v) && within(p, v, 0, 59) && keep(p, zone_minutes_, v);
    case zone_name:
    case zone_offset:
      return wrong(p, "it can only be written, not read");
    case century:
    case quarter:
    case week_of_year:
    case week_of_month:
    case day_of_week:
      return number(p, i, v);  // read over, as PostgreSQL does where another field says the day
    case literal:
    case blank:
    case separator:
      break;
    }
    return true;
  }

  tl::expected<std::int64_t, std::string> compose() {
    const auto refuse = [&](std::string_view what) {
      return tl::unexpected(fmt::format("'{}' is no time: {}", data::excerpt(text_), what));
    };
    auto hour = hour_.value_or(0);
    if (twelve_) {
      if (hour < 1 || hour > 12) {
        if (hour_)
          return refuse(fmt::format("hour {} does not exist on a clock of 12 hours", hour));
      } else if (half_) {
        hour = hour % 12 + *half_;
      } else {
        hour %= 12;
      }
    }
    civil c;
    auto year = year_.value_or(0);
    if (bc_)
      year = year > 0 ? 1 - year : year;
    c.year = year;
    c.month = static_cast<int>(month_.value_or(1));
    c.day = static_cast<int>(day_.value_or(1));
    if (c.year < -300'000 || c.year > 300'000)
      return refuse("the year is out of range");
    if (doy_ && !(month_ && day_)) {
      const auto first = civil_of_days(days_of(c.year, 1, 1) + *doy_ - 1);
      if (first.year != c.year)
        return refuse(fmt::format("the year has no day {}", *doy_));
      c = first;
    }
    if (iso_year_ && (iso_week_ || iso_doy_)) {
      const auto monday = days_of_iso_week(*iso_year_, static_cast<int>(iso_week_.value_or(1)));
      c = civil_of_days(iso_doy_ && !iso_week_ ? monday + *iso_doy_ - 1 : monday + iso_day_.value_or(1) - 1);
    }
    if (julian_)
      c = civil_of_days(*julian_ - 2'440'588);
    if (c.day > days_in_month(c.year, c.month))
      return refuse(fmt::format("month {} has no day {}", c.month, c.day));
    if (hour == 24 && (minute_.value_or(0) != 0 || second_.value_or(0) != 0 || fraction_ != 0))
      return refuse("a time after 24:00");
    c.micros_of_day =
        hour * hour_micros + minute_.value_or(0) * minute_micros + second_.value_or(0) * second_micros;
    if (second_of_day_ && !hour_ && !minute_ && !second_)
      c.micros_of_day = *second_of_day_ * second_micros;
    c.micros_of_day += fraction_;
    const auto t = micros_of(c);
    const auto offset =
        (zone_hours_ * 60 + zone_minutes_.value_or(0)) * minute_micros * (zone_minus_ ? -1 : 1);
    const auto out = t ? add(*t, {0, 0, -offset}) : std::nullopt;
    if (!out)
      return refuse("the year is out of range");
    return *out;
  }

  static civil civil_of_days(std::int64_t days) {
    return civil_of(std::clamp<std::int64_t>(days, -100'000'000, 100'000'000) * day_micros);
  }

  std::string_view text_;
  std::string_view rest_;
  const time_format& format_;
  int skipped_ = 0;
  std::string why_;
  std::optional<std::int64_t> year_, iso_year_, iso_week_, iso_day_, iso_doy_, month_, day_, doy_, hour_,
      minute_, second_, second_of_day_, julian_, zone_minutes_;
  std::optional<int> half_;
  std::int64_t fraction_ = 0;
  std::int64_t zone_hours_ = 0;
  bool zone_minus_ = false;
  bool twelve_ = false;
  bool bc_ = false;
};

}  // namespace

tl::expected<std::int64_t, std::string> read_formatted(std::string_view text, const time_format& format) {
  return reader(text, format).read();
}

}  // namespace millrace::expression
