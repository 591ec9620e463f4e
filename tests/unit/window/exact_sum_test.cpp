#include "runtime/window/exact_sum.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <limits>
#include <random>

namespace millrace::window {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double largest = std::numeric_limits<double>::max();
constexpr double smallest = std::numeric_limits<double>::denorm_min();

double sum_of(const std::vector<double>& values) {
  exact_sum s{};
  side_store side;
  for (const auto v : values)
    add(s, side, v);
  return rounded(s, side);
}

double average_of(const std::vector<double>& values) {
  exact_sum s{};
  side_store side;
  for (const auto v : values)
    add(s, side, v);
  return rounded_average(s, side, values.size());
}

}  // namespace

TEST_CASE("a sum of doubles loses nothing to cancellation") {
  CHECK(sum_of({1e308, 1, -1e308}) == 1);
  CHECK(sum_of({1e16, 1, 1e-16, -1e16}) == 1 + 1e-16);
  CHECK(sum_of({largest, largest, -largest}) == largest);
  CHECK(sum_of({smallest, 1e300, -1e300}) == smallest);
  CHECK(sum_of(std::vector<double>(10, 0.1)) == 1.0);
  CHECK(sum_of({}) == 0);
  CHECK_FALSE(std::signbit(sum_of({-0.0, -0.0})));
}

TEST_CASE("a sum of doubles is rounded once, ties to even") {
  const double two_53 = 9007199254740992;
  CHECK(sum_of({two_53, 1}) == two_53);
  CHECK(sum_of({two_53, 1, smallest}) == two_53 + 2);
  CHECK(sum_of({two_53, 2, 1}) == two_53 + 4);
  CHECK(sum_of({-two_53, -1, -smallest}) == -two_53 - 2);
  CHECK(sum_of({smallest, smallest, smallest}) == 3 * smallest);
  CHECK(sum_of({2.2250738585072014e-308, -smallest}) == 2.2250738585072009e-308);
}

TEST_CASE("a sum beyond double is infinite, what comes back from there is not") {
  CHECK(sum_of({largest, largest}) == infinity);
  CHECK(sum_of({-largest, -largest}) == -infinity);
  CHECK(sum_of({largest, std::ldexp(1.0, 969)}) == largest);
  CHECK(sum_of({largest, std::ldexp(1.0, 970)}) == infinity);
  CHECK(average_of({largest, largest, largest}) == largest);
}

TEST_CASE("infinities and NaNs are counted apart") {
  CHECK(sum_of({1, infinity, -5}) == infinity);
  CHECK(sum_of({-infinity, 1e300}) == -infinity);
  CHECK(std::isnan(sum_of({infinity, -infinity})));
  CHECK(std::isnan(sum_of({std::nan(""), infinity})));
  exact_sum s{}, other{};
  side_store side, other_side;
  add(s, side, 2.5);
  for (const double v : {infinity, -infinity, std::nan("")})
    add(other, other_side, v);
  add(s, side, other, other_side);
  CHECK(std::isnan(rounded(s, side)));
  subtract(s, side, other, other_side);
  CHECK(rounded(s, side) == 2.5);
}

TEST_CASE("merging narrow sums carries beyond 192 bits") {
  for (const double v : {1.0, -1.0, 1e-300, 3.5e10, -largest}) {
    exact_sum s{};
    side_store side;
    add(s, side, v);
    int doublings = 0;
    for (; doublings < 55; ++doublings) {
      const auto copy = s;
      const auto copy_side = side;
      add(s, side, copy, copy_side);
    }
    CHECK(rounded(s, side) == std::ldexp(v, doublings));
    CHECK(rounded_average(s, side, 1ULL << doublings) == v);
  }
  exact_sum s{};  // values from the bottom of its 192 bits to beyond their top
  side_store side;
  add(s, side, 1.0);
  for (int i = 0; i < 200; ++i) {
    const auto copy = s;
    const auto copy_side = side;
    add(s, side, copy, copy_side);
  }
  CHECK(rounded(s, side) == std::ldexp(1.0, 200));
}

TEST_CASE("subtracting undoes adding, whatever the magnitudes") {
  std::mt19937_64 engine(7);
  for (int round = 0; round < 2000; ++round) {
    std::vector<double> kept, left;
    for (auto n = engine() % 6; n-- > 0;)
      (engine() % 2 ? kept : left)
          .push_back(std::ldexp(static_cast<double>(static_cast<std::int64_t>(engine())),
                                round % 2 ? static_cast<int>(engine() % 1900) - 1000
                                          : static_cast<int>(engine() % 80) - 70));
    exact_sum s{}, other{};
    side_store side, other_side;
    for (const auto v : left) {
      add(s, side, v);
      add(other, other_side, v);
    }
    for (const auto v : kept)
      add(s, side, v);
    subtract(s, side, other, other_side);
    INFO("round " << round);
    REQUIRE(rounded(s, side) == sum_of(kept));
  }
}

TEST_CASE("averages are rounded once from the exact quotient") {
  CHECK(average_of({1, 2, 2}) == 5.0 / 3.0);
  CHECK(average_of({smallest, smallest, 0, 0}) == 0);  // a tie, to even
  CHECK(average_of({smallest, smallest, smallest, 0}) == smallest);
  CHECK(average_of({-1, -1, -2}) == -4.0 / 3.0);
  const auto most = std::numeric_limits<std::int64_t>::max();
  CHECK(rounded_average(static_cast<__int128>(most) * 3, 3) == 9223372036854775808.0);
  CHECK(rounded_average(static_cast<__int128>(-7), 2) == -3.5);
  CHECK(rounded_average(static_cast<__int128>(9007199254740993), 1) == 9007199254740992.0);
  CHECK(rounded_average(static_cast<__int128>(9007199254740993) * 2 + 1, 2) == 9007199254740994.0);
  CHECK(rounded_average(static_cast<__int128>(0), 5) == 0);
}

}  // namespace millrace::window
