// The transport of links by CAF's networking. A process listens at one port; of two nodes the one whose name comes
// first connects to the other, so that there is one connection between them: CAF closes a second one while the
// first stands, whichever of them is alive.
//
// Order of calls: configure_network() before the actor system is made, caf_network::listen() once, to() for each
// link (link_actor.hpp), close() last. docs/design/link.md has the traps that this goes around.
#pragma once

#include "actors/link/link_bytes.hpp"
#include "actors/link/network.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>

#include <string>

namespace millrace::link {

/// Loads CAF's networking, registers link_bytes, and has dead connections found: without it CAF finds none.
void configure_network(caf::actor_system_config& config);
/// Returns the id by which hellos name this process.
[[nodiscard]] std::string caf_node_of(const caf::actor_system& system);

/// A carrier's peer has come by the port: `first` is its hello. Within one process.
struct peer_came;
struct expect_peer;
using bytes_taker = caf::typed_actor<caf::reacts_to<link_bytes>>;
using caf_carrier = transport::extend<caf::reacts_to<link_bytes>, caf::reacts_to<peer_came>>;
/// Listens at the port: knows by the name in a hello which link it is for.
using port_actor = bytes_taker::extend<caf::reacts_to<expect_peer>, caf::reacts_to<messages::stop>>;

struct peer_came {
  bytes_taker peer;
  piece first;
};
struct expect_peer {
  std::string node;
  caf_carrier carrier;
  bool is_over = false;  // no more: unless another carrier is there for the node by now
};

class caf_network : public network {
public:
  /// `address`: loopback, or where only the cluster's own nodes can connect. Port 0: any. `me`: this node's
  /// name. Blocks for a moment. Errors: ec::unavailable.
  [[nodiscard]] static expected<std::unique_ptr<network>>
  listen(caf::actor_system& system, std::string me, const std::string& address, std::uint16_t port);

  [[nodiscard]] std::uint16_t port() const override { return port_; }
  [[nodiscard]] transport_factory to(const std::string& peer, const endpoint& at) const override;
  [[nodiscard]] probe_result probe(const endpoint& at, micros patience) const override {
    return link::probe(at, patience);
  }
  void close() override;

private:
  caf_network(caf::actor_system& system, std::string me, port_actor listener, std::uint16_t port)
      : system_(&system), me_(std::move(me)), listener_(std::move(listener)), port_(port) {}

  caf::actor_system* system_;
  std::string me_;
  port_actor listener_;
  std::uint16_t port_;
};

}  // namespace millrace::link

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(millrace::link::peer_came)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(millrace::link::expect_peer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(millrace::link::probe_result)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(millrace::link::endpoint)
