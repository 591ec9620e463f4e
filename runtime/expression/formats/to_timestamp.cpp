#include "runtime/base/scan.hpp"
#include "runtime/data/text_encoding.hpp"
#include "runtime/expression/formats/template_fields.hpp"
#include "runtime/expression/formats/time_format.hpp"
#include "runtime/expression/formats/time_text.hpp"
#include "runtime/expression/syntax/source_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <span>
#include <utility>

namespace millrace::expression {
namespace {

using enum time_part;

bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

std::string_view without_blanks(std::string_view s) {
  s.remove_prefix(std::min(s.find_first_not_of(" \t\n\v\f\r"), s.size()));
  return s;
}

/// Where a number ends that begins there, as C's strtol reads it; `from` where there is none.
std::size_t end_of_number(std::string_view s, std::size_t from) {
  auto at = s.size() - without_blanks(s.substr(from)).size();
  if (at < s.size() && (s[at] == '-' || s[at] == '+'))
    ++at;
  const auto first = at;
  while (at < s.size() && is_digit(s[at]))
    ++at;
  return at == first ? from : at;
}

/// Reads a number up to its end; blanks alone are 0, and too many digits far too much.
std::int64_t value_of(std::string_view number) {
  auto digits = without_blanks(number);
  if (digits.starts_with('+'))
    digits.remove_prefix(1);
  std::int64_t v = 0;
  const auto failed = std::from_chars(digits.data(), digits.data() + digits.size(), v).ec;
  return failed == std::errc::result_out_of_range ? INT64_MAX : v;
}

/// Two- and three-digit years lie around 2020.
std::int64_t near_2020(std::int64_t y) {
  return y < 70 ? y + 2000 : y < 100 ? y + 1900 : y < 520 ? y + 2000 : y < 1000 ? y + 1000 : y;
}

/// Follows PostgreSQL's leniency: blanks are skipped before and after fields, a separator of the template
/// matches any one separator or none. Behind FX each character of the template stands for one of the text.
class reader {
public:
  reader(std::string_view text, const time_format& format) : text_(text), rest_(text), format_(format) {}

  /// `result` makes a time of the fields: instant_of or day_of.
  template<class F>
  tl::expected<std::int64_t, std::string> read(F result) {
    for (std::size_t i = 0; i < format_.size() && !rest_.empty(); ++i)
      if (!part(format_[i], i))
        return tl::unexpected(std::move(why_));
    auto out = result(f_);
    if (!out)
      return tl::unexpected(fmt::format("'{}' is not a time: {}", data::excerpt(text_), out.error()));
    return out;
  }

private:
  bool part(const format_part& p, std::size_t i) {
    const bool is_field = p.what != literal && p.what != blank && p.what != separator;
    if (!fixed_ && p.what != fixed_width && (is_field || i == 0))
      skip_blanks();
    if (!is_field) {
      skip_character(p);
      return true;
    }
    if (!use_convention(p) || !field(p, i))
      return false;
    if (!fixed_) {
      skipped_ = 0;
      skip_blanks();
    }
    return true;
  }

  void skip_blanks() {
    while (!rest_.empty() && is_blank(rest_[0])) {
      rest_.remove_prefix(1);
      ++skipped_;
    }
  }

  void drop_character() {
    if (!rest_.empty())
      rest_.remove_prefix(character_length(rest_, 0));
  }

  /// The two characters of TH.
  void drop_ordinal() {
    drop_character();
    drop_character();
  }

  void skip_character(const format_part& p) {
    if (fixed_)
      return drop_character();
    if (p.what == literal)
      return skipped_ > 0 ? void(--skipped_) : drop_character();
    if (!rest_.empty() && (is_blank(rest_[0]) || is_separator(rest_[0])))
      rest_.remove_prefix(1);
    else
      --skipped_;
  }

  bool wrong(const format_part& p, std::string_view detail) {
    why_ = fmt::format("'{}' does not fit the template at {}: {}", data::excerpt(text_), p.text, detail);
    return false;
  }

  bool use_convention(const format_part& p) {
    const auto c = p.convention;
    f_.iso_weeks |= c == date_convention::iso_weeks;
    f_.conventional |= c == date_convention::months;
    return !f_.iso_weeks || !f_.conventional || wrong(p, mixed_conventions);
  }

  /// Keeps a field; a second, different value for it is an error.
  bool keep(const format_part& p, std::int64_t& slot, std::int64_t v) {
    if (slot != 0 && slot != v)
      return wrong(p, "it contradicts an earlier field");
    slot = v;
    return true;
  }

