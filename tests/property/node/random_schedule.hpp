// A random schedule over a cluster_world: two to four nodes, of which any may lead, die, stand still, be cut
// off or go deaf; stores that are slow or lose answers; late and repeated envelopes; a node with another store.
#pragma once

#include "tests/property/node/cluster_world.hpp"

namespace millrace::node::trial {

/// Throws wrong.
void run_random_schedule(std::uint64_t seed);

}  // namespace millrace::node::trial
