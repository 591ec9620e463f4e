// Decimals are what PostgreSQL 15 gives for numerics (values of its), and what exact integers give for drawn ones.
#include "runtime/base/decimal.hpp"

#include <boost/multiprecision/cpp_int.hpp>
#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <random>
#include <string>

using namespace millrace;

namespace {

using boost::multiprecision::cpp_int;

decimal read(const std::string& text) {
  decimal v;
  REQUIRE(read_decimal(text, v) == decimal_reading::ok);
  return v;
}

std::string shown(const decimal_or_none& v) {
  std::string out;
  if (v)
    append_decimal(out, *v);
  return v ? out : "none";
}

std::string sum(const std::string& a, const std::string& b) { return shown(sum_of(read(a), read(b))); }
std::string difference(const std::string& a, const std::string& b) {
  return shown(difference_of(read(a), read(b)));
}
std::string product(const std::string& a, const std::string& b) {
  return shown(product_of(read(a), read(b)));
}
std::string quotient(const std::string& a, const std::string& b) {
  return shown(quotient_of(read(a), read(b)));
}

cpp_int ten_to(int n) { return boost::multiprecision::pow(cpp_int(10), static_cast<unsigned>(n)); }
cpp_int units_of(const decimal& v) { return cpp_int(v.units()); }
/// Counts the number in units of a scale that is no less.
cpp_int units_at(const decimal& v, int scale) { return units_of(v) * ten_to(scale - v.scale()); }

cpp_int half_away(const cpp_int& a, const cpp_int& b) {
  const cpp_int x = abs(a), y = abs(b);
  const cpp_int whole = (2 * x + y) / (2 * y);
  return (a < 0) != (b < 0) ? cpp_int(-whole) : whole;
}

/// The result of exact integers: none where it has more than 38 digits, or a scale beyond 38.
void require_same(const decimal_or_none& got, const cpp_int& units, int scale) {
  const bool fits = abs(units) < ten_to(most_decimal_digits) && (scale <= most_decimal_digits || units == 0);
  REQUIRE(got.has_value() == fits);
  if (fits) {
    REQUIRE(units_of(*got) == units);
    REQUIRE(got->scale() == std::min(scale, most_decimal_digits));
  }
}

class drawn {
public:
  explicit drawn(unsigned seed) : random_(seed) {}

  std::uint64_t below(std::uint64_t n) { return random_() % n; }

  /// Draws one of any count of digits and any scale: edges, ties and zeros at the end among them.
  decimal value() {
    const auto digits = static_cast<int>(below(most_decimal_digits)) + 1;
    const auto power = power_of_ten(digits);
    auto units = (static_cast<unsigned __int128>(random_()) << 64 | random_()) % power;
    switch (below(8)) {
    case 0:
      units = power - 1;
      break;
    case 1:
      units = power / 10;
      break;
    case 2:
      units = power / 2;
      break;
    case 3:
      units = units / 10 * 10;
      break;
    case 4:
      units = below(3);
      break;
    default:
      break;
    }
    const auto v = static_cast<__int128>(units);
    return {below(2) == 0 ? v : -v, scale()};
  }

private:
  int scale() { return static_cast<int>(below(2) == 0 ? below(5) : below(most_decimal_digits + 1)); }

  std::mt19937_64 random_;
};

struct group {
  int power = 0;
  cpp_int digit = 0;
};

/// The first digit of base 10000 and its power, found by trying each power.
group first_group(const decimal& v) {
  if (v.is_zero())
    return {};
  const cpp_int numerator = abs(units_of(v));
  const cpp_int denominator = ten_to(v.scale());
  for (int power = 10;; --power) {
    const cpp_int digit = power >= 0 ? cpp_int(numerator / (denominator * ten_to(4 * power)))
                                     : cpp_int(numerator * ten_to(-4 * power) / denominator);
    if (digit != 0)
      return {power, digit};
  }
}

int scale_of_quotient(const decimal& a, const decimal& b) {
  const auto x = first_group(a), y = first_group(b);
  const int power = x.power - y.power - (x.digit <= y.digit ? 1 : 0);
  return std::max({16 - 4 * power, a.scale(), b.scale(), 0});
}

constexpr int rounds = 20'000;

}  // namespace