  /// Takes as many characters as the part is wide; any number of digits where no digit may follow in the template. Gives
  /// the number of characters, 0 where the text is wrong.
  std::size_t number(const format_part& p, std::size_t i, std::int64_t& slot, std::size_t width) {
    const bool exact = p.fill && !no_digit_follows(i);
    if (const auto [digits, v] = leading_digits(exact ? width : most_digits + 1);
        digits > 0 && (exact ? digits == width : digits <= most_digits))
      return took_number(p, slot, v, digits);
    const auto begin = exact ? rest_.size() - without_blanks(rest_).size() : 0;
    if (exact && rest_.size() - begin < width)
      return wrong(p, fmt::format("{} digits are expected", width));
    const auto view = exact ? rest_.substr(0, begin + width) : rest_;
    const auto end = end_of_number(view, begin);
    if (end == begin && begin == 0)
      return wrong(p, "a number is expected");
    if (exact && end != begin && end < view.size())
      return wrong(p, fmt::format("{} digits are expected", width));
    const auto v = value_of(view.substr(0, end));
    if (v > INT32_MAX || v < INT32_MIN)
      return wrong(p, "the number is too large");
    return took_number(p, slot, v, end);
  }

  std::size_t took_number(const format_part& p, std::int64_t& slot, std::int64_t v, std::size_t length) {
    if (!keep(p, slot, v))
      return 0;
    rest_.remove_prefix(length);
    if (p.ordinal != 0 && p.what != zone_hours && p.what != zone_minutes)
      drop_ordinal();
    return length;
  }

  static constexpr std::size_t most_digits = 9;  // always fit 32 bits

  /// The digits that come next, `most` at most, and their value: the usual number has nothing else.
  [[nodiscard]] std::pair<std::size_t, std::int64_t> leading_digits(std::size_t most) const {
    std::size_t n = 0;
    std::int64_t v = 0;
    for (const auto end = std::min(most, rest_.size()); n < end && is_digit(rest_[n]); ++n)
      v = v * 10 + (rest_[n] - '0');
    return {n, v};
  }

  std::size_t number(const format_part& p, std::size_t i, std::int64_t& slot) {
    return number(p, i, slot, p.width);
  }

  /// Says whether a number that stands there in the template may be longer than its part.
  [[nodiscard]] bool no_digit_follows(std::size_t i) const {
    if (format_[i].ordinal != 0 || i + 1 == format_.size())
      return true;
    const auto& next = format_[i + 1];
    return !next.numeric && !(next.what == literal && is_digit(next.text[0]));
  }

  /// Takes a word in any case where it comes next.
  bool take(std::string_view word) {
    const auto small = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
    const auto same = [&](char a, char b) { return small(a) == small(b); };
    if (rest_.size() < word.size() || !std::equal(word.begin(), word.end(), rest_.begin(), same))
      return false;
    rest_.remove_prefix(word.size());
    return true;
  }
  /// Takes the first of the words, cut to so many letters, that comes next; `which` counts them.
  bool word(const format_part& p, std::span<const std::string_view> of, std::int64_t& which,
            std::string_view expected, std::size_t letters = std::string_view::npos) {
    for (which = 0; which < static_cast<std::int64_t>(of.size()); ++which)
      if (take(of[static_cast<std::size_t>(which)].substr(0, letters)))
        return true;
    return wrong(p, expected);
  }

  bool month_word(const format_part& p, std::size_t letters) {
    std::int64_t m = 0;
    return word(p, month_names, m, "a month's name is expected", letters) && keep(p, f_.month, m + 1);
  }
  bool day_word(const format_part& p, std::size_t letters) {
    std::int64_t d = 0;
    if (!word(p, day_names, d, "a day's name is expected", letters) || !keep(p, f_.day_of_week, d))
      return false;
    ++f_.day_of_week;
    return true;
  }
  bool roman_month(const format_part& p) {
    static constexpr std::array<std::string_view, 12> roman{"XII", "XI", "X",  "IX",  "VIII", "VII",
                                                            "VI",  "V",  "IV", "III", "II",   "I"};
    std::int64_t m = 0;
    return word(p, roman, m, "a month in Roman numerals is expected") && keep(p, f_.month, 12 - m);
  }

  bool year(const format_part& p, std::size_t i) {
    const auto length = number(p, i, f_.year);
    if (length == 0)
      return false;
    if (p.what != year4 && p.what != iso_year4 && length < 4)
      f_.year = near_2020(f_.year);
    f_.short_year = p.what == year2 || p.what == year1 || p.what == iso_year2 || p.what == iso_year1;
    return true;
  }

  /// A number of thousands, a comma and up to three digits.
  bool year_with_comma(const format_part& p) {
    const auto comma = end_of_number(rest_, 0);
    if (comma == 0 || comma >= rest_.size() || rest_[comma] != ',')
      return wrong(p, "Y,YYY is expected");
    const auto begin = rest_.size() - without_blanks(rest_.substr(comma + 1)).size();
    const auto end = end_of_number(rest_.substr(0, begin + 3), begin);
    const auto thousands = value_of(rest_.substr(0, comma));
    if (end == begin || thousands > 1'000'000 || thousands < -1'000'000)
      return wrong(p, "Y,YYY is expected");
    const auto years = value_of(rest_.substr(begin, end - begin));
    rest_.remove_prefix(end);
    if (p.ordinal != 0)
      drop_ordinal();
    f_.short_year = false;
    return keep(p, f_.year, thousands * 1000 + years);
  }

