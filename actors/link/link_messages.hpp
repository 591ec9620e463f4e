// The messages between a link actor and those around it, within one process: its owner, its transport, the ends of
// its edges.
#pragma once

#include "actors/link/edge_table.hpp"
#include "runtime/link/node_link.hpp"
#include "runtime/messages/messages.hpp"
#include "runtime/window/window.hpp"

#include <string>
#include <variant>
#include <vector>

namespace millrace::link {

// --- the seam: a way of bytes to one peer. A simulation puts its own in the place of caf_transport.

struct open_way;
struct close_way;
struct send_whole;
/// Carries bytes to the peer, each as one whole, in order on one way or not at all.
using transport = caf::typed_actor<caf::reacts_to<open_way>, caf::reacts_to<close_way>,
                                   caf::reacts_to<send_whole>, caf::reacts_to<messages::stop>>;

struct way_opened;
struct way_closed;
struct way_refused;
struct whole_came;
/// The link actor, as its transport sees it.
using way_user = caf::typed_actor<caf::reacts_to<way_opened>, caf::reacts_to<way_closed>,
                                  caf::reacts_to<way_refused>, caf::reacts_to<whole_came>>;

/// One try, answered by way_opened, way_closed or way_refused. A way may open without it: the peer has come.
/// A try that finds it so has been answered by that way_opened, and is not answered again: way_closed means
/// that no way is open, at any outcome of a try.
struct open_way {};
/// Answered by way_closed, where one was open.
struct close_way {};
/// Dropped where no way is open.
struct send_whole {
  pieces bytes;
};
/// A way that was open before is closed by it.
struct way_opened {};
/// The open way is broken, or none could be opened: something may be there, and does not answer.
struct way_closed {
  error why;
};
/// The peer's address refuses connections: its process is over.
struct way_refused {};
struct whole_came {
  piece bytes;
};

// --- owner -> link actor

/// The local end of an edge, by the interface that its remote end needs. It fixes what the edge carries: a sender
/// of frames is introduced to each receiver by its owner, and so on (edge_table::local_up).
using local_end = std::variant<messages::frame_sender, messages::frame_receiver, messages::output_sender,
                               messages::output_receiver>;

/// This actor's life begins at this end of the edge, or goes on. Said again for each life.
struct local_up {
  edge_id edge = 0;
  local_end handle;
  life now;
  /// The window of the shard that frames on this edge lead to, where they do and it is here.
  std::optional<window::definition> window = {};
};
struct local_down {
  edge_id edge = 0;
  life last;
};
/// This life of the remote actor is to be talked to: stand_in_up follows whenever it can be, stand_in_down when it
/// cannot any more. Only for edges whose local end is a frame_sender or an output_receiver: the others hear first.
struct remote_up {
  edge_id edge = 0;
  life now;
};
struct remote_down {
  edge_id edge = 0;
  life last;
};
/// Sends what coordinator and nodes say to each other; in order, once, or lost with the session.
struct send_mail {
  std::string bytes;
};
/// The nodes to name in the next hello, and to judge it by.
struct nodes_known {
  std::vector<known_node> others;
};
struct plans_changed {
  std::vector<plan_generation> plans;
};

// --- link actor -> owner

/// Takes what an end of an edge takes: it can be put wherever a handle of one stands in a message.
using stand_in = messages::frame_receiver::extend_with<messages::frame_sender, messages::output_sender,
                                                       messages::output_receiver>;

/// A local frame_sender hears of it by receiver_up, a local output_receiver by sender_up.
struct stand_in_up {
  edge_id edge = 0;
  stand_in handle;
  life remote;
};
/// It is void, and all that has come by it is with the local actor. A local frame_sender hears of it by
/// receiver_down; a local output_receiver need not hear of it.
struct stand_in_down {
  edge_id edge = 0;
  life remote;
};
struct mail_came {
  std::string bytes;
};
/// Longer than anything that a link carries: the edge goes on without it, so its topology cannot.
struct message_lost {
  edge_id edge = 0;
  error why;
};
using link_news = std::variant<session_opened, session_ended, standing_changed, peer_refused, peer_warned,
                               stand_in_up, stand_in_down, mail_came, message_lost>;
struct link_told {
  std::string peer;  // name of the node
  link_news what;
};
using link_owner = caf::typed_actor<caf::reacts_to<link_told>>;

// --- link actor <-> the ends of its edges

struct send_on_edge {
  end_number from = 0;
  message what;
};
/// This many bytes of what the end has sent are in the link, or void.
struct edge_answered {
  std::size_t bytes = 0;
};
struct edge_came {
  piece message;
};
struct edge_over {};
/// The bytes that have come make no sense: the session cannot go on.
struct edge_broken {
  end_number end = 0;
  error why;
};

/// The actor's own timer.
struct link_tick {};

using link_handle =
    way_user::extend<caf::reacts_to<local_up>, caf::reacts_to<local_down>, caf::reacts_to<remote_up>,
                     caf::reacts_to<remote_down>, caf::reacts_to<send_mail>, caf::reacts_to<nodes_known>,
                     caf::reacts_to<plans_changed>, caf::reacts_to<send_on_edge>, caf::reacts_to<edge_broken>,
                     caf::reacts_to<link_tick>, caf::reacts_to<messages::stop>>;
using whole_stand_in =
    stand_in::extend<caf::reacts_to<edge_came>, caf::reacts_to<edge_answered>, caf::reacts_to<edge_over>>;

}  // namespace millrace::link
