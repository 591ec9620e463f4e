// The world that a scenario runs in: the groups of actors that processes of nodes have, in one actor system under
// CAF's testing scheduler, one message at a time in an order that the seed decides, with a virtual clock, a network, a
// store, logs and targets in memory. It carries out the faults and compares what is there at the end with the oracle. A
// process that dies takes its actors with it at once; what is outside lives on. The same scenario gives the same run,
// step by step.
#pragma once

#include "tests/simulation/scenario.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace millrace::simulation {

struct outcome {
  std::optional<std::string> wrong;  // the difference from the oracle, or why the run came to no end
  std::uint64_t steps = 0;
  std::uint64_t trace = 0;  // a hash of which actor had each turn, when, and of all that was committed
  std::uint64_t lives = 0;  // lives of processes
};

/// `print_trace`: each turn and fault to stderr.
[[nodiscard]] outcome simulate(const scenario& s, bool print_trace = false);

}  // namespace millrace::simulation
