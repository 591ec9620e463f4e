// nodes_model.py's rules of the control plane on the real code: two to four nodes, of which any may lead,
// die, come back, stand still or be cut off, and a store that answers late or never. In all schedules a life
// is lived once, where `control` has placed it before anybody was told; the newest epoch alone is obeyed; and
// when faults cease, all that is to run does, once, and terms cease to rise.
// MILLRACE_SEED replays one schedule, MILLRACE_SEEDS says how many run.
#include "runtime/base/sanitizer.hpp"
#include "tests/property/cluster/world.hpp"
#include "tests/support/schedules.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

namespace millrace::cluster::trial {
namespace {

std::optional<std::string> run(std::uint64_t seed) {
  try {
    world(seed).run();
  } catch (const wrong& e) {
    return e.text;
  }
  return std::nullopt;
}

}  // namespace

TEST_CASE("each life is given once, recorded before it is sent, and lived once, whatever fails") {
  millrace::test::seeds(with_address_sanitizer ? 100 : 500).check(run);
}

}  // namespace millrace::cluster::trial
