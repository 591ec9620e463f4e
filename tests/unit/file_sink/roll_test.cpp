#include "actors/stream/sink/files/roll_option.hpp"

#include <catch2/catch.hpp>

using namespace millrace;

TEST_CASE("files end by rows, by size, and by the age of their first row") {
  const sink::roll_options limits{micros(10), 100, 5};
  CHECK_FALSE(limits.is_full(4, 99));
  CHECK(limits.is_full(5, 0));
  CHECK(limits.is_full(0, 100));
  CHECK(limits.left(1'000, 1'003) == micros(7));
  CHECK(limits.left(1'000, 1'010) == micros(0));
  CHECK(limits.left(1'000, 2'000) == micros(0));
  CHECK_FALSE(limits.is_due(4, 99, 1'000, 1'009));
  CHECK(limits.is_due(4, 99, 1'000, 1'010));
  CHECK(limits.is_due(5, 0, 1'000, 1'000));
  CHECK_FALSE(limits.left(0, 1'000));  // no row yet
}

TEST_CASE("files without limits never end") {
  const sink::roll_options none;
  CHECK_FALSE(none.is_due(1'000'000, 1'000'000, 1, 1'000'000));
  CHECK_FALSE(none.left(1, 2));
}
