#include "runtime/base/shortest_double.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <vector>

namespace millrace {
namespace {

std::string shortest_text(double v) {
  std::array<char, longest_double> text;
  return {text.data(), put_shortest(text.data(), v)};
}

std::string standard_text(double v) {
  std::array<char, 64> text;
  return {text.data(), std::to_chars(text.data(), text.data() + text.size(), v).ptr};
}

std::string digits_of(double v) {
  const auto [digits, exponent] = shortest_digits_of(v);
  return std::to_string(digits) + " " + std::to_string(exponent);
}

TEST_CASE("The shortest text of a double is that of the standard library") {
  using limits = std::numeric_limits<double>;
  std::vector<double> all{0.0,
                          0.1,
                          1.5,
                          100,
                          123456,
                          1e5,
                          1e6,
                          0.001,
                          0.0001,
                          1e-5,
                          1e15,
                          1e16,
                          1e21,
                          1e22,
                          1e23,
                          5e-324,
                          2.2250738585072014e-308,
                          0.3,
                          2.0 / 3,
                          1234567890123456789.0,
                          123456789012345680000.0,
                          9007199254740993.0,
                          limits::max(),
                          limits::min(),
                          limits::denorm_min(),
                          limits::epsilon(),
                          299792458,
                          6.02214076e23};
  for (int power = -1074; power < 1024; ++power)
    all.push_back(std::ldexp(1.0, power));
  for (int power = -323; power < 309; ++power)
    for (const double digits : {1.0, 1.2, 9.99, 1.2345678901234567})
      all.push_back(digits * std::pow(10.0, power));
  std::mt19937_64 random(1);
  for (int i = 0; i < 20'000; ++i) {
    all.push_back(std::bit_cast<double>(random()));
    all.push_back(static_cast<double>(random() >> (random() % 64)));
    all.push_back(static_cast<double>(random() % 1'000'000) / 1000);
  }
  for (const double v : all)
    if (std::isfinite(v))
      for (const double signed_v : {v, -v, std::nextafter(v, 0.0)})
        if (shortest_text(signed_v) != standard_text(signed_v))
          CHECK(shortest_text(signed_v) == standard_text(signed_v));
}

TEST_CASE("The digits of a double end without a zero") {
  CHECK(digits_of(0) == "0 0");
  CHECK(digits_of(-1200) == "12 2");
  CHECK(digits_of(1e23) == "1 23");
  CHECK(digits_of(0.00125) == "125 -5");
  CHECK(digits_of(5e-324) == "5 -324");
}

}  // namespace
}  // namespace millrace
