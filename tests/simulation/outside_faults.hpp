// Faults of sources and targets, which are the same whether one process runs the job or nodes do.
#pragma once

#include "tests/simulation/memory_log.hpp"
#include "tests/simulation/memory_target.hpp"

#include <functional>

namespace millrace::simulation {

struct outside {
  memory_logs& logs;
  memory_targets& targets;
  std::function<void(micros in, std::function<void()> what)> later;
};

/// Returns false, without an effect, for a fault of another kind.
[[nodiscard]] bool happens_outside(const fault& f, const outside& o);
/// An actor fails by it, perhaps.
[[nodiscard]] bool makes_actor_fail(const fault& f);

}  // namespace millrace::simulation
