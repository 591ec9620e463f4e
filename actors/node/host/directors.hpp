// The directors of a process that leads the cluster: one for each topology that runs (control::topology_director),
// their orders on the way to the nodes, and what they wish for on the way into `control`.
#pragma once

#include "actors/node/control/node_options.hpp"
#include "actors/node/host/messages.hpp"
#include "actors/node/host/planned_topologies.hpp"
#include "config/plan.hpp"

#include <caf/actor_system.hpp>

#include <memory>
#include <optional>
#include <string>

namespace millrace::host {

/// The end of a topology, as `control` has it.
struct topology_end {
  bool finished = false;                     // false, without a failure: it was stopped
  std::optional<error> failure;              // the director's own error, where that was recorded
  std::vector<messages::report_part> parts;  // parts of the last report
  std::uint64_t generation = 0;              // of the plan that has ended
};

struct directors_options {
  host::switchboard board;
  std::shared_ptr<node::chain_store> store;  // keeps the last report of each topology
  std::shared_ptr<planned_topologies> plans;
  bool is_lone = false;  // the one topology runs in this process alone
  /// Told once the end of a topology that was directed here is recorded in `control`, for any reason. Called
  /// on the directors' thread; does not block.
  std::function<void(const std::string& topology, const topology_end& end)> on_end = {};
};

/// Runs on a thread of its own: it writes reports to the store.
[[nodiscard]] directors_actor spawn_directors(caf::actor_system& system, directors_options options);

/// The coordinator tells them by this.
[[nodiscard]] std::shared_ptr<node::cluster_director> directed(directors_actor directors);

}  // namespace millrace::host
