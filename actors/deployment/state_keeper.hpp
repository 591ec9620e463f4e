// The keeper of the state folder: one thread that makes small values durable while the topology runs, so that
// nobody who needs one waits for a disk in his turn. Sources, sinks and the supervisor ask it by message and
// go on with its answer. Snapshots have a writer of their own (runtime/control/snapshot_writer.hpp).
#pragma once

#include "actors/deployment/layout.hpp"
#include "runtime/messages/messages.hpp"
#include "runtime/snapshot/snapshot.hpp"

#include <caf/actor_system.hpp>

#include <map>
#include <memory>
#include <string>

namespace millrace::deployment {

/// Does the work of the keeper, which brings the mailbox. It belongs to the keeper's thread; calls block.
class state_keeper {
public:
  state_keeper(std::shared_ptr<snapshot::state_store> store, lane_plans plans)
      : store_(std::move(store)), plans_(std::move(plans)) {}

  [[nodiscard]] messages::value_kept keep(const messages::keep_value& m);
  [[nodiscard]] messages::start_kept keep(const messages::keep_start& m);

private:
  [[nodiscard]] expected<void> put(const messages::keep_value& m);

  std::shared_ptr<snapshot::state_store> store_;
  lane_plans plans_;
  std::map<std::string, life> lives_;  // the highest of each actor that has kept something
};

/// Answers messages::keep_value and keep_start in order; `stop` ends it after what came before.
[[nodiscard]] messages::state_keeper
spawn_state_keeper(caf::actor_system& system, std::shared_ptr<snapshot::state_store> store, lane_plans plans);

}  // namespace millrace::deployment
