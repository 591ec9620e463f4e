// The actors of one node: its control plane, links, directors, hosts and view, without what its process has beside
// them: a port, its address in the store, patience while it joins. node_process owns one in a real process; a
// simulation has several in one actor system.
#pragma once

#include "actors/node/control/node_options.hpp"
#include "actors/node/host/address_book.hpp"
#include "actors/node/host/directors.hpp"
#include "actors/node/host/event_keeper.hpp"
#include "actors/node/host/lives.hpp"
#include "actors/node/host/switchboard.hpp"
#include "actors/node/host/view.hpp"
#include "runtime/base/flight_recorder.hpp"

#include <caf/actor_system.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace millrace::host {

/// The actors of a node and its process have this in common.
struct node_settings {
  std::string name;
  std::shared_ptr<node::chain_store> store;
  bool may_lead = false;
  bool is_alone = false;  // no other process uses the store, ever, while this one lives
  std::size_t cores = 1;
  std::string folder;  // this node's folder; it exists
  std::chrono::milliseconds start_timeout{30'000};
  cluster::silence silence = {};
  std::vector<last_work> last_works = {};  // works of earlier processes (flight_recorder)
  /// Called once, on another thread: the process is to end, and why.
  std::function<void(const std::string& why)> on_over;
  std::shared_ptr<observe::running_topologies> running;  // the process's board
  decltype(directors_options::on_end) on_end = {};
  connector_makers make;
};

struct group_options : node_settings {
  std::uint64_t instance = 0;  // this process's number; rises with each process of the node
  std::string caf_node;
  decltype(switchboard_options::transport_to) transport_to;
  // Seams of simulations.
  const wall_clock* clock = &system_clock();            // the clock of all but the control plane
  decltype(node::node_options::clock) control_clock{};  // the control plane's clock; none: the machine's
  std::uint64_t seed = 0;                               // the seed of the control plane's random waits; 0: by
                                                        // chance
  decltype(host_options::on_begun) on_begun = {};
  deployment::pipeline_bounds bounds = {};
  decltype(host_options::lone) lone = nullptr;
  decltype(node::node_options::begins_with) begins_with = {};
};

struct node_group {
  switchboard board;
  directors_actor directors;
  view_actor view;
  address_keeper addresses;  // null where it is alone
  std::shared_ptr<hosted_lives> lives;
  event_keeper events;
  node::node_actors control;
};

/// Numbers a process: rises with each process of a node, as long as its clock does.
[[nodiscard]] std::uint64_t new_instance();

/// Its address is in the store by then, unless it is alone.
[[nodiscard]] node_group spawn_group(caf::actor_system& system, group_options options);

/// Ends what is left, after on_over. The switchboard uses the transports until it is down.
void stop_group(const node_group& group);

}  // namespace millrace::host
