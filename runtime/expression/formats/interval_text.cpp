#include "runtime/base/padded.hpp"
#include "runtime/expression/formats/interval_sum.hpp"
#include "runtime/expression/formats/interval_tokens.hpp"
#include "runtime/expression/formats/time_text.hpp"
#include "runtime/expression/syntax/source_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <vector>

namespace millrace::expression {
namespace {

using enum interval_unit;

struct unit_names {
  std::string_view names;  // between blanks; letters from the eleventh on do not count, as in PostgreSQL
  interval_unit unit;
};
constexpr std::array units{
    unit_names{" us usec usecs usecond useconds microsecon ", microsecond},
    unit_names{" ms msec msecs msecond mseconds millisecon ", millisecond},
    unit_names{" s sec secs second seconds ", second},
    unit_names{" m min mins minute minutes ", minute},
    unit_names{" h hr hrs hour hours ", hour},
    unit_names{" d day days ", day},
    unit_names{" w week weeks ", week},
    unit_names{" mon mons month months ", month},
    unit_names{" y yr yrs year years ", year},
    unit_names{" dec decs decade decades ", decade},
    unit_names{" c cent century centuries ", century},
    unit_names{" mil mils millennia millennium ", millennium},
};
constexpr std::size_t letters_of_unit = 10;

bool is_among(std::string_view names, std::string_view name) {
  return names.find(name) != std::string_view::npos;
}
/// Takes an integer from the beginning; what does not begin with digits is 0.
bool take_integer(std::string_view& s, std::int64_t& v) {
  if (s.starts_with('+'))
    s.remove_prefix(1);
  v = 0;
  const auto [end, failed] = std::from_chars(s.data(), s.data() + s.size(), v);
  s.remove_prefix(static_cast<std::size_t>(end - s.data()));
  return failed != std::errc::result_out_of_range;
}

/// "." and digits, nothing behind.
bool read_fraction(std::string_view s, double& out) {
  out = 0;
  if (s == ".")
    return true;
  const auto [end, failed] = std::from_chars(s.data(), s.data() + s.size(), out, std::chars_format::fixed);
  return failed == std::errc{} && end == s.data() + s.size();
}

constexpr std::uint32_t bit(interval_unit u) { return 1U << static_cast<unsigned>(u); }
constexpr std::uint32_t bits_of_seconds = bit(second) | bit(millisecond) | bit(microsecond);

class interval_reader {
public:
  explicit interval_reader(interval_fields fields)
      : unit_(smallest_unit(fields)), two_parts_are_seconds_(fields == minute_to_second) {}

  reading read(std::string_view s, interval_value& out) {
    auto end = s.starts_with('P') ? iso(s.substr(1)) : plain(s);
    if (end == reading::ok && !sum_.result(out))
      end = reading::out_of_range;
    return end;
  }

private:
  static reading within(bool fits) { return fits ? reading::ok : reading::out_of_range; }

  /// Goes from right to left, so that a unit is known before its number.
  reading plain(std::string_view s) {
    using enum interval_token::kind;
    std::vector<interval_token> tokens;
    if (!cut_interval(s, tokens))
      return reading::malformed;
    for (auto t = tokens.rbegin(); t != tokens.rend(); ++t) {
      const auto end = t->what == word    ? unit_word(t->text)
                       : t->what == clock ? clock_time(t->text)
                                          : amount(t->text);
      if (end != reading::ok)
        return end;
    }
    if (seen_ == 0)
      return reading::malformed;
    return within(!before_ || sum_.negate());
  }

  reading unit_word(std::string_view text) {
    const auto wanted = fmt::format(" {} ", text.substr(0, letters_of_unit));
    for (const auto& u : units)
      if (is_among(u.names, wanted)) {
        unit_ = u.unit;
        return reading::ok;
      }
    if (!is_among(" ago quarter qtr timezone ", wanted))
      return reading::malformed;
    unit_ = std::nullopt;
    before_ |= text == "ago";
    return reading::ok;
  }

  reading once(std::uint32_t units) {
    if ((seen_ & units) != 0)
      return reading::malformed;
    seen_ |= units;
    return reading::ok;
  }

