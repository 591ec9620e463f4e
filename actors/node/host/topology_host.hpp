// The host of a topology on one node: makes the actors that are placed here with what their director prepares,
// introduces them to each other and to stand-ins of remote ones, and says what becomes of them. It is the
// supervisor of its actors, on a thread of its own, since loading snapshots blocks; what it decides is
// control::actor_desk's.
#pragma once

#include "actors/node/host/lone_plan.hpp"
#include "actors/node/host/messages.hpp"
#include "actors/node/host/planned_topologies.hpp"
#include "actors/node/stores/chain_store.hpp"
#include "actors/observe/running.hpp"

#include <caf/actor_system.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace millrace::host {

struct host_options {
  std::string node;
  std::string topology;
  std::shared_ptr<node::chain_store> store;
  std::shared_ptr<planned_topologies> plans;
  std::string folder;  // the folder of this node and topology, for plain files; opening a plan makes it
  std::chrono::milliseconds start_timeout{30'000};
  host::switchboard board;
  std::shared_ptr<observe::running_topologies> running;  // shows what runs here
  connector_makers make;
  deployment::pipeline_bounds bounds = {};
  const wall_clock* clock = &system_clock();
  /// Set of a topology that runs in this process alone.
  std::shared_ptr<const lone_plan> lone = nullptr;
  /// Told of each life that begins here: tests know its actor by this.
  std::function<void(const std::string& actor, const life& now, const caf::actor_addr& who)> on_begun = {};
};

[[nodiscard]] topology_host spawn_host(caf::actor_system& system, host_options options);

}  // namespace millrace::host
