// Says what one process of a node is, and through which seams it works.
#pragma once

#include "actors/node/control/control_keeper.hpp"
#include "actors/node/control/messages.hpp"
#include "actors/node/stores/chain_store.hpp"
#include "runtime/cluster/coordinator.hpp"
#include "runtime/cluster/history.hpp"
#include "runtime/cluster/node_messages.hpp"
#include "runtime/cluster/silence.hpp"

#include <spdlog/common.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace millrace::node {

/// Begins and ends what runs on this node. Called on the agent's thread; does not block.
class life_factory {
public:
  virtual ~life_factory() = default;
  /// Spawns the actors of this life, by the plan of that generation. `tell` hears life_over of it once, in
  /// any case.
  virtual void begin(const cluster::actor_id& actor, std::uint64_t generation, const life& now,
                     const life_listener& tell) = 0;
  /// Ends it; what is stuck and goes on later is fenced by the store. life_over follows, as life_outcome::ended
  /// where nothing else has come before.
  virtual void end(const cluster::actor_id& actor, const life& last) = 0;
  /// Senders here detach their receivers on that node, until these ask again.
  virtual void detach(const std::string& node) = 0;
  /// This process leads the cluster, as far as is known: another one than before, or under another epoch.
  virtual void directed_by(const cluster::process_id& coordinator, const cluster::epoch& of) = 0;
};

/// Directs topologies for as long as the process leads. Called on the coordinator's thread; does not block.
class cluster_director {
public:
  virtual ~cluster_director() = default;
  /// The coordinator of this process has the epoch, and begins with what `control` has.
  virtual void leads(const cluster::epoch& mine, const cluster::control_state& found) = 0;
  /// The topology has another status or plan.
  virtual void changed(const std::string& topology, const cluster::topology_state& now) = 0;
  /// The cluster has it no more.
  virtual void removed(const std::string& topology) = 0;
  virtual void stepped_down(const std::string& why) = 0;
};

struct node_options {
  cluster::process_id mine;
  std::string cluster;    // its name, as it is configured
  bool may_lead = true;   // it stands for coordinator
  bool is_alone = false;  // no other process uses this store, ever, while this one lives
  std::uint32_t cores = 1;
  std::uint32_t formats = 1;  // the newest that this version writes
  cluster::silence silence = {};
  std::vector<cluster::registration::last_word> last_words = {};  // works of earlier processes, ascending by
                                                                  // actor
  std::uint64_t seed = 0;                                         // the seed of random waits and numbers; 0:
                                                                  // by chance
  std::shared_ptr<chain_store> store;
  std::shared_ptr<node_transport> transport;
  std::shared_ptr<life_factory> lives;
  std::shared_ptr<cluster_director> director;
  /// The process is to end, and why. Called once, on the agent's thread, when its actors have ended or their
  /// time is over.
  std::function<void(const std::string& why)> on_over;
  /// Events of the cluster, while this process leads under that epoch. Called on the coordinator's thread; does not block.
  std::function<void(const cluster::epoch& by, const std::vector<cluster::told_event>& all)> on_told = {};
  /// An actor here has failed, and begins again. Called on the agent's thread; does not block.
  std::function<void(const cluster::actor_id& actor, const std::string& why)> on_failed_again = {};
  /// Both clocks; any thread may call.
  std::function<cluster::moment()> clock;
  /// The first coordinator of this process asks for these before any node has a session. The process ends where one is
  /// refused.
  std::vector<cluster::request> begins_with = {};
};

/// The level of a line that says something among several nodes alone.
[[nodiscard]] inline spdlog::level::level_enum level_among_nodes(const node_options& o,
                                                                 spdlog::level::level_enum level) {
  return o.is_alone ? spdlog::level::debug : level;
}

/// The machine's clocks.
[[nodiscard]] cluster::moment machine_clock();

struct node_actors {
  node_post post;
  coordinator_actor coordinator;
  agent_actor agent;
  control_keeper keeper;
};

/// Spawns the control plane of one process. The transport is told the post before anything comes from it.
/// If one of the actors fails, all of them end; the agent calls on_over.
/// `introduce` is called before any of them does anything: whoever hears of their doings knows them by then.
[[nodiscard]] node_actors spawn_node(caf::actor_system& system, node_options options,
                                     const std::function<void(const node_actors&)>& introduce = {});

}  // namespace millrace::node
