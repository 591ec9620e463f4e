#include "actors/stream/sink/target_health.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace millrace;
using millrace::sink::target_health;
using namespace std::chrono_literals;

namespace {

const target_health::clock::time_point start{};
const error away{ec::unavailable, fault::outside, true, "away", {}};
const error broken{ec::mismatch, fault::user, false, "another table", {}};
const target_health::positions nothing{};

target_health::positions at(std::int64_t minor) { return {{"log", {{0, minor}}}}; }

target_health patient() { return {{30s, true}, start, 1}; }

}  // namespace

TEST_CASE("a target that opens is open, and nothing is said of it") {
  auto h = patient();
  CHECK_FALSE(h.is_open());
  CHECK_FALSE(h.opened(std::nullopt));
  CHECK(h.is_open());
  CHECK_FALSE(h.is_away());
}

TEST_CASE("a target that cannot be opened is told of once, tried again, and given up after its time") {
  auto h = patient();
  auto r = h.failed(away, start, nothing, false);
  REQUIRE(r);
  CHECK((r->tell && !r->give_up));
  CHECK((r->try_again > micros(0) && r->try_again <= micros(2s)));
  CHECK(h.is_away());
  r = h.failed(away, start + 20s, nothing, false);
  CHECK((!r->tell && !r->give_up));
  r = h.failed(away, start + 30s, nothing, false);
  CHECK(r->give_up);
  CHECK(h.is_given_up());
  CHECK_FALSE(h.failed(away, start + 31s, nothing, false));
}

TEST_CASE("an error that no further try can mend gives up at once") {
  auto h = patient();
  CHECK(h.failed(broken, start, nothing, false)->give_up);
  CHECK_FALSE(h.is_open());
}

TEST_CASE("once it has been open a target is waited for without end, unless nobody mends it") {
  auto h = patient();
  static_cast<void>(h.opened(std::nullopt));
  CHECK_FALSE(h.failed(away, start + 1h, nothing, false)->give_up);
  CHECK_FALSE(h.failed(away, start + 9h, nothing, false)->give_up);

  target_health output{{30s, false}, start, 1};
  static_cast<void>(output.opened(std::nullopt));
  CHECK_FALSE(output.failed(away, start + 1h, nothing, false)->give_up);
  CHECK_FALSE(output.failed(away, start + 1h + 29s, nothing, false)->give_up);
  CHECK(output.failed(away, start + 1h + 30s, nothing, false)->give_up);
}

TEST_CASE("that it opens again does not say that a full disk takes rows: their commit does") {
  auto h = patient();
  static_cast<void>(h.opened(at(0)));
  CHECK(h.failed(away, start + 1s, at(5), true)->tell);
  CHECK_FALSE(h.opened(at(0)));
  CHECK(h.is_away());
  CHECK_FALSE(h.kept_alive());
  CHECK_FALSE(h.committed(at(4), false));
  CHECK(h.is_away());

  SECTION("progress up to what was under way") { CHECK(h.committed(at(5), false)); }
  SECTION("rows") { CHECK(h.committed(at(1), true)); }
  SECTION("a commit whose answer was lost") { CHECK(h.opened(at(5))); }
  CHECK_FALSE(h.is_away());
}

TEST_CASE("where progress alone could not be stored, any sign of life says that it answers again") {
  auto h = patient();
  static_cast<void>(h.opened(at(0)));
  CHECK(h.failed(away, start + 1s, at(5), false)->tell);
  CHECK_FALSE(h.opened(at(5)));  // it held no rows: opening alone does not say that there is room
  CHECK(h.kept_alive());
  CHECK_FALSE(h.is_away());
}

TEST_CASE("a target that could not even be opened again owes nothing more than to open") {
  auto h = patient();
  static_cast<void>(h.opened(at(0)));
  CHECK(h.failed(away, start + 1s, at(5), true)->tell);
  CHECK_FALSE(h.failed(away, start + 2s, at(5), false)->tell);
  CHECK(h.opened(at(0)));
}

TEST_CASE("a target that answers and fails by turns is told of every ten seconds at most") {
  auto h = patient();
  static_cast<void>(h.opened(std::nullopt));
  CHECK(h.failed(away, start + 1s, at(5), true)->tell);
  static_cast<void>(h.opened(at(0)));
  CHECK(h.committed(at(0), true));
  CHECK_FALSE(h.failed(away, start + 2s, at(5), true)->tell);
  static_cast<void>(h.opened(at(0)));
  CHECK_FALSE(h.committed(at(0), true));  // nobody was told that it was away
  CHECK(h.failed(away, start + 11s, at(5), true)->tell);
}

TEST_CASE("waits grow up to two seconds and begin anew once it answers") {
  auto h = patient();
  static_cast<void>(h.opened(std::nullopt));
  micros longest{};
  for (int i = 0; i < 20; ++i)
    longest = std::max(longest, h.failed(away, start, nothing, false)->try_again);
  CHECK((longest > micros(1s) && longest <= micros(2s)));
  static_cast<void>(h.opened(nothing));
  CHECK(h.failed(away, start, nothing, false)->try_again <= micros(100ms));
}
