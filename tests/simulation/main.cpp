// `simulate --seeds 10000`: jobs of one process.
#include "tests/simulation/program.hpp"

int main(int argc, char** argv) {
  using namespace millrace::simulation;
  return run_simulations({"simulate",
                          "Simulates millrace's actors: one seed, one run, every run against an oracle",
                          make_scenario, simulate},
                         argc, argv);
}
