#include "runtime/control/life_backoff.hpp"

#include <catch2/catch.hpp>

using namespace millrace;
using namespace millrace::control;

namespace {

using namespace std::chrono_literals;

/// Fails so often, each time as soon as it has begun, and returns the last wait; `now` goes on.
micros fails(life_backoff& waits, int times, micros& now) {
  micros last{};
  for (int i = 0; i < times; ++i) {
    waits.began(now);
    last = waits.failed(now);
    now += last;
  }
  return last;
}

}  // namespace

TEST_CASE("the wait for the next life grows with each failure of a row, and a row has no end") {
  micros now = 1h;
  life_backoff waits(7);
  CHECK(fails(waits, 1, now) <= 50ms);
  CHECK(fails(waits, 1, now) <= 100ms);
  for (int i = 0; i < 1'000; ++i) {
    const auto next = fails(waits, 1, now);
    CHECK(next >= 50ms);
    CHECK(next <= 10s);
  }
  CHECK(fails(waits, 1, now) >= 5s);
}

TEST_CASE("a life of half a minute ends the row of failures, a shorter one does not") {
  micros now = 1h;
  life_backoff waits(7);
  fails(waits, 20, now);
  waits.began(now);
  now += 30s - 1us;
  CHECK(waits.failed(now) >= 5s);
  waits.began(now);
  now += 30s;
  CHECK(waits.failed(now) <= 50ms);
}

TEST_CASE("an actor that has recovered begins again soon") {
  micros now = 1h;
  life_backoff waits(7);
  fails(waits, 20, now);
  waits.recovered();
  CHECK(fails(waits, 1, now) <= 50ms);
}

TEST_CASE("the log says why an actor has failed and when its next life begins") {
  CHECK(failure_line("counts/0", "out of memory", 1'999us) ==
        "counts/0 failed (out of memory); it restarts in 1 ms, the others go on");
  CHECK(restart_line("counts/0", 40ms) ==
        "counts/0 has ended, as was asked for; it restarts in 40 ms, the others go on");
}
