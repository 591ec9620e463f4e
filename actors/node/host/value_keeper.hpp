// Keeps the small values of a topology's actors: one thread that makes them durable while the topology runs, so that no
// actor waits for a disk or a server in its turn. A value is put under the life of its actor, or the highest life of
// those that share it. Snapshots have a writer of their own (runtime/control/snapshot_writer.hpp).
#pragma once

#include "runtime/messages/messages.hpp"

#include <caf/actor_system.hpp>

#include <functional>
#include <string>

namespace millrace::host {

/// Replaces a value, durably; blocks. `whose`: the highest life that has put it in this process.
using put_value =
    std::function<expected<void>(const std::string& name, const std::string& value, const life& whose)>;

/// Spawns it on a thread of its own. It answers messages::keep_value in order; `stop` ends it after what came before.
[[nodiscard]] messages::state_keeper spawn_value_keeper(caf::actor_system& system, put_value put);

}  // namespace millrace::host
