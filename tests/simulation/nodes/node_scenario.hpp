// Scenarios of `simulate` that two to four nodes run, with faults of nodes, of the ways between them and of the
// store they share in the place of a process's.
#pragma once

#include "tests/simulation/scenario.hpp"

namespace millrace::simulation {

[[nodiscard]] scenario make_node_scenario(std::uint64_t seed);

}  // namespace millrace::simulation
