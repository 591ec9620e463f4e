// An actor system for tests, whose actors run when the test says so: one message at a time, on the test's own
// thread, with delayed messages by a virtual clock.
#pragma once

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scheduler/test_coordinator.hpp>

namespace millrace::test {

struct turn_by_turn : caf::actor_system_config {
  turn_by_turn() { set("scheduler.policy", caf::atom("testing")); }
};

/// Returns what runs the actors of `system`, which has a turn_by_turn for its configuration and outlives it.
[[nodiscard]] inline caf::scheduler::test_coordinator& turns_of(caf::actor_system& system) {
  return dynamic_cast<caf::scheduler::test_coordinator&>(system.scheduler());
}

}  // namespace millrace::test
