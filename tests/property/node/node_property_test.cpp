// The rules of the control plane on the real actors: processes of nodes in one system, over links and a store
// that fail in every way there is. In all schedules a life is lived once, where `control` has placed it
// before anybody was told; a node with another store runs nothing and stops nothing; and when faults cease,
// all that is to run does, once, and terms cease to rise.
// MILLRACE_SEED replays one schedule, MILLRACE_SEEDS says how many run.
#include "runtime/base/sanitizer.hpp"
#include "tests/property/node/random_schedule.hpp"
#include "tests/support/schedules.hpp"

#include <catch2/catch.hpp>
#include <spdlog/spdlog.h>

namespace millrace::node::trial {
namespace {

std::optional<std::string> failure_of(std::uint64_t seed) {
  try {
    run_random_schedule(seed);
  } catch (const wrong& e) {
    return e.text;
  }
  return std::nullopt;
}

}  // namespace

TEST_CASE("the actors of a control plane give each life once, recorded before it is sent, whatever fails") {
  const millrace::test::seeds seeds(with_address_sanitizer ? 50 : 300);
  if (!seeds.only)
    spdlog::set_level(spdlog::level::off);
  seeds.check(failure_of);
  spdlog::set_level(spdlog::level::info);
}

}  // namespace millrace::node::trial
