// Plain numbers are what the general readers make of the same text; all else is left to these.
#include "runtime/base/plain_number.hpp"

#include <catch2/catch.hpp>

#include <charconv>
#include <cmath>
#include <limits>
#include <random>
#include <string>

using namespace millrace;

TEST_CASE("a plain integer has up to 18 digits, perhaps behind a minus, and nothing else") {
  std::int64_t v = 7;
  for (const std::string text :
       {"", "-", "+1", " 1", "1 ", "1.0", "--1", "1e3", "1234567890123456789", "a", "1-"})
    CHECK_FALSE(read_plain_integer(text, v));
  CHECK(v == 7);
  for (const std::int64_t wanted : {0L, 7L, -7L, 999'999'999'999'999'999L, -999'999'999'999'999'999L}) {
    CHECK(read_plain_integer(std::to_string(wanted), v));
    CHECK(v == wanted);
  }
  CHECK(read_plain_integer("-007", v));
  CHECK(v == -7);
}

TEST_CASE("a plain double is the nearest one to its digits, else it is not taken") {
  double v = 7;
  for (const std::string text :
       {"", "-", ".", ".5", "5.", "-.5", "1..2", "1.2.3", "1e3", "+1", " 1", "nan", "inf", "9007199254740993",
        "0.9007199254740993", "12345678901234567890", "1,5"})
    CHECK_FALSE(read_plain_double(text, v));
  CHECK(v == 7);
  REQUIRE(read_plain_double("-0", v));
  CHECK((v == 0 && std::signbit(v)));
  REQUIRE(read_plain_double("9007199254740992", v));
  CHECK(v == 9007199254740992);
  REQUIRE(read_plain_double("0.00000000000000001", v));
  CHECK(v == 1e-17);
  std::mt19937_64 engine(7);
  int taken = 0;
  for (int i = 0; i < 20'000; ++i) {
    auto text = std::to_string(engine() >> engine() % 64);
    if (engine() % 4 != 0)
      text.insert(1 + engine() % text.size(), ".");
    if (engine() % 2 != 0)
      text.insert(0, "-");
    double general = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), general);
    REQUIRE((failed == std::errc() && end == text.data() + text.size()));
    if (read_plain_double(text, v)) {
      ++taken;
      INFO(text);
      REQUIRE(v == general);
    }
  }
  CHECK(taken > 10'000);
}

TEST_CASE("short numbers are read as plain ones are, whatever bytes follow them") {
  std::mt19937_64 engine(7);
  int integers = 0, doubles = 0;
  for (int i = 0; i < 300'000; ++i) {
    std::string text;
    for (auto n = engine() % 12; n > 0; --n)
      text += engine() % 8 != 0 ? static_cast<char>('0' + engine() % 10) : "..-+ e/:"[engine() % 8];
    const auto size = text.size();
    for (int n = 0; n < 9; ++n)
      text += static_cast<char>(engine());
    const auto number = std::string_view(text).substr(0, size);
    std::int64_t integer = 1, short_integer = 1;
    double real = 1, short_real = 1;
    INFO(number);
    const bool is_integer = read_plain_integer(number, integer), is_double = read_plain_double(number, real);
    REQUIRE(read_short_integer(number, short_integer) == is_integer);
    REQUIRE(read_short_double(number, short_real) == is_double);
    REQUIRE(short_integer == integer);
    REQUIRE((short_real == real && std::signbit(short_real) == std::signbit(real)));
    integers += is_integer;
    doubles += is_double && !is_integer;
  }
  CHECK(integers > 50'000);
  CHECK(doubles > 10'000);
}
