// Numbers and times as text, and rounding: the fast ways agree with the obvious ones.
#include "runtime/base/decimal.hpp"
#include "runtime/base/padded.hpp"
#include "runtime/expression/formats/number_format.hpp"
#include "runtime/expression/formats/number_text.hpp"
#include "runtime/expression/formats/time_format.hpp"
#include "runtime/expression/formats/time_text.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <random>

using namespace millrace;
using namespace millrace::expression;

namespace {

template<class Write, class... A>
std::string text_of(Write write, A... a) {
  std::string out;
  write(out, a...);
  return out;
}

/// A number of any size, often with few digits.
double any_number(std::mt19937_64& random) {
  const auto digits = std::uniform_int_distribution(0, 18)(random);
  const auto whole = static_cast<double>(static_cast<std::int64_t>(random()) %
                                         static_cast<std::int64_t>(std::pow(10.0, digits)));
  return whole / std::pow(10.0, std::uniform_int_distribution(0, 12)(random));
}

/// A template of to_char that may be refused.
std::string any_template(std::mt19937_64& random) {
  constexpr auto pieces = std::to_array<std::string_view>(
      {"9", "9", "9", "0", "0", "9", ",", ".", "S", "MI", "PL", "SG", "PR", "TH", "\"1\"", "x", "G"});
  std::string out = random() % 3 == 0 ? "FM" : "";
  for (auto left = random() % 10; left > 0; --left)
    out += pieces[random() % pieces.size()];
  return out;
}

}  // namespace

