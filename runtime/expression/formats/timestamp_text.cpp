#include "runtime/base/padded.hpp"
#include "runtime/base/scan.hpp"
#include "runtime/expression/formats/time_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace millrace::expression {
namespace {

/// The rest behind the second: a fraction of at most six digits and a zone in figures, or UTC.
struct plain_rest {
  std::int64_t fraction = 0;
  bool zoned = false;
  std::int64_t offset = 0;
};

/// All else takes the long way.
std::optional<plain_rest> read_plain_rest(std::string_view s) {
  plain_rest out;
  if (s.size() > 1 && s.front() == '.') {
    s.remove_prefix(1);
    const auto digits = take_digits(s);
    if (digits.empty() || digits.size() > 6)
      return std::nullopt;
    out.fraction = micros_of_fraction(digits);
  }
  out.zoned = !s.empty();
  if (s.empty() || (s.size() == 1 && s.front() == 'Z'))
    return out;
  const bool colon = s.size() == 6 && s[3] == ':';
  if ((s.front() != '+' && s.front() != '-') || (s.size() != 3 && s.size() != 5 && !colon))
    return std::nullopt;
  const std::array digits{s[1], s[2],
                          colon           ? s[4]
                          : s.size() == 5 ? s[3]
                                          : '0',
                          s.size() == 3 ? '0' : s.back()};
  if (!std::all_of(digits.begin(), digits.end(), is_digit))
    return std::nullopt;
  const auto pair = [&](std::size_t n) { return (digits[n] - '0') * 10 + digits[n + 1] - '0'; };
  if (pair(0) > 15 || pair(2) > 59)
    return std::nullopt;
  out.offset = pair(0) * hour_micros + pair(2) * minute_micros;
  if (s.front() == '-')
    out.offset = -out.offset;
  return out;
}

}  // namespace

std::int64_t micros_of_fraction(std::string_view digits) {
  std::int64_t exact = 0;
  if (digits.size() <= 6) {
    for (std::size_t i = 0; i < 6; ++i)
      exact = exact * 10 + (i < digits.size() ? digits[i] - '0' : 0);
    return exact;
  }
  // PostgreSQL rounds the double that is nearest to the digits
  const auto text = "0." + std::string(digits);
  double v = 0;
  std::from_chars(text.data(), text.data() + text.size(), v);
  return static_cast<std::int64_t>(std::rint(v * 1e6));
}

expected<event_micros> parse_timestamp(std::string_view text, const zone* local) {
  event_micros out = 0;
  if (read_timestamp(text, true, out, local) != reading::ok)
    return user_error(ec::invalid_argument, fmt::format("'{}' is not a timestamp", text.substr(0, 64)));
  return out;
}

std::optional<std::int64_t> read_plain_timestamp(std::string_view text, day_memory& day, bool zoned,
                                                 const zone* local) {
  if (text.size() < day_memory::length || (text[10] != 'T' && text[10] != ' '))
    return std::nullopt;
  const auto rest = read_plain_rest(text.substr(day_memory::length));
  if (!rest)
    return std::nullopt;
  const auto second = day.read(text.data(), text[10]);
  // a 60th second takes the long way where more follows
  if (!second || (text[17] == '6' && (rest->fraction != 0 || rest->offset != 0)))
    return std::nullopt;
  const auto wall = *second + rest->fraction;
  if (!zoned || rest->zoned || local == nullptr)
    return zoned ? wall - rest->offset : wall;
  return instant_of(*local, wall);
}

expected<event_micros> parse_timestamp(std::string_view text, day_memory& day, const zone* local) {
  if (const auto t = read_plain_timestamp(text, day, true, local))
    return *t;
  return parse_timestamp(text, local);
}

void write_timestamp(std::string& out, std::int64_t t, bool zoned) {
  const auto c = civil_of(t);
  std::array<char, 64> text;
  auto* const second = put_second(text.data(), c.year > 0 ? c.year : 1 - c.year, c.month, c.day, ' ',
                                  c.hour(), c.minute(), c.second());
  auto* const to = put_fraction(second, c.fraction());
  out.append(text.data(), to);
  if (zoned)
    out += "+00";
  if (c.year <= 0)
    out += " BC";
}

void write_date(std::string& out, std::int64_t days) {
  const auto c = civil_of(days * day_micros);
  std::array<char, 64> text;
  out.append(text.data(), put_date(text.data(), c.year > 0 ? c.year : 1 - c.year, c.month, c.day));
  if (c.year <= 0)
    out += " BC";
}

void write_time(std::string& out, std::int64_t micros) {
  std::array<char, 32> text;
  const civil c{.micros_of_day = micros};
  out.append(text.data(),
             put_fraction(put_time(text.data(), c.hour(), c.minute(), c.second()), c.fraction()));
}

}  // namespace millrace::expression
