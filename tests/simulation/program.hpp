// What the programs `simulate` and `simulate_nodes` have in common: they run simulated jobs by seed. Of the first
// that fails they print what is wrong, what is left of it when all that does not matter is taken away, and how to
// run it alone.
#pragma once

#include "tests/simulation/world.hpp"

#include <functional>
#include <string>

namespace millrace::simulation {

struct simulation_program {
  std::string name;
  std::string about;
  std::function<scenario(std::uint64_t seed)> make;
  std::function<outcome(const scenario& s, bool print_trace)> simulate;
};

/// Returns the exit status.
[[nodiscard]] int run_simulations(const simulation_program& p, int argc, char** argv);

}  // namespace millrace::simulation