TEST_CASE("sums, differences and products have PostgreSQL's scales") {
  CHECK(sum("1.50", "2.5") == "4.00");
  CHECK(sum("0.1", "0.2") == "0.3");
  CHECK(sum("-1.50", "1.5") == "0.00");
  CHECK(difference("1", "1.001") == "-0.001");
  CHECK(product("1.50", "2.5") == "3.750");
  CHECK(product("-0.1", "0.1") == "-0.01");
  CHECK(product("0", "-1.5") == "0.0");
}

TEST_CASE("quotients have PostgreSQL's digits") {
  CHECK(quotient("1", "3") == "0.33333333333333333333");
  CHECK(quotient("2", "3") == "0.66666666666666666667");
  CHECK(quotient("-2", "3") == "-0.66666666666666666667");
  CHECK(quotient("1.0", "7") == "0.14285714285714285714");
  CHECK(quotient("10", "4") == "2.5000000000000000");
  CHECK(quotient("100", "3") == "33.3333333333333333");
  CHECK(quotient("10000", "3") == "3333.3333333333333333");
  CHECK(quotient("0", "3") == "0.00000000000000000000");
}

TEST_CASE("rests and whole quotients go toward 0, as PostgreSQL's do") {
  CHECK(shown(remainder_of(read("-7"), read("3"))) == "-1");
  CHECK(shown(remainder_of(read("7"), read("-3"))) == "1");
  CHECK(shown(remainder_of(read("5.5"), read("2"))) == "1.5");
  CHECK(shown(remainder_of(read("0.5"), read("0.10"))) == "0.00");
  CHECK(shown(whole_quotient(read("-7"), read("2"))) == "-3");
  CHECK(shown(whole_quotient(read("1"), read("0.3"))) == "3");
}

TEST_CASE("rounding is half away from 0, behind the point and before it") {
  const auto round = [](const std::string& v, std::int64_t digits) {
    return shown(rounded(read(v), digits));
  };
  CHECK(round("2.5", 0) == "3");
  CHECK(round("-2.5", 0) == "-3");
  CHECK(round("2.4999", 0) == "2");
  CHECK(round("1.005", 2) == "1.01");
  CHECK(round("1.5", 3) == "1.500");
  CHECK(round("1250", -2) == "1300");
  CHECK(round("-1249.9", -2) == "-1200");
  CHECK(round("49", -2) == "0");
  CHECK(round("50", -2) == "100");
  CHECK(round("1.5", std::numeric_limits<std::int64_t>::min()) == "0");
  CHECK(round("1.5", 39) == "none");
  CHECK(round("1.5", std::numeric_limits<std::int64_t>::max()) == "none");
  CHECK(shown(truncated(read("-2.79"), 1)) == "-2.7");
  CHECK(shown(truncated(read("1299"), -2)) == "1200");
  CHECK(shown(floor_of(read("-1.5"))) == "-2");
  CHECK(shown(floor_of(read("-0.5"))) == "-1");
  CHECK(shown(floor_of(read("-2.0"))) == "-2");
  CHECK(shown(floor_of(read("1.99"))) == "1");
  CHECK(shown(ceiling_of(read("-1.5"))) == "-1");
  CHECK(shown(ceiling_of(read("1.01"))) == "2");
  CHECK(shown(ceiling_of(read("2.0"))) == "2");
}

TEST_CASE("a result of more than 38 digits is none") {
  const std::string nines(38, '9');
  CHECK(sum(nines, "0") == nines);
  CHECK(sum(nines, "1") == "none");
  CHECK(difference("-" + nines, "1") == "none");
  CHECK(sum(nines, "0.0") == "none");
  CHECK(product(nines, "1") == nines);
  CHECK(product(nines, "2") == "none");
  CHECK(product("0." + nines, "0.1") == "none");
  CHECK(product("0." + nines, "0.0") == "0." + std::string(38, '0'));
  CHECK(quotient(nines, "3") == std::string(38, '3'));
  CHECK(quotient(nines, "0.3") == "none");
  CHECK(quotient("0." + std::string(37, '0') + "1", "3") == "none");
  CHECK(shown(at_scale(read(nines), 1)) == "none");
  CHECK(shown(at_scale(read("1.50"), 1)) == "1.5");
  CHECK(shown(at_scale(read("1.55"), 1)) == "none");
  CHECK(shown(at_scale(read("1"), 37)) == "1." + std::string(37, '0'));
  CHECK(shown(at_scale(read("1"), 38)) == "none");
}

