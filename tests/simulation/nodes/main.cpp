// `simulate_nodes --seeds 10000`: jobs that two to four nodes run.
#include "tests/simulation/nodes/node_scenario.hpp"
#include "tests/simulation/nodes/node_world.hpp"
#include "tests/simulation/program.hpp"

int main(int argc, char** argv) {
  using namespace millrace::simulation;
  return run_simulations({"simulate_nodes",
                          "Simulates the nodes of a cluster: one seed, one run, every run against an oracle",
                          make_node_scenario, simulate_nodes},
                         argc, argv);
}
