#include "runtime/expression/formats/time_text.hpp"
#include "runtime/expression/syntax/source_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace millrace::expression {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

struct unit {
  std::string_view names;  // between blanks
  std::int64_t months;
  std::int64_t days;
  std::int64_t micros;  // exactly one of the three is not 0
};
constexpr std::array units{
    unit{" us usec usecs usecond useconds microsecond microseconds microsecon ", 0, 0, 1},
    unit{" ms msec msecs msecond mseconds millisecond milliseconds millisecon ", 0, 0, 1000},
    unit{" s sec secs second seconds ", 0, 0, second_micros},
    unit{" m min mins minute minutes ", 0, 0, minute_micros},
    unit{" h hr hrs hour hours ", 0, 0, hour_micros},
    unit{" d day days ", 0, 1, 0},
    unit{" w week weeks ", 0, 7, 0},
    unit{" mon mons month months ", 1, 0, 0},
    unit{" y yr yrs year years ", 12, 0, 0},
    unit{" dec decs decade decades ", 120, 0, 0},
    unit{" c cent century centuries ", 1200, 0, 0},
    unit{" mil mils millennium millennia ", 12'000, 0, 0},
};

/// Bounds the hours of a clock: the greatest interval has a little less, and 60 times as many minutes fit.
constexpr std::int64_t most_hours = 10'000'000'000;

/// Sums up in wide types; composed and range-checked at the end.
class interval_reader {
public:
  explicit interval_reader(std::string_view s) : rest_(trim_blanks(s)) {}

  reading read(interval_value& out) {
    if (rest_.empty())
      return reading::malformed;
    const bool fits = rest_.front() == 'P' || rest_.front() == 'p' ? iso() : plain();
    if (!fits)
      return reading::malformed;
    const auto micros = whole_micros_ + std::llround(fraction_micros_);
    out = {static_cast<std::int32_t>(std::clamp(months_, -2147483648.0, 2147483647.0)),
           static_cast<std::int32_t>(std::clamp(days_, -2147483648.0, 2147483647.0)),
           static_cast<std::int64_t>(micros)};
    if (out.months != months_ || out.days != days_ || out.micros != micros)
      return reading::out_of_range;
    return reading::ok;
  }

private:
  /// A signed decimal number; its text tells whether it is whole.
  bool number(double& v, bool& whole, std::int64_t& integer) {
    std::size_t n = 0;
    if (!rest_.empty() && (rest_[0] == '-' || rest_[0] == '+'))
      ++n;
    const auto first = n;
    while (n < rest_.size() && (is_digit(rest_[n]) || rest_[n] == '.'))
      ++n;
    auto text = rest_.substr(0, n);
    if (n == first || n - first > 25)
      return false;
    if (text[0] == '+')
      text.remove_prefix(1);
    const auto [end, err] =
        std::from_chars(text.data(), text.data() + text.size(), v, std::chars_format::fixed);
    if (err != std::errc{} || end != text.data() + text.size())
      return false;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), integer);
    whole = parsed.ec == std::errc{} && parsed.ptr == text.data() + text.size();
    rest_.remove_prefix(n);
    return true;
  }

  void add_micros(double v, bool whole, std::int64_t integer, std::int64_t factor) {
    if (whole) {
      whole_micros_ += static_cast<__int128>(integer) * factor;
      return;
    }
    const auto full = std::trunc(v);
    whole_micros_ +=
        static_cast<__int128>(std::clamp(full, -1e19, 1e19)) * factor;  // more is out of range anyway
    fraction_micros_ += (v - full) * static_cast<double>(factor);
  }

  void add_days(double v) {
    const auto whole = std::trunc(v);
    days_ += whole;
    if (v != whole)
      add_micros(v - whole, false, 0, day_micros);
  }

  void add(const unit& u, double v, bool whole, std::int64_t integer) {
    if (u.micros != 0)
      return add_micros(v, whole, integer, u.micros);
    if (u.days != 0) {
      const auto full = std::trunc(v);
      days_ += full * static_cast<double>(u.days);
      return add_days((v - full) * static_cast<double>(u.days));
    }
    const auto full = std::trunc(v);
    months_ += full * static_cast<double>(u.months);
    const auto rest = v - full;
    if (u.months > 1) {
      months_ += std::rint(rest * static_cast<double>(u.months));
    } else {
      // a fraction of a month is that much of 30 days; binary dust off
      add_days(std::rint(rest * 30 * 1e9) / 1e9);
    }
  }

  bool clock(std::int64_t hours, bool minus) {
    std::int64_t minutes = 0;
    double seconds = 0;
    const auto digits = [&](std::int64_t& v) {
      std::size_t n = 0;
      while (n < rest_.size() && is_digit(rest_[n]))
        ++n;
      const bool ok = n > 0 && n <= 2;
      if (ok)
        std::from_chars(rest_.data(), rest_.data() + n, v);
      rest_.remove_prefix(n);
      return ok;
    };
    rest_.remove_prefix(1);
    if (!digits(minutes) || minutes > 59)
      return false;
    if (!rest_.empty() && rest_[0] == ':') {
      rest_.remove_prefix(1);
      bool whole = false;
      std::int64_t ignored = 0;
      if (rest_.empty() || !is_digit(rest_[0]) || !number(seconds, whole, ignored) || seconds > 60)
        return false;
    }
    const auto total =
        (static_cast<__int128>(std::abs(hours)) * 60 + minutes) * minute_micros + std::llround(seconds * 1e6);
    whole_micros_ += minus ? -total : total;
    return true;
  }

  bool plain() {
    bool any = false;
    while (!rest_.empty()) {
      if (rest_[0] == ' ' || rest_[0] == '@' || rest_[0] == ',') {
        rest_.remove_prefix(1);
        continue;
      }
      if (fold(rest_) == "ago" && any) {
        months_ = -months_;
        days_ = -days_;
        whole_micros_ = -whole_micros_;
        fraction_micros_ = -fraction_micros_;
        return true;
      }
      const bool minus = rest_[0] == '-';
      double v = 0;
      bool whole = false;
      std::int64_t integer = 0;
      if (!number(v, whole, integer))
        return false;
      any = true;
      if (!rest_.empty() && rest_[0] == ':') {
        if (!whole || integer > most_hours || integer < -most_hours || !clock(integer, minus))
          return false;
        continue;
      }
      if (!rest_.empty() && rest_[0] == '-' && whole) {  // years-months
        rest_.remove_prefix(1);
        double months = 0;
        std::int64_t m = 0;
        if (rest_.empty() || !is_digit(rest_[0]) || !number(months, whole, m) || !whole || m > 11)
          return false;
        months_ += static_cast<double>(integer) * 12 + static_cast<double>(minus ? -m : m);
        continue;
      }
      while (!rest_.empty() && rest_[0] == ' ')
        rest_.remove_prefix(1);
      const auto word = word_at(rest_, 0);
      if (word.empty() && clock_follows()) {  // 3 4:05:06
        add_days(v);
        continue;
      }
      if (word.empty() || fold(word) == "ago") {
        add_micros(v, whole, integer, second_micros);
        continue;
      }
      const auto* u = find(fold(word));
      if (!u)
        return false;
      add(*u, v, whole, integer);
      rest_.remove_prefix(word.size());
    }
    return any;
  }

  [[nodiscard]] bool clock_follows() const {
    std::size_t n = !rest_.empty() && (rest_[0] == '-' || rest_[0] == '+') ? 1 : 0;
    const auto first = n;
    while (n < rest_.size() && is_digit(rest_[n]))
      ++n;
    return n > first && n < rest_.size() && rest_[n] == ':';
  }

  static const unit* find(const std::string& word) {
    for (const auto& u : units)
      if (u.names.find(" " + word + " ") != std::string_view::npos)
        return &u;
    return nullptr;
  }

  bool iso() {
    rest_.remove_prefix(1);
    bool in_time = false;
    bool any = false;
    while (!rest_.empty()) {
      if (!in_time && (rest_[0] == 'T' || rest_[0] == 't')) {
        in_time = true;
        rest_.remove_prefix(1);
        continue;
      }
      double v = 0;
      bool whole = false;
      std::int64_t integer = 0;
      if (!number(v, whole, integer) || rest_.empty())
        return false;
      const auto letter = fold(rest_.substr(0, 1));
      rest_.remove_prefix(1);
      const std::string_view allowed = in_time ? "hms" : "ymwd";
      if (allowed.find(letter) == std::string_view::npos)
        return false;
      add(*find(letter == "m" && !in_time ? "month" : letter), v, whole, integer);
      any = true;
    }
    return any;
  }

  std::string_view rest_;
  double months_ = 0;
  double days_ = 0;
  __int128 whole_micros_ = 0;
  double fraction_micros_ = 0;
};

}  // namespace

