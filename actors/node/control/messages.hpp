// Every message between the actors of one process of a node: the post, the coordinator's actor and the
// agent's. They are values and stay within the process; envelopes go to others as bytes.
//   post -> coordinator, agent: envelopes that count here, links      coordinator, agent -> post: envelopes to send
//   coordinator -> agent: whom to detach, that nobody leads         agent -> coordinator: that the process leaves, ends
//   lives -> agent: what became of them                             director -> coordinator: requests
#pragma once

#include "actors/node/control/node_transport.hpp"
#include "runtime/cluster/coordinator.hpp"
#include "runtime/messages/plain_message.hpp"

#include <caf/typed_actor.hpp>

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace millrace::node {

/// The `what` of cluster::envelope.
using envelope_content = decltype(cluster::envelope::what);

// --- envelopes through the post

/// Send this. The own node gets it the same way, without a link.
struct post_envelope {
  std::string to;
  std::uint64_t instance = 0;  // 0: whichever process the node has
  envelope_content what;
};
/// It is from a process of the same cluster, and for this one.
struct envelope_came {
  cluster::process_id from;
  envelope_content what;
};
/// Post and coordinator of one process tell each other, once, which cluster the store holds.
struct cluster_known {
  std::string id;
};
/// J1: this process reads another store than the others. A process without a session ends for it.
struct store_is_foreign {
  std::string why;
};

// --- messages within the process

/// Senders here detach their receivers on that node.
struct detach_node {
  std::string node;
};
/// The process ends: it stands for coordinator no more, and its coordinator steps down.
struct node_is_over {
  std::string why;
};
/// The process is to end in order, and why: its actors first.
struct leave_cluster {
  std::string why = "it was asked to end";
};
/// It has begun to: it takes the lead from nobody that lives.
struct node_leaves {};
/// It tells a process that leaves that nobody will record that.
struct nobody_leads {};
/// The actor's own timers.
struct tick_due {};
struct restart_due {
  cluster::actor_id actor;
  life now;
};
struct end_is_due {};

// --- lives

/// The end of a life. `failed_again`: a further life may do better; the others are final.
enum class life_outcome : std::uint8_t { failed_again, completed, failed, fenced, ended };
/// Said once of each life that was begun, by the node that runs it. `last`: its count may have been raised.
struct life_over {
  cluster::actor_id actor;
  life last;
  life_outcome how = life_outcome::completed;
  life refused_by = {};  // the higher life, where it was fenced and knows it
  std::string why = {};
  /// The epoch of the director that told a completed life to end. None: nobody had to.
  cluster::epoch asked_by = {};
};
/// The cause of this actor's failures so far is dealt with: the records are given up. Its next failure is the
/// first of a row. Said by the node that runs the life, while it lasts.
struct life_recovered {
  cluster::actor_id actor;
  life now;
};

// --- asking the coordinator

/// Answered once what it asks for is recorded, or refused. Where another node leads, ec::unavailable names it.
struct ask_cluster {
  cluster::request what;
  std::string through = {};  // the node whose API was asked; empty: the cluster itself wants it
  std::string change = {};   // in what a plan differs from the one before, for people
};
struct cluster_answered {
  std::optional<error> failure;
  std::vector<cluster::actor_id> lost;  // actors that were pinned to a forgotten node
};
/// Says what this process knows of the cluster.
struct describe_cluster {};
struct cluster_described {
  std::optional<cluster::epoch> leads;  // this process, under that epoch
  std::string leader;                   // the node whose word was heard last; empty: none lately
  std::shared_ptr<const cluster::control_state> state;  // none: it does not lead
  std::vector<cluster::actor_id> waiting;               // actors that no node can have
  std::set<std::string> present;                        // nodes that answer
  event_micros now = 0;                                 // the time as the coordinator records it
  std::string cluster = {};                             // its id; empty: it was not read yet
  bool is_alone = false;                                // a run: no other process uses the store
};

// --- interfaces

using node_post = caf::typed_actor<caf::reacts_to<post_envelope>, caf::reacts_to<cluster_known>,
                                   caf::reacts_to<bytes_arrived>, caf::reacts_to<link_up>,
                                   caf::reacts_to<link_lost>, caf::reacts_to<process_dead>>;
using life_listener = caf::typed_actor<caf::reacts_to<life_over>, caf::reacts_to<life_recovered>>;
using agent_actor = life_listener::extend<caf::reacts_to<envelope_came>, caf::reacts_to<detach_node>,
                                          caf::reacts_to<store_is_foreign>, caf::reacts_to<leave_cluster>,
                                          caf::reacts_to<nobody_leads>>;
using coordinator_actor =
    caf::typed_actor<caf::reacts_to<envelope_came>, caf::reacts_to<cluster_known>, caf::reacts_to<link_up>,
                     caf::reacts_to<link_lost>, caf::reacts_to<process_dead>, caf::reacts_to<node_leaves>,
                     caf::reacts_to<node_is_over>, caf::replies_to<ask_cluster>::with<cluster_answered>,
                     caf::replies_to<describe_cluster>::with<cluster_described>>;

}  // namespace millrace::node
