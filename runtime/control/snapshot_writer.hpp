// The snapshot writer: one thread that makes the captures of all shards durable, so that no shard ever waits
// for a disk. A capture that fails is kept and written together with the next one of its actor; chains are
// compacted here too.
#pragma once

#include "runtime/messages/messages.hpp"
#include "runtime/snapshot/snapshot.hpp"

#include <caf/actor_system.hpp>

#include <functional>
#include <memory>
#include <string>

namespace millrace::control {

/// An actor's snapshots under its present life, opened by whoever restored it. Later lives replace earlier
/// ones.
struct adopt_snapshots {
  std::string actor;
  incarnation life;
  std::shared_ptr<snapshot::snapshots> chain;
  /// Merges a chain into one base; pure, runs on the writer's thread.
  std::function<expected<std::string>(const snapshot::snapshots::chain&)> merge;
};

/// Takes messages::write_capture and answers capture_written, in order; `stop` ends it after what came
/// before.
[[nodiscard]] caf::actor spawn_snapshot_writer(caf::actor_system& system);

}  // namespace millrace::control

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(millrace::control::adopt_snapshots)
