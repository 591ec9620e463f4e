// A node waits at its start: when it says so, and when it gives up.
#include "actors/node/host/start_wait.hpp"
#include "actors/node/host/store_wait.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <future>

namespace millrace::host::test {

using std::chrono::seconds;
using next = start_wait::next;

TEST_CASE("a failure is told at once, then every ten seconds, until the patience is over") {
  const start_wait::clock::time_point begin{};
  start_wait w(begin, seconds(30));
  CHECK(w.look(begin, true) == next::tell);
  CHECK(w.look(begin + seconds(9), true) == next::quiet);
  CHECK(w.look(begin + seconds(10), true) == next::tell);
  CHECK(w.look(begin + seconds(19), true) == next::quiet);
  CHECK(w.look(begin + seconds(29), true) == next::tell);
  CHECK(w.look(begin + seconds(30), true) == next::over);
}

TEST_CASE("a call that does not come back is told after a second; one that does is not") {
  const start_wait::clock::time_point begin{};
  start_wait w(begin, seconds(30));
  CHECK(w.look(begin + std::chrono::milliseconds(999), false) == next::quiet);
  CHECK_FALSE(w.was_told());
  CHECK(w.look(begin + seconds(1), false) == next::tell);
  CHECK(w.was_told());
}

namespace {

const auto never = [] { return false; };

}  // namespace

TEST_CASE("a node waits for a store that comes later") {
  std::atomic<int> asked = 0;
  store_wait w([&]() -> expected<void> {
    return ++asked < 2 ? outside_error(ec::unavailable, "Connection refused") : expected<void>();
  });
  CHECK(w.run("dir:/store", std::chrono::hours(1), never));
  CHECK(asked == 2);
}

TEST_CASE("a store that stays away ends the wait with its own reason") {
  store_wait w([]() -> expected<void> { return outside_error(ec::unavailable, "Connection refused"); });
  const auto r = w.run("dir:/store", std::chrono::milliseconds(200), never);
  REQUIRE_FALSE(r);
  CHECK(r.error().whose == fault::outside);
  CHECK_THAT(r.error().message, Catch::Contains("--start-timeout"));
}

TEST_CASE("a store that refuses is not waited for") {
  store_wait w([]() -> expected<void> { return user_error(ec::refused, "no such role"); });
  const auto r = w.run("dir:/store", std::chrono::hours(1), never);
  REQUIRE_FALSE(r);
  CHECK(r.error().message == "no such role");
}

TEST_CASE("a store that hangs holds up neither the end of the patience nor a stop") {
  std::promise<void> opens;
  auto gate = opens.get_future().share();
  const auto hangs = [gate]() -> expected<void> {
    gate.wait();
    return {};
  };
  store_wait late(hangs), stopped(hangs);
  const auto over = late.run("kafka:b:9092", std::chrono::milliseconds(100), never);
  const auto asked = stopped.run("kafka:b:9092", std::chrono::hours(1), [] { return true; });
  opens.set_value();
  REQUIRE_FALSE(over);
  CHECK_THAT(over.error().message, Catch::Contains("kafka:b:9092: nothing is heard from it"));
  REQUIRE_FALSE(asked);
  CHECK(asked.error().code == ec::cancelled);
}

}  // namespace millrace::host::test
