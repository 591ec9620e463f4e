#include "runtime/base/pace.hpp"

#include <catch2/catch.hpp>

using namespace millrace;
using namespace std::chrono_literals;

TEST_CASE("what takes some times as long as usual is slow, and then stalled") {
  CHECK(pace_of(30s, micros(10s)) == pace::usual);
  CHECK(pace_of(31s, micros(10s)) == pace::slow);
  CHECK(pace_of(150s, micros(10s)) == pace::slow);
  CHECK(pace_of(151s, micros(10s)) == pace::stalled);
}

TEST_CASE("a first time, and a hiccup of what is quick, are not slow") {
  for (const auto usual : {std::optional<micros>(), std::optional(micros(0)), std::optional(micros(6ms))}) {
    CHECK(pace_of(6s, usual) == pace::usual);
    CHECK(pace_of(7s, usual) == pace::slow);
    CHECK(pace_of(30s, usual) == pace::slow);
    CHECK(pace_of(31s, usual) == pace::stalled);
  }
}

TEST_CASE("the longest times that there are overflow nothing") {
  CHECK(pace_of(micros::max(), micros::max()) == pace::usual);
  CHECK(pace_of(micros::max(), std::nullopt) == pace::stalled);
}

TEST_CASE("the usual time goes from the first one towards the newest ones") {
  usual_time t;
  CHECK_FALSE(t.mean());
  t.add(8s);
  CHECK(t.mean() == micros(8s));
  t.add(16s);
  CHECK(t.mean() == micros(9s));
  for (int i = 0; i < 100; ++i)
    t.add(80ms);
  CHECK(*t.mean() < 81ms);
  CHECK(*t.mean() >= 80ms);
}
