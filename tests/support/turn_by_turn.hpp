// An actor system for tests, whose actors run when the test says so: one message at a time, on the test's own
// thread, with delayed messages by a virtual clock.
#pragma once

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <caf/send.hpp>

#include <vector>

namespace millrace::test {

struct turn_by_turn : caf::actor_system_config {
  turn_by_turn() { set("scheduler.policy", caf::atom("testing")); }
};

/// Returns what runs the actors of `system`, which has a turn_by_turn for its configuration and outlives it.
[[nodiscard]] inline caf::scheduler::test_coordinator& turns_of(caf::actor_system& system) {
  return dynamic_cast<caf::scheduler::test_coordinator&>(system.scheduler());
}

/// A test's scene of actors derives from it, and ends them while it has all its members: what they say then may change those.
class turned_system {
protected:
  void kill_all(const std::vector<caf::actor>& all) {
    for (const auto& a : all)
      caf::anon_send_exit(a, caf::exit_reason::kill);
    turns_.run();
    turns_.clock().cancel_all();
  }

  turn_by_turn config_;
  caf::actor_system system_{config_};
  caf::scheduler::test_coordinator& turns_ = turns_of(system_);
};

}  // namespace millrace::test
