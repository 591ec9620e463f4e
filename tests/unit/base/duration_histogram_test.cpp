#include "runtime/base/duration_histogram.hpp"

#include <catch2/catch.hpp>

using namespace millrace;

namespace {

constexpr std::array<micros, 2> bounds{micros(10), micros(100)};

}  // namespace

TEST_CASE("a duration counts in the first bucket whose bound it does not exceed") {
  duration_histogram<bounds> h;
  for (const auto d : {0, 10, 11, 100, 101, 5'000})
    h.add(micros(d));
  CHECK(h.count(0) == 2);
  CHECK(h.count(1) == 2);
  CHECK(h.count(2) == 2);
  CHECK(h.total() == micros(5'222));
}

TEST_CASE("a duration below zero, of a clock that was set back, counts as none") {
  duration_histogram<bounds> h;
  h.add(micros(-7));
  CHECK(h.count(0) == 1);
  CHECK(h.total() == micros(0));
}
