// The messages between the actors that run topologies on a node: the switchboard over all links, a host for
// each topology that has actors here, the directors of a process that leads, and the actor that answers the
// API. They stay within the process; what goes to other nodes goes as bytes.
#pragma once

#include "actors/link/connect_probe.hpp"
#include "actors/link/link_messages.hpp"
#include "actors/node/control/messages.hpp"
#include "runtime/control/topology_messages.hpp"
#include "runtime/messages/plain_message.hpp"

#include <caf/typed_actor.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace millrace::host {

/// The first byte of a message to another node says what it is.
enum class mail : char {
  envelope = 'L',     // passes between posts (cluster::envelope)
  to_node = 'N',      // for the host of a topology (control::to_node_of_actors)
  to_director = 'D',  // for the directors (control::to_director)
  question = 'Q',     // for the leader's view, from an asked node that does not lead
  answer = 'A',
};

// --- the switchboard gets these

/// The addresses of nodes, as their address book has them.
struct node_address {
  std::string node;
  std::uint64_t instance = 0;
  link::endpoint at;
  friend bool operator==(const node_address& a, const node_address& b) {
    return a.node == b.node && a.instance == b.instance && a.at.host == b.at.host && a.at.port == b.at.port;
  }
};
struct addresses_known {
  std::vector<node_address> all;
};
/// Sends a message to another node. The message is lost where there is no session with that node, and where the session ends
/// before it has arrived; the asker of questions is told (questions_lost).
struct send_mail {
  std::string node;
  mail kind = mail::envelope;
  std::string bytes;
};
/// Sends an order to the topology's host on a node. The own node's host gets it as it is, without a link; mail takes it to
/// another node.
struct send_order {
  std::string node;
  control::to_node_of_actors what;
};
/// Sends a message, in the same way, to the directors of the node whose coordinator was heard last.
struct send_to_director {
  control::to_director what;
};
/// The coordinator of this node leads, as far as the agent knows.
struct directed_by {
  std::string node;
  cluster::epoch of;
};
/// A local actor is there, or no more, at this end of an edge, by the plan's number of it: each link is told. Both ends
/// may be here, and each of them has lives elsewhere.
struct end_is_up {
  link::local_up what;
  bool is_from = false;  // it sends frames or output on the edge
};
struct end_is_down {
  link::local_down what;
  bool is_from = false;
};
/// Introduces a life of a remote actor, which is reached over the link to that node.
struct introduce_remote {
  std::string node;
  link::remote_up what;
  bool local_is_from = false;
};
struct forget_remote {
  std::string node;
  link::remote_down what;
  bool local_is_from = false;
};

// --- a host gets these

struct begin_here {
  std::string actor;
  std::uint64_t generation = 0;
  life now;
  node::life_listener tell;
};
struct end_here {
  std::string actor;
  life last;
};
struct order_came {
  std::string from;  // the node that directs, or did
  control::to_node_of_actors what;
};
/// Another director directs from now on, or the way to it was broken. Nobody is known: there is no node.
struct director_is_new {
  directed_by now;
};
/// A link has news of an edge, which it calls by the plan's number.
struct edge_news {
  std::string peer;
  link::link_news what;
};
struct peer_standing {
  std::string peer;
  bool is_alive = false;
};
/// The link is over; every stand-in of it is void.
struct peer_unlinked {
  std::string peer;
};
/// The host's own timer: a former life of the actor has had its time to end.
struct former_life_is_due {
  std::string actor;
  life last;
};

/// The host's own timer: the last actor was gone a while ago; `number` counts the changes up to then.
struct nothing_runs {
  std::uint64_t number = 0;
};

struct host_is_up;

// --- the directors get these

/// The first message, sent once: the actor that their wishes go to.
struct coordinator_known {
  node::coordinator_actor coordinator;
};
struct leads_now {
  cluster::epoch mine;
  std::shared_ptr<const cluster::control_state> found;  // the state that it begins with
};
struct topology_changed {
  std::string topology;
  std::shared_ptr<const cluster::topology_state> now;
};
/// The cluster has it no more.
struct topology_gone {
  std::string topology;
};
struct leads_no_more {};
struct said_to_director {
  std::string from;
  control::to_director what;
};
/// Gets no answer.
struct restart_asked {
  std::string topology;
  std::string who;  // control::director::restart()
};
/// Answered by report_given, once the topology's actors have reported.
struct ask_for_report {
  std::string topology;
  std::string chains;  // cluster::chains_of
};
struct report_given {
  bool is_known = false;
  std::string json;  // formatted as `run --report` writes it
  /// The same before it is put into words; none of a topology that ended under an earlier coordinator.
  std::vector<messages::report_part> parts = {};
};
/// The directors' own timer.
struct reports_due {
  std::string topology;
  std::uint64_t generation = 0;
  std::uint64_t number = 0;
};
struct stops_due {
  std::string topology;
  std::uint64_t generation = 0;
  std::uint64_t number = 0;
};

/// A message of another node, for the actor that answers the API.
struct mail_came {
  std::string from;
  mail kind = mail::question;
  std::string bytes;
};
/// Goes to the same actor: questions to that node, and its answers to them, are lost.
struct questions_lost {
  std::string node;
};

// --- interfaces

using mail_reader = caf::typed_actor<caf::reacts_to<mail_came>, caf::reacts_to<questions_lost>>;
using topology_host =
    messages::supervisor::extend<caf::reacts_to<begin_here>, caf::reacts_to<end_here>,
                                 caf::reacts_to<order_came>, caf::reacts_to<director_is_new>,
                                 caf::reacts_to<edge_news>, caf::reacts_to<peer_standing>,
                                 caf::reacts_to<peer_unlinked>, caf::reacts_to<former_life_is_due>,
                                 caf::reacts_to<nothing_runs>, caf::reacts_to<messages::stop>>;
using directors_actor =
    caf::typed_actor<caf::reacts_to<coordinator_known>, caf::reacts_to<leads_now>,
                     caf::reacts_to<topology_changed>, caf::reacts_to<topology_gone>,
                     caf::reacts_to<leads_no_more>, caf::reacts_to<said_to_director>,
                     caf::reacts_to<restart_asked>, caf::replies_to<ask_for_report>::with<report_given>,
                     caf::reacts_to<reports_due>, caf::reacts_to<stops_due>, caf::reacts_to<messages::stop>>;

struct host_is_up {
  std::string topology;
  topology_host handle;
};
/// The first message, sent once: the actor that mail goes to.
struct readers_known {
  node::node_post post;
  directors_actor directors;
  mail_reader view;
};

using switchboard = link::link_owner::extend<
    caf::reacts_to<readers_known>, caf::reacts_to<addresses_known>, caf::reacts_to<send_mail>,
    caf::reacts_to<send_order>, caf::reacts_to<send_to_director>, caf::reacts_to<directed_by>,
    caf::reacts_to<end_is_up>, caf::reacts_to<end_is_down>, caf::reacts_to<introduce_remote>,
    caf::reacts_to<forget_remote>, caf::reacts_to<host_is_up>, caf::reacts_to<messages::stop>>;

}  // namespace millrace::host