TEST_CASE("a number is the same by the layout of its template as part by part") {
  std::mt19937_64 random(6);
  int used = 0;
  for (int i = 0; i < 30'000; ++i) {
    const auto text = any_template(random);
    const auto part_by_part = number_format::parse(text);
    if (!part_by_part)
      continue;
    auto laid_out = *part_by_part;
    laid_out.lay_out();
    for (int n = 0; n < 3; ++n) {
      const auto v = any_number(random);
      const auto whole = static_cast<std::int64_t>(random()) >> std::uniform_int_distribution(30, 63)(random);
      const decimal exact(static_cast<std::int64_t>(random()) >> 40,
                          std::uniform_int_distribution(0, 8)(random));
      const auto is_same = [&](const auto& number) {
        const auto by = [&](const number_format& f) {
          std::string out = "to ";
          f.write(out, number);
          return out;
        };
        INFO(text);
        CHECK(by(laid_out) == by(*part_by_part));
        ++used;
      };
      is_same(v);
      is_same(v / 1e6);
      is_same(whole);
      is_same(exact);
    }
  }
  CHECK(used > 100'000);
}

TEST_CASE("a time is the same by the layout of its template as part by part") {
  constexpr auto pieces = std::to_array<std::string_view>(
      {"YYYY", "MM",    "DD",  "HH24", "HH12", "MI",    "SS",  "MS",  "US", "FF2", "FMMM", "Month",
       "MON",  "dy",    "Day", "FMDD", "DDTH", "Y,YYY", "TZH", "TZM", "OF", "TZ",  "AM",   "p.m.",
       "DDD",  "\"x\"", "-",   ":",    " ",    "ü",     "FX",  "IW",  "Q",  "BC",  "CC",   "SSSS"});
  std::mt19937_64 random(7);
  const auto is_same = [&](std::string_view text, std::int64_t wall) {
    std::string laid_out = "to ";
    std::string part_by_part = laid_out;
    time_layout(parse_time_format(text)).write(laid_out, wall, wall % 2 == 0);
    write_formatted(part_by_part, parse_time_format(text), wall, wall % 2 == 0);
    INFO(text);
    CHECK(laid_out == part_by_part);
  };
  for (int i = 0; i < 20'000; ++i) {
    std::string text;
    for (auto left = random() % 9; left > 0; --left)
      text += pieces[random() % (random() % 3 == 0 ? pieces.size() : 9)];
    is_same(text, static_cast<std::int64_t>(random()) >> std::uniform_int_distribution(3, 20)(random));
  }
  for (const auto piece : pieces)
    is_same(piece, 1'234'567'890'123'456);
}

TEST_CASE("integers are written in decimal, with zeros in front") {
  CHECK(text_of(append_integer, std::numeric_limits<std::int64_t>::min()) == "-9223372036854775808");
  CHECK(text_of(append_padded, std::numeric_limits<std::int64_t>::min(), 20) == "-09223372036854775808");
  CHECK(text_of(append_padded, 7, 0) == "7");
  CHECK(text_of(append_padded, -7, 3) == "-007");
  std::mt19937_64 random(1);
  for (int i = 0; i < 2000; ++i) {
    const auto v = static_cast<std::int64_t>(random()) >> std::uniform_int_distribution(0, 63)(random);
    const auto width = std::uniform_int_distribution(1, 20)(random);  // the widest that is taken
    CHECK(text_of(append_integer, v) == std::to_string(v));
    CHECK(text_of(append_padded, v, width) == fmt::format("{:0{}}", v, width + (v < 0)));
  }
}

TEST_CASE("a number with fixed places is the nearest decimal") {
  std::mt19937_64 random(2);
  for (int i = 0; i < 20'000; ++i) {
    const auto v = any_number(random);
    const auto places = std::uniform_int_distribution(0, 12)(random);
    CHECK(text_of(write_fixed, v, places) == fmt::format("{:.{}f}", std::fabs(v), places));
  }
}

TEST_CASE("a double is rounded and cut by the fifteen digits it has") {
  std::mt19937_64 random(5);
  for (int i = 0; i < 20'000; ++i) {
    const auto places = static_cast<std::int64_t>(random() % 6);
    auto v =
        static_cast<double>(random() % 1'000'000'000) / std::pow(10.0, static_cast<double>(random() % 7));
    if (random() % 3 == 0)  // close to a decimal of so many places, and to where its fifteenth digit decides
      v += (static_cast<double>(random() % 2001) - 1000) *
           std::pow(10.0, -9 - static_cast<double>(random() % 8));
    if (random() % 4 == 0)
      v = std::nextafter(v, random() % 2 == 0 ? 0 : 1e12);
    if (v < 1)
      continue;  // the text below has fifteen digits of those from 1 on
    const auto before = static_cast<int>(std::to_string(static_cast<std::int64_t>(v)).size());
    auto text = fmt::format("{:.{}f}", v, 15 - before);
    const auto point = std::min(text.find('.'), text.size());
    const auto next = point + 1 + static_cast<std::size_t>(places);
    const bool up = next < text.size() && text[next] >= '5';
    text.resize(std::min(text.size(), next));
    decimal cut;
    REQUIRE(read_decimal(text, cut) == decimal_reading::ok);
    INFO(fmt::format("{:.17g} to {} places", v, places));
    REQUIRE(truncated_double(v, places) == cut);
    REQUIRE(truncated_double(-v, places) == -cut);
    const auto rounded = up ? sum_of(cut, decimal(1, static_cast<int>(places))) : cut;
    REQUIRE(rounded_double(v, places) == rounded);
  }
  const auto shown = [](const decimal_or_none& v) { return v ? millrace::text_of(*v) : "none"; };
  CHECK(shown(truncated_double(0.29, 2)) == "0.29");
  CHECK(shown(truncated_double(0.2899999999, 2)) == "0.28");
  CHECK(shown(truncated_double(0.289999999999999999, 2)) == "0.29");
  CHECK(shown(truncated_double(-0.001, 2)) == "0.00");
  CHECK(shown(truncated_double(129, -1)) == "120");
  CHECK(shown(rounded_double(2.5, 0)) == "3");
  CHECK(shown(rounded_double(1e20, 2)) == "100000000000000000000.00");
  CHECK(shown(rounded_double(1e300, 2)) == "none");
  CHECK(shown(rounded_double(5e-324, 2)) == "0.00");
  CHECK(shown(decimal_of_double(0.1 + 0.2)) == "0.3");
  CHECK(shown(decimal_of_double(1e38)) == "none");
  CHECK(shown(decimal_of_double(-0.0)) == "0");
}

TEST_CASE("the text of a time has its fields") {
  std::mt19937_64 random(4);
  for (int i = 0; i < 5000; ++i) {
    const auto t = static_cast<std::int64_t>(random() % 250'000'000'000'000'000);
    const auto c = civil_of(t);
    auto expected_text = fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}.{:06}", c.year, c.month, c.day,
                                     c.hour(), c.minute(), c.second(), c.fraction());
    expected_text.erase(expected_text.find_last_not_of('0') + 1);
    if (expected_text.back() == '.')
      expected_text.pop_back();
    CHECK(text_of(write_timestamp, t, false) == expected_text);
    CHECK(text_of(write_timestamp, t, true) == expected_text + "+00");
  }
}
