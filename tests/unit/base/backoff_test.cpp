#include "runtime/base/backoff.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace millrace;
using namespace std::chrono_literals;

TEST_CASE("waits grow by the factor up to the cap") {
  backoff b({100ms, 1s, 2, 0}, 1);
  for (const micros expected : {100ms, 200ms, 400ms, 800ms, 1000ms, 1000ms, 1000ms})
    CHECK(b.next() == expected);
  CHECK(b.tries() == 7);
  b.reset();
  CHECK(b.tries() == 0);
  CHECK(b.next() == 100ms);
}

TEST_CASE("jitter shortens a wait by its share at most and never lengthens it") {
  backoff b({1s, 1s, 2, 0.5}, 7);
  micros shortest = 1h, longest = 0s;
  for (int i = 0; i < 10'000; ++i) {
    const auto wait = b.next();
    REQUIRE(wait >= 500ms);
    REQUIRE(wait <= 1s);
    shortest = std::min(shortest, wait);
    longest = std::max(longest, wait);
  }
  CHECK(shortest < 510ms);
  CHECK(longest > 990ms);
}

TEST_CASE("the seed decides the series") {
  backoff a({}, 42), b({}, 42), c({}, 43);
  bool differs = false;
  for (int i = 0; i < 20; ++i) {
    const auto wait = a.next();
    CHECK(wait == b.next());
    differs = differs || wait != c.next();
  }
  CHECK(differs);
}

TEST_CASE("waits do not overflow, however long the failing lasts") {
  backoff b({1s, micros::max(), 1e9, 1}, 3);
  for (int i = 0; i < 1000; ++i)
    REQUIRE(b.next() >= 0s);
}

TEST_CASE("odd options give harmless waits") {
  CHECK(backoff({10s, 1s, 2, 0}, 1).next() == 1s);
  backoff shrinking({1s, 10s, 0.1, -3}, 1);
  CHECK(shrinking.next() == 1s);
  CHECK(shrinking.next() == 1s);
  CHECK(backoff({0s, 1s, 2, 0}, 1).next() == 0s);
}