  reading amount(std::string_view text) {
    const bool minus = text.starts_with('-');
    auto unit = unit_;
    split_number n;
    auto rest = text;
    if (!take_integer(rest, n.whole))
      return reading::out_of_range;
    if (rest.starts_with('-')) {  // years-months
      std::int64_t months = 0;
      rest.remove_prefix(1);
      const bool fits = take_integer(rest, months) && months >= 0 && months < 12 &&
                        !__builtin_mul_overflow(n.whole, 12, &n.whole) &&
                        !__builtin_add_overflow(n.whole, minus ? -months : months, &n.whole);
      if (!fits)
        return reading::out_of_range;
      if (!rest.empty())
        return reading::malformed;
      unit = month;
    } else if (rest.starts_with('.')) {
      if (!read_fraction(rest, n.fraction))
        return reading::malformed;
      n.fraction = minus ? -n.fraction : n.fraction;
    } else if (!rest.empty()) {
      return reading::malformed;
    }
    if (!unit)
      return reading::malformed;
    unit_ = unit == hour ? day : unit;
    if (!sum_.add(*unit, n))
      return reading::out_of_range;
    return once(unit == second && n.fraction != 0 ? bits_of_seconds : bit(*unit));
  }

  reading clock_time(std::string_view text) {
    const bool minus = text.starts_with('-');
    if (minus || text.starts_with('+'))
      text.remove_prefix(1);
    std::int64_t micros = 0;
    if (const auto end = time_of(text, minus ? -1 : 1, micros); end != reading::ok)
      return end;
    sum_.set_time(micros);
    unit_ = day;
    return once(bits_of_seconds | bit(minute) | bit(hour));
  }

  /// hours:minutes, hours:minutes:seconds or minutes:seconds with a fraction.
  [[nodiscard]] reading time_of(std::string_view text, int sign, std::int64_t& out) const {
    std::int64_t hours = 0;
    std::int64_t minutes = 0;
    std::int64_t whole_seconds = 0;
    std::int64_t fraction = 0;
    if (!take_integer(text, hours) || !text.starts_with(':'))
      return text.starts_with(':') ? reading::out_of_range : reading::malformed;
    text.remove_prefix(1);
    if (!take_integer(text, minutes))
      return reading::out_of_range;
    if (text.starts_with(':')) {
      text.remove_prefix(1);
      if (!take_integer(text, whole_seconds))
        return reading::out_of_range;
    } else if (text.starts_with('.') || (text.empty() && two_parts_are_seconds_)) {
      whole_seconds = minutes;
      minutes = hours;
      hours = 0;
    }
    if (text.starts_with('.')) {
      double ignored = 0;
      if (!read_fraction(text, ignored))
        return reading::malformed;
      fraction = micros_of_fraction(text.substr(1));
    } else if (!text.empty()) {
      return reading::malformed;
    }
    if (minutes < 0 || minutes > 59 || whole_seconds < 0 || whole_seconds > 60)
      return reading::out_of_range;
    const auto rest = sign * (minutes * minute_micros + whole_seconds * second_micros + fraction);
    return within(!__builtin_mul_overflow(hours, sign * hour_micros, &out) &&
                  !__builtin_add_overflow(out, rest, &out));
  }

  /// Reads what follows the P: parts with letters, or dates and times as PYYYY-MM-DDThh:mm:ss and PYYYYMMDDThhmmss.
  reading iso(std::string_view s) {
    if (s.empty())
      return reading::malformed;
    bool time = false;
    bool parts = false;
    while (!s.empty()) {
      if (s[0] == 'T') {
        time = true;
        parts = false;
        s.remove_prefix(1);
        continue;
      }
      const auto begin = s;
      split_number n;
      if (const auto end = iso_number(s, n); end != reading::ok)
        return end;
      const char letter = s.empty() ? '\0' : s[0];
      const std::string_view letters = time ? "HMS" : "YMWD";
      if (const auto at = letters.find(letter); at != std::string_view::npos && letter != '\0') {
        static constexpr std::array of_time{hour, minute, second};
        static constexpr std::array of_date{year, month, week, day};
        if (!sum_.add(time ? of_time[at] : of_date[at], n))
          return reading::out_of_range;
        s.remove_prefix(1);
        parts = true;
        continue;
      }
      if (parts || (letter != '\0' && letter != (time ? ':' : '-') && (time || letter != 'T')))
        return reading::malformed;
      const auto end = run_together(begin, letter, time) ? add_digits(n, time) : fields(s, n, time);
      if (end != reading::ok)
        return end;
    }
    return reading::ok;
  }

