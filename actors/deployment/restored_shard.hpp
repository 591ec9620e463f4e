// A new life of a shard: its snapshots opened and its state restored from them, its spilled output, the
// snapshot writer told of it, the actor. Called by the spawner of shards, on threads that may block.
#pragma once

#include "actors/stream/shard/shard_actor.hpp"
#include "runtime/delivery/shard.hpp"
#include "runtime/snapshot/snapshot.hpp"

#include <caf/actor_system.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace millrace::deployment {

using make_windows = std::function<std::unique_ptr<delivery::window_state>()>;

/// May be called for several shards at once, each from a thread of its own. `make` is called on the snapshot
/// writer's thread, too, as long as it runs. `now`: the life that begins; `setup.life` is set from it here.
/// Errors: of the store; ec::corrupt where snapshots are damaged beyond what can be survived, with the
/// remedy; ec::fenced where a higher life holds the chain.
[[nodiscard]] expected<messages::shard>
spawn_restored_shard(caf::actor_system& system, snapshot::shard_store& store, const life& now,
                     delivery::shard_core::setup setup, const shard::shard_options& options,
                     const make_windows& make, const messages::supervisor& supervisor);

}  // namespace millrace::deployment
