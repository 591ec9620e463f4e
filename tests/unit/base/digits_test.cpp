#include "runtime/base/digits.hpp"

#include <catch2/catch.hpp>

#include <cstring>
#include <random>

using namespace millrace;

TEST_CASE("characters that are no digits are found in all places") {
  std::mt19937 random(1);
  for (int i = 0; i < 20000; ++i) {
    char text[8];
    unsigned expected = 0;
    for (int n = 0; n < 8; ++n) {
      text[n] = random() % 2 ? static_cast<char>('0' + random() % 10) : static_cast<char>(random());
      if (text[n] < '0' || text[n] > '9')
        expected |= 1U << n;
    }
    REQUIRE(non_digits(load8(text)) == expected);
  }
  CHECK(non_digits(load8("/:0123\x80\xff")) == 0b11000011);
}

TEST_CASE("two digits make a number") {
  const auto text = load8("19:55:07");
  CHECK(digit_pair(text, 0) == 19);
  CHECK(digit_pair(text, 3) == 55);
  CHECK(digit_pair(text, 6) == 7);
}