  static bool run_together(std::string_view text, char next, bool time) {
    if (text.starts_with('-'))
      text.remove_prefix(1);
    const auto digits = std::min(text.find_first_not_of("0123456789"), text.size());
    return digits == (time ? 6U : 8U) && next != ':' && next != '-';
  }
  /// PostgreSQL 15 takes a fraction of such a second for one of a microsecond, so there is none here.
  reading add_digits(split_number n, bool time) {
    if (time && n.fraction != 0)
      return reading::malformed;
    const auto w = n.whole;
    return within(sum_.add(time ? hour : year, {w / 10'000}) &&
                  sum_.add(time ? minute : month, {w / 100 % 100}) &&
                  sum_.add(time ? second : day, {w % 100, n.fraction}));
  }

  /// The first number of a date or a time has been read.
  reading fields(std::string_view& s, split_number n, bool time) {
    const std::array parts{time ? hour : year, time ? minute : month, time ? second : day};
    const char divider = time ? ':' : '-';
    for (std::size_t i = 0;; ++i) {
      if (!sum_.add(parts[i], n))
        return reading::out_of_range;
      if (s.empty() || (!time && s[0] == 'T'))
        return reading::ok;
      if (s[0] != divider || i == 2)
        return reading::malformed;
      s.remove_prefix(1);
      if (const auto end = iso_number(s, n); end != reading::ok)
        return end;
    }
  }

  /// A decimal number, perhaps with an exponent.
  static reading iso_number(std::string_view& s, split_number& n) {
    double v = 0;
    if (s.empty() || std::string_view("-.0123456789").find(s[0]) == std::string_view::npos)
      return reading::malformed;
    const auto [end, failed] = std::from_chars(s.data(), s.data() + s.size(), v);
    if (failed != std::errc{})
      return reading::malformed;
    if (!(v >= -1e15 && v <= 1e15))
      return reading::out_of_range;
    s.remove_prefix(static_cast<std::size_t>(end - s.data()));
    n = {static_cast<std::int64_t>(v), v - std::trunc(v)};
    return reading::ok;
  }

  interval_sum sum_;
  /// The unit of the number to the left; none: only years-months or a clock may stand there.
  std::optional<interval_unit> unit_;
  bool two_parts_are_seconds_;
  bool before_ = false;
  std::uint32_t seen_ = 0;
};

}  // namespace

reading read_interval(std::string_view s, interval_value& out) {
  return read_interval_of(s, out, every_field);
}

reading read_interval_of(std::string_view s, interval_value& out, interval_fields fields) {
  return interval_reader(fields).read(s, out);
}

void write_interval(std::string& out, const interval_value& v) {
  const auto begin = out.size();
  bool before = false;  // the last part was negative, so a positive one says so
  const auto part = [&](std::int64_t n, std::string_view name) {
    if (n == 0)
      return;
    if (out.size() != begin)
      out += ' ';
    if (before && n > 0)
      out += '+';
    append_integer(out, n);
    out += name;
    if (n != 1)
      out += 's';
    before = n < 0;
  };
  part(v.months / 12, " year");
  part(v.months % 12, " mon");
  part(v.days, " day");
  if (v.micros == 0 && out.size() != begin)
    return;
  const auto t =
      v.micros < 0 ? 0 - static_cast<std::uint64_t>(v.micros) : static_cast<std::uint64_t>(v.micros);
  std::array<char, 48> text;
  auto* to = text.data();
  if (out.size() != begin)
    *to++ = ' ';
  if (v.micros < 0 || before)
    *to++ = v.micros < 0 ? '-' : '+';
  to = put_padded(to, static_cast<std::int64_t>(t / hour_micros), 2);
  *to++ = ':';
  to = put_pair(to, static_cast<unsigned>(t / minute_micros % 60));
  *to++ = ':';
  to = put_pair(to, static_cast<unsigned>(t / second_micros % 60));
  to = put_fraction(to, static_cast<int>(t % second_micros));
  out.append(text.data(), to);
}

}  // namespace millrace::expression