TEST_CASE("doubles become 15 digits, and decimals the nearest double") {
  CHECK(shown(decimal_of_double(0.1)) == "0.1");
  CHECK(shown(decimal_of_double(0.1 + 0.2)) == "0.3");
  CHECK(shown(decimal_of_double(-1e20)) == "-100000000000000000000");
  CHECK(shown(decimal_of_double(-0.0)) == "0");
  CHECK(shown(decimal_of_double(1e-38)) == "0." + std::string(37, '0') + "1");
  CHECK(shown(decimal_of_double(1e-39)) == "none");
  CHECK(shown(decimal_of_double(1e38)) == "none");
  CHECK(shown(decimal_of_double(std::nan(""))) == "none");
  CHECK(shown(decimal_of_double(HUGE_VAL)) == "none");
  CHECK(shown(rounded_double(2.675, 2)) == "2.68");
  CHECK(shown(truncated_double(-2.679, 2)) == "-2.67");
  CHECK(to_double(read("0.1")) == 0.1);
  CHECK(to_double(read("-9007199254740993")) == -9007199254740992.0);
  CHECK(to_bigint(read("2.5")) == 3);
  CHECK(to_bigint(read("-2.5")) == -3);
  CHECK(to_bigint(read("9223372036854775807.4")) == std::numeric_limits<std::int64_t>::max());
  CHECK_FALSE(to_bigint(read("9223372036854775807.5")));
  CHECK(to_bigint(read("-9223372036854775808.4")) == std::numeric_limits<std::int64_t>::min());
  CHECK_FALSE(to_bigint(read("-9223372036854775808.5")));
}

TEST_CASE("a decimal is read from all of a text, and keeps its scale") {
  for (const auto& [text, wanted] : {std::pair{"12", "12"},
                                     {"+1.50", "1.50"},
                                     {"-1.50", "-1.50"},
                                     {".5", "0.5"},
                                     {"5.", "5"},
                                     {"1.5e-3", "0.0015"},
                                     {"1.5E+1", "15"},
                                     {"15e1", "150"},
                                     {"1e37", "10000000000000000000000000000000000000"},
                                     {"-0.00", "0.00"},
                                     {"0e5", "0"},
                                     {"-0e-3", "0.000"},
                                     {"0e-50", "0.00000000000000000000000000000000000000"},
                                     {"0e99999999999999999999", "0"},
                                     {"0.0e-99999999999999999999", "0.0"},
                                     {"00000000000000000000000000000000000000000000001", "1"}})
    CHECK(shown(read(text)) == wanted);
  decimal v(7, 0);
  for (const auto* const text :
       {"",   "-",  "+",   ".",   "e1",  "1e",  "1e+",      "1e+-1", "1e--1", "1.2.3",
        " 1", "1 ", "1,5", "--1", "+-1", "NaN", "Infinity", "0x10",  "1_000", "1e1.5"})
    CHECK(read_decimal(text, v) == decimal_reading::malformed);
  for (const auto& text :
       {std::string(39, '9'), std::string("1e38"), std::string("1e-39"), "0." + std::string(39, '1'),
        std::string("1e99999999999999999999"), std::string("1e-99999999999999999999")})
    CHECK(read_decimal(text, v) == decimal_reading::out_of_range);
  CHECK(v.units() == 7);
  // Zeros at the end are kept as far as there is room.
  CHECK(shown(read("1." + std::string(60, '0'))) == "1." + std::string(37, '0'));
  CHECK(shown(read("-0." + std::string(60, '0'))) == "0." + std::string(38, '0'));
  CHECK(shown(read(std::string(38, '9') + ".0")) == std::string(38, '9'));
  CHECK(shown(read("123456789.5" + std::string(29, '0'))) == "123456789.5" + std::string(28, '0'));
}

TEST_CASE("drawn decimals add, subtract and multiply as exact integers do") {
  drawn random(1);
  for (int i = 0; i < rounds; ++i) {
    const auto a = random.value(), b = random.value();
    INFO(shown(a) << " and " << shown(b));
    const auto scale = std::max(a.scale(), b.scale());
    require_same(sum_of(a, b), units_at(a, scale) + units_at(b, scale), scale);
    require_same(difference_of(a, b), units_at(a, scale) - units_at(b, scale), scale);
    require_same(product_of(a, b), units_of(a) * units_of(b), a.scale() + b.scale());
  }
}

