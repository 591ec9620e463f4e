// Answers what the API of a node is asked: by itself where this node leads the cluster, else by the node that does,
// over the link. It never blocks; what has to (`apply`, `replay`) runs on a thread of its own.
#pragma once

#include "actors/api/cluster_view.hpp"
#include "actors/node/host/address_book.hpp"
#include "actors/node/host/apply.hpp"
#include "actors/node/host/event_keeper.hpp"
#include "actors/node/host/letters.hpp"
#include "actors/node/host/messages.hpp"
#include "actors/node/host/planned_topologies.hpp"
#include "actors/node/host/replays.hpp"
#include "actors/node/stores/chain_store.hpp"
#include "actors/observe/running.hpp"
#include "runtime/messages/plain_message.hpp"

#include <caf/actor_system.hpp>

#include <chrono>
#include <memory>
#include <string>

namespace millrace::host {

struct view_options {
  std::string node;
  std::uint64_t instance = 0;
  std::string folder;     // the folder of all topologies on this node
  std::size_t cores = 1;  // this machine's cores; lanes of a parser are as many for each node
  host::switchboard board;
  directors_actor directors;
  node::coordinator_actor coordinator;
  event_keeper events;
  std::shared_ptr<node::chain_store> store;  // read for the plan of an earlier generation
  std::shared_ptr<planned_topologies> plans;
  letters_home letters;  // a folder: the node runs that topology alone
  std::chrono::milliseconds start_timeout{30'000};
  /// The board of this process. The view samples it, unless it runs one topology alone: then its process does so.
  std::shared_ptr<observe::running_topologies> running;
  std::shared_ptr<const store_sign> sign;  // the store's sign
  connector_makers make;
};

/// The topology that the node runs alone; null on a node of a cluster.
[[nodiscard]] inline const letters_folder* lone_in(const view_options& o) {
  return std::get_if<letters_folder>(&o.letters);
}

/// The API's thread sends this to the view.
struct api_asked {
  api::request what;
  std::shared_ptr<const api::reply> to;
};

/// Prepares one topology on a thread of its own, tells the view, and ends.
struct prepare_now {};
using apply_worker = caf::typed_actor<caf::reacts_to<prepare_now>>;
/// The worker says this before, where a source does not answer yet.
struct apply_waits {
  std::uint64_t number = 0;
  std::string why;
};
/// The worker that has prepared the topology sends this to the view.
struct apply_prepared {
  std::uint64_t number = 0;
  expected<cluster::records::topology_applied> what;
};

using view_actor = mail_reader::extend<caf::reacts_to<api_asked>, caf::reacts_to<apply_prepared>,
                                       caf::reacts_to<apply_waits>, caf::reacts_to<replay_ended>,
                                       caf::reacts_to<left_batches_found>, caf::reacts_to<messages::stop>>;

[[nodiscard]] view_actor spawn_view(caf::actor_system& system, view_options options);

/// The way of requests to it.
[[nodiscard]] std::unique_ptr<api::cluster_view> requests_to(view_actor view);

}  // namespace millrace::host
