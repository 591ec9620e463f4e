// Durations, sizes and rates: numbers with a unit, as people write them.
#include "runtime/base/scan.hpp"
#include "runtime/base/time.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <iterator>
#include <optional>

namespace millrace {
namespace {

struct unit {
  std::string_view names;  // separated by blanks, the first is the one that is written
  std::int64_t micros;
};

constexpr std::array units{
    unit{"week weeks w", 604'800'000'000},        unit{"day days d", 86'400'000'000},
    unit{"hour hours h hr", 3'600'000'000},       unit{"minute minutes min mins m", 60'000'000},
    unit{"second seconds s sec secs", 1'000'000}, unit{"ms millisecond milliseconds", 1'000},
    unit{"us microsecond microseconds", 1},
};

bool names_contain(std::string_view names, std::string_view word) {
  while (!names.empty()) {
    const auto end = names.find(' ');
    if (names.substr(0, end) == word)
      return true;
    names = end == std::string_view::npos ? std::string_view{} : names.substr(end + 1);
  }
  return false;
}

std::optional<double> take_number(std::string_view& s) {
  // The check is needed: from_chars would also take "inf" and "nan".
  if (s.empty() || (!is_digit(s.front()) && s.front() != '.'))
    return std::nullopt;
  double value = 0;
  const auto [end, err] = std::from_chars(s.data(), s.data() + s.size(), value, std::chars_format::fixed);
  if (err != std::errc{})
    return std::nullopt;
  s.remove_prefix(static_cast<std::size_t>(end - s.data()));
  return value;
}

std::string_view take_word(std::string_view& s) {
  std::size_t n = 0;
  while (n < s.size() && is_letter(s[n]))
    ++n;
  const auto word = s.substr(0, n);
  s.remove_prefix(n);
  return word;
}

}  // namespace

expected<micros> parse_duration(std::string_view text) {
  const auto wrong = [&] {
    return user_error(
        ec::invalid_argument,
        fmt::format("'{}' is not a duration; expected a number and a unit (us, ms, s, min, hours, days, "
                    "weeks), such as \"5 minutes\" or \"1 hour 30 minutes\"",
                    text));
  };
  std::string_view rest = text;
  double total = 0;
  skip_blanks(rest);
  if (rest.empty())
    return wrong();
  while (!rest.empty()) {
    const auto number = take_number(rest);
    if (!number)
      return wrong();
    skip_blanks(rest);
    const auto word = take_word(rest);
    const unit* found = nullptr;
    for (const auto& u : units)
      if (!word.empty() && names_contain(u.names, word))
        found = &u;
    if (!found)
      return wrong();
    total += *number * static_cast<double>(found->micros);
    skip_blanks(rest);
  }
  if (total > static_cast<double>(longest_duration.count()))
    return user_error(ec::invalid_argument, fmt::format("'{}' is longer than a century", text));
  return micros(std::llround(total));
}

expected<micros> parse_signed_duration(std::string_view text) {
  auto rest = text;
  skip_blanks(rest);
  if (!rest.starts_with('-'))
    return parse_duration(text);
  ASSIGN_OR_RETURN(const auto length, parse_duration(rest.substr(1)));
  return -length;
}

std::string format_duration(micros d) {
  if (d < micros(0))
    return "-" + format_duration(-d);
  auto rest = d.count();
  std::string out;
  for (const auto& u : units) {
    const auto n = rest / u.micros;
    if (n == 0)
      continue;
    rest -= n * u.micros;
    const bool plural = n != 1 && u.micros >= 1'000'000;
    fmt::format_to(std::back_inserter(out), "{}{} {}{}", out.empty() ? "" : " ", n,
                   u.names.substr(0, u.names.find(' ')), plural ? "s" : "");
  }
  return out.empty() ? "0 seconds" : out;
}

expected<std::uint64_t> parse_size(std::string_view text) {
  std::string_view rest = text;
  skip_blanks(rest);
  const auto number = rest.empty() ? std::nullopt : take_number(rest);
  skip_blanks(rest);
  const auto word = take_word(rest);
  skip_blanks(rest);
  constexpr std::array<std::pair<std::string_view, double>, 9> sizes{{{"", 1},
                                                                      {"B", 1},
                                                                      {"kB", 1e3},
                                                                      {"KB", 1e3},
                                                                      {"MB", 1e6},
                                                                      {"GB", 1e9},
                                                                      {"KiB", 1024.0},
                                                                      {"MiB", 1024.0 * 1024},
                                                                      {"GiB", 1024.0 * 1024 * 1024}}};
  for (const auto& [name, factor] : sizes)
    if (number && rest.empty() && word == name && *number * factor < 9e18)
      return static_cast<std::uint64_t>(std::llround(*number * factor));
  return user_error(
      ec::invalid_argument,
      fmt::format("'{}' is not a size; expected a number and a unit (B, kB, MB, GB, KiB, MiB, GiB), such as "
                  "\"128 MB\"",
                  text));
}

/// A wait for a record counts microseconds in 64 bits.
static expected<double> rate_within_bounds(double a_second, std::string_view text) {
  if (a_second > 1e12 || a_second < 1e6 / static_cast<double>(longest_duration.count()))
    return user_error(ec::invalid_argument,
                      fmt::format("'{}' is out of range; expected between one record a century and "
                                  "1,000,000,000,000 a second",
                                  text));
  return a_second;
}

expected<double> parse_rate(std::string_view text) {
  std::string_view rest = text;
  skip_blanks(rest);
  const auto number = rest.empty() ? std::nullopt : take_number(rest);
  skip_blanks(rest);
  if (number && *number > 0 && take(rest, '/')) {
    skip_blanks(rest);
    const auto word = take_word(rest);
    if (rest.empty())
      for (const auto& u : units)
        if (!word.empty() && names_contain(u.names, word))
          return rate_within_bounds(*number * 1e6 / static_cast<double>(u.micros), text);
  }
  return user_error(
      ec::invalid_argument,
      fmt::format("'{}' is not a rate; expected records per unit of time, such as \"10/s\" or \"600/min\"",
                  text));
}

}  // namespace millrace
