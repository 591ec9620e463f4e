#include "runtime/expression/formats/number_text.hpp"

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
#include <optional>

namespace millrace::expression {
namespace {

constexpr std::string_view blanks = " \t\r\n\f\v";

/// A number's decimal digits d1d2... and the exponent of d1: 0.d1d2... * 10^exponent.
struct decimal {
  bool minus = false;
  boost::static_string<20> digits;  // 17 tell a double from the next, and rounding adds one in front
  int exponent = 0;
};

decimal shortest_decimal_of(double v) {
  const auto [digits, exponent] = shortest_digits_of(v);
  decimal out;
  out.minus = std::signbit(v);
  out.digits.resize(out.digits.static_capacity);
  const auto* const end = std::to_chars(out.digits.data(), out.digits.data() + out.digits.size(), digits).ptr;
  out.digits.resize(static_cast<std::size_t>(end - out.digits.data()));
  out.exponent = exponent + static_cast<int>(out.digits.size());
  return out;
}

/// `significant` < 0: the shortest digits that read back the same.
decimal decimal_of(double v, int significant) {
  if (significant < 0)
    return shortest_decimal_of(v);
  std::array<char, 64> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), v,
                                 std::chars_format::scientific, significant - 1)
                       .ptr;
  std::string_view s(buffer.data(), static_cast<std::size_t>(end - buffer.data()));
  decimal out;
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
bool lies_between(const decimal& d, double v) {
  const auto whole = static_cast<std::size_t>(std::max(d.exponent, 0));
  if (d.digits.size() > whole || std::fabs(v) < 0x1p53 || std::fabs(v) > 0x1p126)
    return false;
  unsigned __int128 digits = 0;
  for (std::size_t i = 0; i < whole; ++i)
    digits = digits * 10 + (i < d.digits.size() ? static_cast<unsigned>(d.digits[i] - '0') : 0U);
  const auto exact = static_cast<unsigned __int128>(std::fabs(v));
  const auto step = static_cast<unsigned __int128>(std::nextafter(std::fabs(v), 0x1p127) - std::fabs(v));
  // below a power of two doubles lie closer
  const auto below = static_cast<unsigned __int128>(std::fabs(v) - std::nextafter(std::fabs(v), 0.0));
  return digits > exact ? (digits - exact) * 2 == step : digits < exact && (exact - digits) * 2 == below;
}

bool write_special(std::string& out, double v) {
  if (std::isfinite(v))
    return false;
  out += std::isnan(v) ? "NaN" : v < 0 ? "-Infinity" : "Infinity";
  return true;
}

void write_plain(std::string& out, const decimal& d) {
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

double value_of(const decimal& d) {
  std::string text(d.minus ? "-0." : "0.");
  text.append(d.digits.data(), d.digits.size()).append("e");
  append_integer(text, d.exponent);
  double v = 0;
  std::from_chars(text.data(), text.data() + text.size(), v);
  return v;
}

/// Keeps `kept` digits; true where the first dropped one is 5 or more.
bool drop_digits(decimal& d, std::int64_t kept) {
  if (kept >= static_cast<std::int64_t>(d.digits.size()))
    return false;
  const bool up = kept >= 0 && d.digits[static_cast<std::size_t>(kept)] >= '5';
  d.digits.resize(kept > 0 ? static_cast<std::size_t>(kept) : 0);
  return up;
}

void increment(decimal& d) {
  for (auto i = d.digits.size(); i > 0; --i) {
    if (d.digits[i - 1] != '9') {
      ++d.digits[i - 1];
      return;
    }
    d.digits[i - 1] = '0';
  }
  d.digits.insert(d.digits.cbegin(), '1');
  ++d.exponent;
}

/// The digits as an integer; `power` is that of ten of the last one.
std::uint64_t integer_of(const decimal& d, int& power) {
  std::uint64_t out = 0;
  std::from_chars(d.digits.data(), d.digits.data() + d.digits.size(), out);
  power = d.exponent - static_cast<int>(d.digits.size());
  return out;
}

// numeric of a double has 15 significant digits, in PostgreSQL and so here.
constexpr int numeric_digits = std::numeric_limits<double>::digits10;

constexpr std::array<double, 10> powers_of_ten{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9};

/// |v| in units of 10^-places: whole ones, and the rest of one. The rest is wrong by less than 1e-7, and so are 15 digits.
struct in_units {
  std::int64_t whole = 0;
  double rest = 0;
  double power = 0;  // 10^places
};

/// None where the long way has to say it: v is large, or there are too many places.
std::optional<in_units> units_of(double v, std::int64_t places) {
  if (places < 0 || places >= static_cast<std::int64_t>(powers_of_ten.size()))
    return std::nullopt;
  const auto power = powers_of_ten[static_cast<std::size_t>(places)];
  const auto scaled = std::fabs(v) * power;
  if (!(scaled < 1e9))
    return std::nullopt;
  const auto whole = static_cast<std::int64_t>(scaled);
  return in_units{whole, scaled - static_cast<double>(whole), power};
}

/// v in units of 10^-places, without its sign and to the nearest whole one; none also where v lies so close to the middle of
/// two that its 15th digit decides.
std::optional<std::int64_t> nearest_unit(double v, std::int64_t places) {
  const auto u = units_of(v, places);
  if (!u || std::fabs(u->rest - 0.5) < 1e-5)
    return std::nullopt;
  return u->whole + (u->rest > 0.5);
}

/// The same cut off. A value that is the nearest double to some units is so many; of others that lie close below them or above
/// the long way decides.
std::optional<std::int64_t> whole_units(double v, std::int64_t places) {
  const auto u = units_of(v, places);
  if (!u)
    return std::nullopt;
  if (u->rest > 1e-5 && u->rest < 1 - 1e-5)
    return u->whole;
  const auto near = u->whole + (u->rest > 0.5);
  return static_cast<double>(near) / u->power == std::fabs(v) ? std::optional(near) : std::nullopt;
}

double of_units(std::int64_t units, std::int64_t places, double sign) {
  // the quotient of two whole numbers is the nearest double to the decimal; numeric knows no -0
  return units == 0 ? 0
                    : std::copysign(
                          static_cast<double>(units) / powers_of_ten[static_cast<std::size_t>(places)], sign);
}

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
  auto d = decimal_of(v, -1);
  for (auto digits = static_cast<int>(d.digits.size()); digits < 17 && lies_between(d, v); ++digits)
    d = decimal_of(v, digits + 1);
  if (d.minus)
    out += '-';
  const int power = d.exponent - 1;
  if (power >= -4 && power < numeric_digits)
    return write_plain(out, d);
  out += d.digits[0];
  if (d.digits.size() > 1)
    out.append(".").append(d.digits.data() + 1, d.digits.size() - 1);
  out += power < 0 ? "e-" : "e+";
  append_padded(out, std::abs(power), 2);
}

void write_numeric(std::string& out, double v) {
  if (write_special(out, v))
    return;
  if (v == 0) {
    out += '0';
    return;
  }
  const auto d = decimal_of(v, -1);
  if (d.minus)
    out += '-';
  write_plain(out, d);
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

double round_decimal(double v, std::int64_t digits) {
  if (!std::isfinite(v) || v == 0)
    return v + 0.0;  // numeric knows no -0
  if (const auto units = nearest_unit(v, digits))
    return of_units(*units, digits, v);
  auto d = decimal_of(v, numeric_digits);
  if (drop_digits(d, d.exponent + std::clamp<std::int64_t>(digits, -400, 400))) {
    if (d.digits.empty()) {  // 0.7 to no digits: 1 at the place just before
      d.digits = "1";
      ++d.exponent;
    } else {
      increment(d);
    }
  }
  return d.digits.empty() ? 0 : value_of(d);
}

double decimal_remainder(double x, double y) {
  if (x == 0)
    return 0;
  auto rest = decimal_of(x, -1);
  int power = 0;
  int power_of_y = 0;
  const auto digits = integer_of(rest, power);
  unsigned __int128 modulus = integer_of(decimal_of(y, -1), power_of_y);
  unsigned __int128 left = digits;
  for (; power > power_of_y; --power)
    left = left % modulus * 10;
  for (; power_of_y > power && modulus <= left; --power_of_y)
    modulus *= 10;
  left %= modulus;
  if (left == 0)
    return 0;  // numeric knows no -0
  rest.digits = boost::static_strings::to_static_string(static_cast<std::uint64_t>(left));
  rest.exponent = power + static_cast<int>(rest.digits.size());
  return value_of(rest);
}

double truncate_decimal(double v, std::int64_t digits) {
  if (!std::isfinite(v) || v == 0)
    return v + 0.0;  // numeric knows no -0
  if (const auto units = whole_units(v, digits))
    return of_units(*units, digits, v);
  auto d = decimal_of(v, numeric_digits);
  drop_digits(d, d.exponent + std::clamp<std::int64_t>(digits, -400, 400));
  return d.digits.empty() ? 0 : value_of(d);
}

}  // namespace millrace::expression