  /// 5 is half a second, 05 the twentieth of one.
  bool fraction_of(const format_part& p, std::size_t i, std::int64_t& slot, std::size_t places) {
    auto length = number(p, i, slot, p.width);
    if (length == 0)
      return false;
    for (; length < places; ++length)
      slot *= 10;
    return true;
  }

  bool zone_hour(const format_part& p, std::size_t i) {
    const bool sign = rest_.starts_with('+') || rest_.starts_with('-') || rest_.starts_with(' ');
    // a minus may have been taken for a separator of the template
    const bool before = !sign && skipped_ > 0 && rest_.data()[-1] == '-';
    f_.zone_sign = before || rest_.starts_with('-') ? -1 : 1;
    if (sign)
      rest_.remove_prefix(1);
    return number(p, i, f_.zone_hours, 2) != 0;
  }

  bool half_day(const format_part& p) {
    static constexpr std::array<std::string_view, 4> halves{"AM", "PM", "A.M.", "P.M."};
    std::int64_t half = 0;
    f_.twelve = true;
    return word(p, std::span(halves).subspan(p.what == half_dotted ? 2 : 0, 2), half,
                "AM or PM is expected") &&
           keep(p, f_.afternoon, half);
  }
  bool era_word(const format_part& p) {
    static constexpr std::array<std::string_view, 4> eras{"AD", "BC", "A.D.", "B.C."};
    std::int64_t before = 0;
    return word(p, std::span(eras).subspan(p.what == era_dotted ? 2 : 0, 2), before,
                "AD or BC is expected") &&
           keep(p, f_.before_christ, before);
  }

  bool field(const format_part& p, std::size_t i) {
    std::int64_t ignored = 0;
    switch (p.what) {
    case fixed_width:
      fixed_ = true;
      return true;
    case year4:
    case year3:
    case year2:
    case year1:
    case iso_year4:
    case iso_year3:
    case iso_year2:
    case iso_year1:
      return year(p, i);
    case year_comma:
      return year_with_comma(p);
    case century:
      return number(p, i, f_.century) != 0;
    case month_number:
      return number(p, i, f_.month) != 0;
    case month_name:
      return month_word(p, std::string_view::npos);
    case month_short:
      return month_word(p, 3);
    case month_roman:
      return roman_month(p);
    case day_name:
      return day_word(p, std::string_view::npos);
    case day_short:
      return day_word(p, 3);
    case day_of_month:
      return number(p, i, f_.day) != 0;
    case day_of_year:
    case iso_day_of_year:
      return number(p, i, f_.day_of_year) != 0;
    case day_of_week:
      return number(p, i, f_.day_of_week) != 0;
    case iso_day_of_week:
      if (number(p, i, f_.day_of_week) == 0)
        return false;
      if (++f_.day_of_week > 7)
        f_.day_of_week = 1;
      return true;
    case week_of_year:
    case iso_week:
      return number(p, i, f_.week) != 0;
    case week_of_month:
      return number(p, i, f_.week_of_month) != 0;
    case quarter:  // says no date, as in PostgreSQL
      return number(p, i, ignored) != 0;
    case julian:
      return number(p, i, f_.julian) != 0;
    case hour12:
      f_.twelve = true;
      return number(p, i, f_.hour) != 0;
    case hour24:
      return number(p, i, f_.hour) != 0;
    case minute:
      return number(p, i, f_.minute) != 0;
    case second:
      return number(p, i, f_.second) != 0;
    case second_of_day:
      return number(p, i, f_.second_of_day) != 0;
    case millisecond:
      return fraction_of(p, i, f_.millisecond, 3);
    case fraction:
      f_.places = static_cast<std::int64_t>(p.width);
      return fraction_of(p, i, f_.microsecond, 6);
    case microsecond:
      return fraction_of(p, i, f_.microsecond, 6);
    case half_of_day:
    case half_dotted:
      return half_day(p);
    case era:
    case era_dotted:
      return era_word(p);
    case zone_hours:
      return zone_hour(p, i);
    case zone_minutes:
      f_.zone_sign = f_.zone_sign == 0 ? 1 : f_.zone_sign;
      return number(p, i, f_.zone_minutes) != 0;
    case zone_name:
    case zone_offset:
      return wrong(p, written_only);
    case literal:
    case blank:
    case separator:
      break;
    }
    return true;
  }

  std::string_view text_;
  std::string_view rest_;
  const time_format& format_;
  template_fields f_;
  int skipped_ = 0;     // characters beyond those of the template
  bool fixed_ = false;  // behind FX
  std::string why_;
};

}  // namespace

tl::expected<std::int64_t, std::string> read_formatted(std::string_view text, const time_format& format) {
  return reader(text, format).read([](const template_fields& f) { return instant_of(f); });
}

tl::expected<std::int64_t, std::string> read_formatted_date(std::string_view text,
                                                            const time_format& format) {
  return reader(text, format).read([](const template_fields& f) { return day_of(f); });
}

}  // namespace millrace::expression
