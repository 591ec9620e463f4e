#include "actors/stream/lane/wake_ups.hpp"

#include <catch2/catch.hpp>

using millrace::lane::wake_ups;
using namespace std::chrono_literals;

namespace {

const wake_ups::clock::time_point start{};

}  // namespace

TEST_CASE("a wait arms a timer only when none that is under way comes by then") {
  wake_ups w;
  CHECK(w.arm(start + 10ms));
  CHECK_FALSE(w.arm(start + 10ms));
  CHECK_FALSE(w.arm(start + 20ms));
  CHECK(w.arm(start + 5ms));
  CHECK(w.under_way() == 2);
}

TEST_CASE("a timer that a sooner one has overtaken is still counted on when that has come") {
  wake_ups w;
  CHECK(w.arm(start + 30s));
  for (auto t = 0ms; t < 29s; t += 10ms) {
    CHECK(w.arm(start + t + 10ms));
    CHECK_FALSE(w.arm(start + 30s));
    w.arrived(start + t + 10ms);
    REQUIRE(w.under_way() == 1);
  }
  w.arrived(start + 30s);
  CHECK(w.under_way() == 0);
}
