// The switchboard of a node's process: it owns the links to all other nodes, tells each of the ends of edges that
// are here, and takes mail to and from the post, hosts, directors and the API's view. It never blocks.
#pragma once

#include "actors/link/link_actor.hpp"
#include "actors/node/host/messages.hpp"
#include "runtime/cluster/silence.hpp"

#include <functional>
#include <memory>
#include <string>

namespace millrace::host {

struct switchboard_options {
  std::string node;
  std::uint64_t instance = 0;  // this process's number; rises with each process of the node
  std::string caf_node;
  /// Makes the transport of the link to a peer.
  std::function<link::transport_factory(const std::string& peer, const link::endpoint& at)> transport_to;
  cluster::silence silence = {};
  const wall_clock* clock = &system_clock();
};

[[nodiscard]] switchboard spawn_switchboard(caf::actor_system& system, switchboard_options options);

/// The way of envelopes: they are mail.
[[nodiscard]] std::shared_ptr<node::node_transport> envelopes_by(switchboard board);

}  // namespace millrace::host
