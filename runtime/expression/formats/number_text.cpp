#include "runtime/expression/formats/number_text.hpp"

#include "runtime/base/few_units.hpp"
#include "runtime/base/padded.hpp"
#include "runtime/base/shortest_double.hpp"
#include "runtime/expression/syntax/source_text.hpp"

#include <boost/static_string/static_string.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

namespace millrace::expression {
namespace {

constexpr std::string_view blanks = " \t\r\n\f\v";

/// A number's decimal digits d1d2... and the exponent of d1: 0.d1d2... * 10^exponent.
struct scientific {
  bool minus = false;
  boost::static_string<20> digits;  // 17 tell a double from the next, and rounding adds one in front
  int exponent = 0;
};

scientific shortest_of(double v) {
  const auto [digits, exponent] = shortest_digits_of(v);
  scientific out;
  out.minus = std::signbit(v);
  out.digits.resize(out.digits.static_capacity);
  const auto* const end = std::to_chars(out.digits.data(), out.digits.data() + out.digits.size(), digits).ptr;
  out.digits.resize(static_cast<std::size_t>(end - out.digits.data()));
  out.exponent = exponent + static_cast<int>(out.digits.size());
  return out;
}

/// `significant` < 0: the shortest digits that read back the same.
scientific scientific_of(double v, int significant) {
  if (significant < 0)
    return shortest_of(v);
  std::array<char, 64> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), v,
                                 std::chars_format::scientific, significant - 1)
                       .ptr;
  std::string_view s(buffer.data(), static_cast<std::size_t>(end - buffer.data()));
  scientific out;
  if (s.front() == '-') {
    out.minus = true;
    s.remove_prefix(1);
  }
  const auto e = s.find('e');
  out.digits.push_back(s.front());
  if (e > 2)
    out.digits.append(s.data() + 2, s.data() + e);  // behind the point
  auto power = s.substr(e + 1);
  if (power.front() == '+')
    power.remove_prefix(1);
  std::from_chars(power.data(), power.data() + power.size(), out.exponent);
  ++out.exponent;
  while (out.digits.size() > 1 && out.digits.back() == '0')
    out.digits.pop_back();
  return out;
}

/// Whether the digits lie exactly between two doubles. They then read back as the even one of them, and
/// PostgreSQL writes more of them. Only integers beyond 2^53 have so few digits there.
bool lies_between(const scientific& d, double v) {
  const auto whole = static_cast<std::size_t>(std::max(d.exponent, 0));
  if (d.digits.size() > whole || std::fabs(v) < 0x1p53 || std::fabs(v) > 0x1p126)
    return false;
  unsigned __int128 digits = 0;
  for (std::size_t i = 0; i < whole; ++i)
    digits = digits * 10 + (i < d.digits.size() ? static_cast<unsigned>(d.digits[i] - '0') : 0U);
  const auto exact = static_cast<unsigned __int128>(std::fabs(v));
  const auto step = static_cast<unsigned __int128>(std::nextafter(std::fabs(v), 0x1p127) - std::fabs(v));
  // doubles lie closer below a power of two
  const auto below = static_cast<unsigned __int128>(std::fabs(v) - std::nextafter(std::fabs(v), 0.0));
  return digits > exact ? (digits - exact) * 2 == step : digits < exact && (exact - digits) * 2 == below;
}

bool write_special(std::string& out, double v) {
  if (std::isfinite(v))
    return false;
  out += std::isnan(v) ? "NaN" : v < 0 ? "-Infinity" : "Infinity";
  return true;
}

void write_plain(std::string& out, const scientific& d) {
  if (d.exponent <= 0) {
    out += "0.";
    out.append(static_cast<std::size_t>(-d.exponent), '0');
    out.append(d.digits.data(), d.digits.size());
    return;
  }
  const auto whole = static_cast<std::size_t>(d.exponent);
  out.append(d.digits.data(), std::min(whole, d.digits.size()));
  if (d.digits.size() <= whole)
    out.append(whole - d.digits.size(), '0');
  else
    out.append(".").append(d.digits.data() + whole, d.digits.size() - whole);
}