TEST_CASE("drawn decimals divide as exact integers do, at PostgreSQL's scale") {
  drawn random(2);
  for (int i = 0; i < rounds; ++i) {
    const auto a = random.value(), b = random.value();
    if (b.is_zero())
      continue;
    INFO(shown(a) << " and " << shown(b));
    const auto common = std::max(a.scale(), b.scale());
    const cpp_int x = units_at(a, common), y = units_at(b, common);
    const auto scale = scale_of_quotient(a, b);
    require_same(quotient_of(a, b), half_away(x * ten_to(scale), y), scale);
    require_same(remainder_of(a, b), x % y, common);
    require_same(whole_quotient(a, b), x / y, 0);
  }
}

TEST_CASE("drawn decimals are rounded and cut as exact integers are") {
  drawn random(3);
  for (int i = 0; i < rounds; ++i) {
    const auto v = random.value();
    const auto digits = static_cast<int>(random.below(90)) - 45;
    INFO(shown(v) << " to " << digits);
    const auto at_digits = [&](const auto& divide) {
      if (digits >= v.scale())
        return cpp_int(units_at(v, digits));
      const cpp_int kept = divide(units_of(v), ten_to(v.scale() - digits));
      return digits >= 0 ? kept : cpp_int(kept * ten_to(-digits));
    };
    const auto scale = std::max(digits, 0);
    require_same(rounded(v, digits), at_digits(half_away), scale);
    require_same(truncated(v, digits),
                 at_digits([](const cpp_int& x, const cpp_int& y) { return cpp_int(x / y); }), scale);
    const cpp_int one = ten_to(v.scale());
    const cpp_int toward_0 = units_of(v) / one;
    const bool is_whole = toward_0 * one == units_of(v);
    require_same(floor_of(v), !is_whole && v.is_negative() ? cpp_int(toward_0 - 1) : toward_0, 0);
    require_same(ceiling_of(v), !is_whole && !v.is_negative() ? cpp_int(toward_0 + 1) : toward_0, 0);
    if (digits >= 0 && digits <= most_decimal_digits) {
      const auto moved = at_scale(v, digits);
      const cpp_int wanted =
          digits >= v.scale() ? units_at(v, digits) : cpp_int(units_of(v) / ten_to(v.scale() - digits));
      const bool loses = digits < v.scale() && wanted * ten_to(v.scale() - digits) != units_of(v);
      REQUIRE(moved.has_value() == (!loses && abs(wanted) < ten_to(most_decimal_digits)));
      if (moved) {
        REQUIRE(units_of(*moved) == wanted);
        REQUIRE(moved->scale() == digits);
      }
    }
  }
}

TEST_CASE("drawn decimals compare as numbers, whatever their scales") {
  drawn random(4);
  for (int i = 0; i < rounds; ++i) {
    const auto a = random.value();
    const auto other = at_scale(a, static_cast<int>(random.below(most_decimal_digits + 1)));
    const auto b = other && random.below(4) == 0 ? *other : random.value();
    INFO(shown(a) << " and " << shown(b));
    const auto scale = std::max(a.scale(), b.scale());
    const cpp_int x = units_at(a, scale), y = units_at(b, scale);
    REQUIRE((a < b) == (x < y));
    REQUIRE((a > b) == (x > y));
    REQUIRE((a == b) == (x == y));
  }
}

TEST_CASE("drawn decimals come back from their text, and are the nearest double and bigint") {
  drawn random(5);
  for (int i = 0; i < rounds; ++i) {
    const auto v = random.value();
    const auto text = shown(v);
    INFO(text);
    const auto back = read(text);
    REQUIRE(back == v);
    REQUIRE(back.scale() == v.scale());
    REQUIRE(to_double(v) == std::strtod(text.c_str(), nullptr));
    const cpp_int magnitude = abs(units_of(v));
    REQUIRE(digits_of(magnitude_of(v)) == static_cast<int>(magnitude.str().size()));
    REQUIRE(shown(-v) == shown(decimal(-v.units(), v.scale())));
    REQUIRE(shown(abs(v)) == shown(v.is_negative() ? -v : v));
    REQUIRE(is_whole(v) == (units_of(v) % ten_to(v.scale()) == 0));
    const auto least = without_end_zeros(v);
    REQUIRE(least == v);
    REQUIRE((least.scale() == 0 || least.units() % 10 != 0));
    const cpp_int whole = half_away(units_of(v), ten_to(v.scale()));
    using limits = std::numeric_limits<std::int64_t>;
    const bool fits = whole >= limits::min() && whole <= limits::max();
    REQUIRE(to_bigint(v).has_value() == fits);
    if (fits)
      REQUIRE(cpp_int(*to_bigint(v)) == whole);
  }
}
