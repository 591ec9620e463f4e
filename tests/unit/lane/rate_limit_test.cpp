#include "actors/stream/lane/rate_limit.hpp"

#include <catch2/catch.hpp>

#include <limits>

using millrace::lane::rate_limit;
using namespace std::chrono_literals;

namespace {

const rate_limit::clock::time_point start{};

}  // namespace

TEST_CASE("without a rate everything may go at any time") {
  rate_limit r(std::nullopt, start);
  CHECK_FALSE(r.limits());
  CHECK(r.allowed(start) == std::numeric_limits<std::size_t>::max());
  r.take(1'000'000);
  CHECK(r.allowed(start) == std::numeric_limits<std::size_t>::max());
  CHECK(r.wait() == 0us);
}

TEST_CASE("under a slow rate one record goes at once and the next when its time has come") {
  rate_limit r(2.0, start);
  REQUIRE(r.allowed(start) == 1);
  r.take(1);
  CHECK(r.allowed(start) == 0);
  CHECK(r.wait() == 500ms);
  CHECK(r.allowed(start + 200ms) == 0);
  CHECK(r.wait() == 300ms);
  CHECK(r.allowed(start + 500ms) == 1);
}

TEST_CASE("a rate goes on making due what may not go") {
  rate_limit r(10.0, start);
  REQUIRE(r.allowed(start) == 1);
  CHECK(r.nothing_due_at() == start - 100ms);
  r.take(1);
  CHECK(r.nothing_due_at() == start);
  CHECK(r.allowed(start + 10s) == 3);
  CHECK(r.nothing_due_at() == start + 9700ms);
}

TEST_CASE("what was not used is saved for a fifth of a second at most") {
  rate_limit r(1000.0, start);
  CHECK(r.allowed(start) == 1);
  CHECK(r.allowed(start + 50ms) == 51);
  CHECK(r.allowed(start + 10s) == 201);
  r.take(201);
  CHECK(r.allowed(start + 10s) == 0);
}

TEST_CASE("a slow rate makes up for wake-ups that come late") {
  rate_limit r(1.0, start);
  std::size_t gone = 0;
  for (auto t = 0ms; t <= 100s; t += 1s) {
    const auto n = r.allowed(start + t + (t.count() % 7) * 10ms);
    r.take(n);
    gone += n;
  }
  CHECK(gone == 101);
}

TEST_CASE("once nothing more is due the next turn is 50 milliseconds later, and takes all until then") {
  rate_limit r(10'000.0, start);
  r.take(r.allowed(start));
  CHECK(r.wait() == 50ms);
  CHECK(r.allowed(start + 40ms) == 0);
  CHECK(r.wait() == 10ms);
  CHECK(r.allowed(start + 50ms) == 500);
  r.take(20);  // all of a small chunk
  CHECK(r.allowed(start + 50ms) == 480);
}

TEST_CASE("over a long time exactly the rate goes, however often it is asked") {
  rate_limit r(300.0, start);
  std::size_t gone = 0;
  for (auto t = 0ms; t <= 10s; t += 7ms) {
    const auto n = r.allowed(start + t);
    r.take(n);
    gone += n;
  }
  CHECK(gone >= 3000 - 15);  // records that have come due since the last turn wait for the next
  CHECK(gone <= 3001);
}
