// Keeps the small values of a topology's actors in the store of the cluster, each under the life of its actor, or
// the highest of those that share it: the node's counterpart of the keeper of a state folder
// (actors/deployment/state_keeper.hpp).
#pragma once

#include "actors/node/topology_state.hpp"
#include "runtime/messages/messages.hpp"

#include <caf/actor_system.hpp>

#include <memory>

namespace millrace::host {

/// On a thread of its own. Start positions are recorded in `control` and are not kept here.
[[nodiscard]] messages::state_keeper spawn_value_keeper(caf::actor_system& system,
                                                        std::shared_ptr<node::topology_state> state);

}  // namespace millrace::host
