// The link actor: owns the link to one other node and runs the effects of runtime/link::node_link. It runs on
// the shared scheduler and never blocks; bytes go by a transport, which a simulation replaces.
//
// How a node process uses it (one link actor a peer, for as long as the process lives):
//   1. make_caf_transport() (caf_transport.hpp) once a process, or a transport of a simulation.
//   2. spawn_link() for each other node. It connects, and again whenever the way breaks. All that happens comes to
//      the owner as link_told, in order.
//   3. Mail (actors/node/host/messages.hpp) goes by send_mail, and comes as mail_came. Messages
//      go in order, once, or are lost with the session: a node registers again at session_opened.
//   4. Edges: edge_numbers::make() of a plan gives both nodes the same numbers. For each edge of a local actor
//      whose other end the plan has on that node: local_up with its handle and life, before its life_began is
//      reported, and local_down when it is over. Where the local actor has to be introduced to the remote one, as a
//      lane to its receivers or a receiver of output to its shards: remote_up with each life of that.
//   5. stand_in_up: the supervisor tells the local actor by receiver_up or sender_up, with the stand-in as
//      the handle. stand_in_down: by receiver_down. In the next session stand_in_up comes again for what still is
//      introduced. standing_changed to suspect: receiver_down for its receivers, and receiver_up with the same
//      stand-ins once it is alive.
//   6. messages::stop ends the actor, its transport, and its stand-ins.
#pragma once

#include "actors/link/link_messages.hpp"
#include "runtime/base/time.hpp"

#include <caf/actor_system.hpp>

#include <functional>

namespace millrace::link {

/// Spawns the transport of one link, which tells `user` what becomes of the way.
using transport_factory = std::function<transport(caf::actor_system& system, way_user user)>;

struct link_options {
  node_link::options link;  // its `join` is filled in
  transport_factory make_transport;
  link_owner owner;
  const wall_clock* clock = &system_clock();
  micros tick_every{50'000};
};

[[nodiscard]] link_handle spawn_link(caf::actor_system& system, link_options options);

}  // namespace millrace::link
