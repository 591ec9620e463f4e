#include "actors/stream/sink/keep_alive_clock.hpp"

#include <catch2/catch.hpp>

using namespace millrace;
using millrace::sink::keep_alive_clock;
using namespace std::chrono_literals;

namespace {

const keep_alive_clock::clock::time_point noon{1h};

}  // namespace

TEST_CASE("a tick to keep a target alive comes a minute after its last use, or as soon as the target wants") {
  keep_alive_clock c;
  CHECK(c.next(noon, noon, std::nullopt) == 60s);
  CHECK_FALSE(c.next(noon + 1s, noon + 1s, std::nullopt));  // the one that is under way comes sooner
  CHECK(c.next(noon + 1s, noon + 1s, micros(5s)) == 5s);
  CHECK(c.next(noon + 1s, noon + 1s, micros(0)) == 100ms);
}

TEST_CASE("a tick that a sooner one has replaced does not count") {
  keep_alive_clock c;
  CHECK(c.next(noon, noon, micros(5s)) == 5s);
  CHECK(c.arrived(noon + 5s));
  CHECK(c.next(noon + 5s, noon, std::nullopt) == 55s);
  CHECK_FALSE(c.arrived(noon + 59s));
  CHECK(c.arrived(noon + 60s));
}

TEST_CASE("a target is kept alive once a minute, or when it says so") {
  CHECK_FALSE(keep_alive_clock::is_due(noon + 59s, noon, std::nullopt));
  CHECK(keep_alive_clock::is_due(noon + 60s, noon, std::nullopt));
  CHECK(keep_alive_clock::is_due(noon + 60s, noon, micros(10s)));
  CHECK_FALSE(keep_alive_clock::is_due(noon, noon, micros(1)));
  CHECK(keep_alive_clock::is_due(noon, noon, micros(0)));
}
