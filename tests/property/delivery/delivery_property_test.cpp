// Random schedules over the real cores of lanes, shards and sinks: sinks end, after any crashes, moves and
// lags, with exactly the oracle's rows. MILLRACE_SEED replays one schedule, MILLRACE_SEEDS says how many run.
#include "runtime/base/sanitizer.hpp"
#include "tests/property/delivery/scene.hpp"
#include "tests/support/schedules.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <chrono>

namespace millrace::delivery::trial {
namespace {

// A build runs so many in about a minute.
#ifdef NDEBUG
constexpr bool is_release = true;
#else
constexpr bool is_release = false;
#endif
constexpr std::uint64_t default_seeds = with_address_sanitizer ? 2'000 : is_release ? 50'000 : 5'000;
constexpr auto* build = with_address_sanitizer ? "sanitized" : is_release ? "release" : "debug";

void check_found(rule broken, std::uint64_t within) {
  std::uint64_t seed = 0;
  std::optional<std::string> wrong;
  while (seed < within && !(wrong = run(seed, broken)))
    ++seed;
  CHECK(seed < within);
  UNSCOPED_INFO(fmt::format("found by seed {}: {}", seed, wrong.value_or("not found")));
  SUCCEED();
}

}  // namespace

TEST_CASE("whatever crashes, moves or lags, every sink ends with exactly the oracle's rows") {
  const millrace::test::seeds seeds(default_seeds);
  const auto begin = std::chrono::steady_clock::now();
  interrupted firings;
  seeds.check([&](std::uint64_t seed) { return run(seed, rule::none, &firings); });
  if (!seeds.only) {
    CHECK(firings.fired_on > seeds.count / 10);
    CHECK(firings.began_amid > seeds.count / 1'000);
    CHECK(firings.ticked_on > seeds.count / 100);
    CHECK(firings.ended_amid_tick > seeds.count / 10'000);
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  WARN(fmt::format(
      "{} schedules in {:.1f} s, all exact ({} build; MILLRACE_SEEDS sets the number); {} firings "
      "went on, {} lives began amid one; {} ticks went on, {} lives ended amid one",
      seeds.count, took.count(), build, firings.fired_on, firings.began_amid, firings.ticked_on,
      firings.ended_amid_tick));
}

TEST_CASE("without dropping rows at or below the position, rows come twice") {
  check_found(rule::dedupe, 300);
}
TEST_CASE("without output retained until it is durable, rows are lost") { check_found(rule::retain, 300); }
TEST_CASE("without the watermark at a position, lateness is decided otherwise") {
  check_found(rule::wm, 300);
}
TEST_CASE("without rows and progress in one step, rows come twice") { check_found(rule::atomic, 300); }
TEST_CASE("without eligible-from, records count for windows that they were late for") {
  check_found(rule::eligible, 300);
}
TEST_CASE("without ordinals, the rest of a window that was cut is lost") { check_found(rule::ordinal, 300); }
TEST_CASE("without holding frames at hand-over, rows are lost") { check_found(rule::handover, 300); }
TEST_CASE("without fences, frames overlap") { check_found(rule::fence, 300); }
TEST_CASE("without durable decisions, another life decides otherwise") { check_found(rule::idle, 300); }
TEST_CASE("without waiting for a decision to be durable, another life decides otherwise") {
  check_found(rule::gate, 300);
}
TEST_CASE("with acknowledgements of the newest capture, a damaged one cannot be survived") {
  check_found(rule::fallback, 500);
}
TEST_CASE("with a source trimmed to its furthest receiver, the others lose what they need") {
  check_found(rule::trim, 300);
}
TEST_CASE("with shards that take nothing while they keep too much, a partition that was idle stops all") {
  check_found(rule::stall, 3'000);
}
TEST_CASE("with windows released before every shard has passed them, a window comes in parts") {
  check_found(rule::whole, 300);
}
TEST_CASE("with a partition let in below what sinks have, its records are lost") {
  check_found(rule::floor, 2'000);
}
TEST_CASE("with a partition let in below what a sink has taken, its records are lost") {
  check_found(rule::taken, 5'000);
}
TEST_CASE("without waiting for a partition's joining to be durable, its records count twice") {
  check_found(rule::join, 5'000);
}

TEST_CASE("without ticks that are durable before they are sent, another life gives other rows under them") {
  check_found(rule::journal, 300);
}
TEST_CASE("without durable word that a tick was passed, another life gives rows for it that nobody takes") {
  check_found(rule::bound, 500);
}
TEST_CASE("with the upstream window acknowledged the newest capture, a damaged one cannot be survived") {
  check_found(rule::generation, 1'000);
}
TEST_CASE("with output trimmed to its furthest receiver, the others lose what they need") {
  check_found(rule::all, 300);
}
TEST_CASE(
    "without dropping a window's rows at or below the position, the downstream window counts them twice") {
  check_found(rule::seen, 3'000);
}
TEST_CASE("with a partition let in below what the downstream windows have led to, its records are lost") {
  check_found(rule::furthest, 5'000);
}
TEST_CASE(
    "without a capture for the acknowledgement alone, an upstream window that keeps too much stops all") {
  check_found(rule::lag, 3'000);
}

}  // namespace millrace::delivery::trial
