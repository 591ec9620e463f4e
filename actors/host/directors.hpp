// The directors of a process that leads the cluster: one for each topology that runs (control::topology_director),
// their orders on the way to the nodes, and what they wish for on the way into `control`.
#pragma once

#include "actors/host/messages.hpp"
#include "actors/node/node_options.hpp"
#include "config/plan.hpp"

#include <caf/actor_system.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace millrace::host {

struct directors_options {
  host::switchboard board;
  std::shared_ptr<node::chain_store> store;  // keeps the last report of each topology
  /// The report as `run --report` writes it.
  std::function<std::string(const config::topology& t, const std::vector<messages::report_part>& parts,
                            bool has_finished)>
      report_text;
};

/// On a thread of its own: it writes reports to the store.
[[nodiscard]] directors_actor spawn_directors(caf::actor_system& system, directors_options options);

/// The coordinator tells them by this.
[[nodiscard]] std::shared_ptr<node::cluster_director> directed(directors_actor directors);

}  // namespace millrace::host
