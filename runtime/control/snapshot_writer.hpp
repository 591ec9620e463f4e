// The snapshot writer: one thread that makes the captures of all shards durable and keeps their spilled
// output on disk, so that no shard ever waits for one. A capture that fails is kept and written together with
// the next one of its actor; chains are compacted here too.
#pragma once

#include "runtime/messages/messages.hpp"
#include "runtime/snapshot/snapshot.hpp"

#include <caf/actor_system.hpp>

#include <functional>
#include <memory>
#include <string>

namespace millrace::control {

/// An actor's snapshots under its present life, opened when it was restored. Later lives replace earlier
/// ones.
struct adopt_snapshots {
  std::string actor;
  millrace::life life;
  std::shared_ptr<snapshot::snapshots> chain;
  std::shared_ptr<snapshot::segments> segments;
  /// Merges a chain into one base; pure, runs on the writer's thread.
  std::function<expected<std::string>(const snapshot::snapshots::chain&)> merge;
  std::string in_logs = {};  // the actor's name there
};

/// Answers messages::write_capture, write_segment and read_segment in order, and carries out remove_segments;
/// `stop` ends it after what came before.
[[nodiscard]] messages::snapshot_writer spawn_snapshot_writer(caf::actor_system& system);

}  // namespace millrace::control
