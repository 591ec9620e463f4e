// One process of a simulated node: the actors of a node as a real process spawns them, its way to the shared store,
// and what cuts it off from everything when it dies.
#pragma once

#include "actors/node/host/node_group.hpp"
#include "tests/simulation/nodes/network.hpp"
#include "tests/simulation/nodes/node_files.hpp"

#include <caf/actor_addr.hpp>

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace millrace::simulation {

struct node_process {
  process_name id;
  std::shared_ptr<bool> gone = std::make_shared<bool>(false);
  std::unique_ptr<node_files> files;
  host::node_group group;
  std::unique_ptr<api::cluster_view> view;
  std::shared_ptr<std::optional<std::string>> over = std::make_shared<std::optional<std::string>>();
  std::map<caf::actor_id, caf::actor_addr> actors;  // all of the process
  std::set<caf::actor_id> at_store;                 // have used the store
  caf::actor_addr host;                             // the topology's; none before a life has begun here
  std::vector<caf::actor_addr> keepers;  // actors that write snapshots or values, of all plans that were open
  bool is_stopping = false;              // it leaves, and its group was told to end

  [[nodiscard]] std::string shown() const { return id.first + "." + std::to_string(id.second); }
};

}  // namespace millrace::simulation
