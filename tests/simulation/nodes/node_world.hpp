// The world of `simulate_nodes`: the groups of actors that processes of nodes have, in one actor system under
// CAF's testing scheduler, with a network, a store, logs and targets in memory. A process that dies takes its actors
// with it at once; what is outside lives on. The same scenario gives the same run, step by step.
#pragma once

#include "tests/simulation/world.hpp"

namespace millrace::simulation {

[[nodiscard]] outcome simulate_nodes(const scenario& s, bool print_trace = false);

}  // namespace millrace::simulation