reading read_interval(std::string_view s, interval_value& out) { return interval_reader(s).read(out); }

void write_interval(std::string& out, const interval_value& v) {
  const auto begin = out.size();
  bool before = false;  // the last part was negative, so a positive one says so
  const auto part = [&](std::int64_t n, std::string_view name) {
    if (n == 0)
      return;
    fmt::format_to(std::back_inserter(out), "{}{}{} {}{}", out.size() == begin ? "" : " ",
                   before && n > 0 ? "+" : "", n, name, n == 1 ? "" : "s");
    before = n < 0;
  };
  part(v.months / 12, "year");
  part(v.months % 12, "mon");
  part(v.days, "day");
  if (v.micros == 0 && out.size() != begin)
    return;
  const auto t =
      v.micros < 0 ? 0 - static_cast<std::uint64_t>(v.micros) : static_cast<std::uint64_t>(v.micros);
  fmt::format_to(std::back_inserter(out), "{}{}{:02}:{:02}:{:02}", out.size() == begin ? "" : " ",
                 v.micros < 0 ? "-"
                 : before     ? "+"
                              : "",
                 t / hour_micros, t / minute_micros % 60, t / second_micros % 60);
  if (auto fraction = t % second_micros; fraction != 0) {
    int digits = 6;
    for (; fraction % 10 == 0; fraction /= 10)
      --digits;
    fmt::format_to(std::back_inserter(out), ".{:0{}}", fraction, digits);
  }
}

}  // namespace millrace::expression