// A double is written with an exponent from this power of ten on.
constexpr int most_plain_digits = std::numeric_limits<double>::digits10;

}  // namespace

std::string_view without_outer_blanks(std::string_view s) {
  const auto first = s.find_first_not_of(blanks);
  if (first == std::string_view::npos)
    return {};
  return s.substr(first, s.find_last_not_of(blanks) - first + 1);
}

reading read_boolean(std::string_view s, bool& out) {
  const auto word = fold(trim_blanks(s));
  const auto begins = [&](std::string_view full, std::size_t at_least) {
    return word.size() >= at_least && full.substr(0, word.size()) == word;
  };
  if (begins("true", 1) || begins("yes", 1) || word == "on" || word == "1")
    out = true;
  else if (begins("false", 1) || begins("no", 1) || begins("off", 2) || word == "0")
    out = false;
  else
    return reading::malformed;
  return reading::ok;
}

reading read_any_bigint(std::string_view s, std::int64_t& out) {
  s = trim_blanks(s);
  if (s.size() > 1 && s[0] == '+' && s[1] != '-')
    s.remove_prefix(1);
  const auto [end, err] = std::from_chars(s.data(), s.data() + s.size(), out);
  if (end != s.data() + s.size() || err == std::errc::invalid_argument)
    return reading::malformed;
  return err == std::errc{} ? reading::ok : reading::out_of_range;
}

reading read_any_double(std::string_view s, double& out) {
  s = trim_blanks(s);
  if (s.size() > 1 && s[0] == '+' && s[1] != '-')
    s.remove_prefix(1);
  const bool minus = !s.empty() && s[0] == '-';
  const auto word = fold(minus ? s.substr(1) : s);
  if (word == "infinity" || word == "inf") {
    out = minus ? -std::numeric_limits<double>::infinity() : std::numeric_limits<double>::infinity();
    return reading::ok;
  }
  if (word == "nan" && !minus) {
    out = std::numeric_limits<double>::quiet_NaN();
    return reading::ok;
  }
  if (word.empty() || (word[0] != '.' && (word[0] < '0' || word[0] > '9')))
    return reading::malformed;  // from_chars would take nan(...)
  const auto [end, err] = std::from_chars(s.data(), s.data() + s.size(), out);
  if (end != s.data() + s.size() || err == std::errc::invalid_argument)
    return reading::malformed;
  return err == std::errc{} ? reading::ok : reading::out_of_range;
}

void write_double(std::string& out, double v) {
  if (write_special(out, v))
    return;
  if (v == 0) {
    out += std::signbit(v) ? "-0" : "0";
    return;
  }
  auto d = scientific_of(v, -1);
  for (auto digits = static_cast<int>(d.digits.size()); digits < 17 && lies_between(d, v); ++digits)
    d = scientific_of(v, digits + 1);
  if (d.minus)
    out += '-';
  const int power = d.exponent - 1;
  if (power >= -4 && power < most_plain_digits)
    return write_plain(out, d);
  out += d.digits[0];
  if (d.digits.size() > 1)
    out.append(".").append(d.digits.data() + 1, d.digits.size() - 1);
  out += power < 0 ? "e-" : "e+";
  append_padded(out, std::abs(power), 2);
}

int digits_before_point(double v) {
  if (const auto units = nearest_unit(v, 0)) {
    int digits = 1;
    for (auto rest = *units; rest > 9; rest /= 10)
      ++digits;
    return digits;
  }
  std::string whole;
  write_fixed(whole, v, 0);
  return static_cast<int>(whole.size());
}

void write_fixed(std::string& out, double v, int places) {
  const auto units = nearest_unit(v, places);
  if (!units) {
    fmt::format_to(std::back_inserter(out), "{:.{}f}", std::fabs(v), places);
    return;
  }
  const auto unit = static_cast<std::int64_t>(powers_of_ten[static_cast<std::size_t>(places)]);
  append_integer(out, *units / unit);
  if (places > 0) {
    out += '.';
    append_padded(out, *units % unit, places);
  }
}

}  // namespace millrace::expression
