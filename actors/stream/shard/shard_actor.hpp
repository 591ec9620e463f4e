// The shard actor: hears and says what `shard` (shard.hpp) decides. It runs on the shared scheduler and never
// blocks.
#pragma once

#include "actors/stream/shard/shard_options.hpp"
#include "runtime/delivery/shard.hpp"

#include <caf/actor_system.hpp>

#include <memory>

namespace millrace::shard {

/// `core` is restored; the term of `now` is also that of its snapshots.
[[nodiscard]] messages::shard spawn_shard(caf::actor_system& system, shard_options options,
                                          std::shared_ptr<delivery::shard_core> core, const life& now,
                                          messages::supervisor supervisor);

}  // namespace millrace::shard
