// The transport of links by CAF's networking: a broker of its middleman, on CAF's I/O thread, has all
// connections of the process. BASP, the protocol of CAF's actors over networks, is not used: it copies each
// message into a buffer and out of another one, and lets any process that connects talk to any actor
// (docs/design/link.md).
//
// A process listens at one port; of two nodes the one whose name comes first connects to the other. Each proves to the
// other, before a byte of a link is read, that it reads the cluster's store, and who it is (runtime/link/proof.hpp).
//
// Order of calls: configure_network() before the actor system is made, caf_network::listen() once, to() for each
// link (link_actor.hpp), close() last.
#pragma once

#include "actors/link/network.hpp"
#include "runtime/messages/plain_message.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/io/connection_handle.hpp>
#include <caf/io/system_messages.hpp>

#include <string>

namespace millrace::link {

/// Loads CAF's networking.
void configure_network(caf::actor_system_config& config);
/// Returns the id by which hellos name this process.
[[nodiscard]] std::string caf_node_of(const caf::actor_system& system);

/// The transport of one peer, an actor, and the one broker that has all connections send these to each other, within one process.
struct peer_expected;
struct peer_over;
struct peer_sought;
struct whole_for_peer;
struct peer_left;

/// The connection of a peer that has proved itself as this node gets here.
struct peer_expected {
  std::string node;
  transport carrier;
  way_user user;
};
/// It is expected no more: unless another carrier is there for the node by now.
struct peer_over {
  std::string node;
  transport carrier;
};
/// Somebody has looked for it: a connection where there is one, else `why` there is none.
struct peer_sought {
  std::string node;
  probed outcome = probed::silent;
  std::shared_ptr<owned_socket> socket = {};
  std::string why = {};
};
struct whole_for_peer {
  std::string node;
  pieces bytes;
};
/// This end hangs up.
struct peer_left {
  std::string node;
};
/// Looks whether a connection that belongs to no link has said something since.
struct look_at_stranger {
  caf::io::connection_handle connection;
  std::uint64_t number = 0;
};
using connections_broker =
    caf::typed_actor<caf::reacts_to<caf::io::new_connection_msg>, caf::reacts_to<caf::io::new_data_msg>,
                     caf::reacts_to<caf::io::connection_closed_msg>,
                     caf::reacts_to<caf::io::acceptor_closed_msg>, caf::reacts_to<look_at_stranger>,
                     caf::reacts_to<peer_expected>, caf::reacts_to<peer_over>, caf::reacts_to<peer_sought>,
                     caf::reacts_to<whole_for_peer>, caf::reacts_to<peer_left>,
                     caf::reacts_to<messages::stop>>;

class caf_network : public network {
public:
  /// `at`: on loopback.
  [[nodiscard]] static std::unique_ptr<network> listen(caf::actor_system& system, plain_identity mine,
                                                       listening_socket at);

  [[nodiscard]] std::uint16_t port() const override { return port_; }
  [[nodiscard]] transport_factory to(const std::string& peer, const endpoint& at) const override;
  [[nodiscard]] probe_result probe(const endpoint& at, micros patience) const override {
    return link::probe(at, patience);
  }
  void close() override;

private:
  caf_network(plain_identity mine, connections_broker broker, std::uint16_t port)
      : mine_(std::move(mine)), broker_(std::move(broker)), port_(port) {}

  plain_identity mine_;
  connections_broker broker_;
  std::uint16_t port_;
};

}  // namespace millrace::link
