// One topology that runs in this process: a cluster of one node over chains in its state folder, without links, ports or
// TLS. `millrace run` has one for each of its topologies.
#pragma once

#include "actors/api/cluster_view.hpp"
#include "actors/node/host/apply.hpp"
#include "actors/node/host/directors.hpp"
#include "actors/node/host/node_group.hpp"
#include "actors/node/host/run_state.hpp"
#include "runtime/base/flight_recorder.hpp"

#include <caf/actor_system.hpp>

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::host {

/// The name of the one node of a run, in all that it shows.
inline constexpr std::string_view lone_node = "run";

/// A run whose sources have not been asked yet.
struct begun_run {
  found_run found;
  apply_options options;
  begun_plan plan;
};
/// A run is asked for with this.
struct wanted_run {
  std::shared_ptr<const config::topology> topology;
  std::size_t threads = 1;
  std::string text = {};                           // as hosted_plan has it
  std::map<std::string, std::string> values = {};  // further values of the plan
  bool adopts = false;
};
/// Contacts nothing and stores nothing. Errors: those of begin_plan(). `found`: by take_state(). `place`: the state, for people.
[[nodiscard]] expected<begun_run> begin_run(wanted_run wanted, const run_folder& folder, found_run found,
                                            const config::state_place& place);

struct lone_options {
  std::shared_ptr<const run_folder> folder;
  begun_run begun;
  deployment::pipeline_options pipeline = {};
  /// The work for this topology that earlier processes had in hand when they ended, oldest first.
  std::vector<last_work> last_works = {};
  std::shared_ptr<observe::running_topologies> running = nullptr;  // the process's board
  decltype(host_options::on_begun) on_begun = {};
};

class lone_topology {
public:
  /// Connects to the sources (waiting for them up to pipeline.start_timeout), decides where their partitions start, and
  /// begins the actors; blocks.
  [[nodiscard]] static tl::expected<std::unique_ptr<lone_topology>, deployment::preparation_error>
  start(caf::actor_system& system, lone_options options);
  /// Ends the node, after wait() where that was called; blocks until its actors are gone.
  ~lone_topology();
  lone_topology(const lone_topology&) = delete;
  lone_topology& operator=(const lone_topology&) = delete;

  /// Blocks until the topology has ended, or its node. The node stays, and answers, until the end of the object.
  [[nodiscard]] topology_end wait();

  // Any thread may call these.
  /// Has it commit what was taken, and end.
  void stop();
  /// Answers what the API is asked of it, once its plan is on the board; null where the node has ended.
  [[nodiscard]] std::shared_ptr<api::cluster_view> view();
  /// `who`: an actor, or all of a parser, window or sink.
  void restart(const std::string& who);
  /// Asks the actors; nothing where they give no report within some seconds.
  [[nodiscard]] std::optional<std::vector<messages::report_part>> report();

private:
  lone_topology(caf::actor_system& system, std::string name) : system_(system), name_(std::move(name)) {}
  [[nodiscard]] std::vector<cluster::request> first_wishes(const cluster::topology_state& before,
                                                           cluster::records::topology_applied applied) const;
  void ask(cluster::request what);

  caf::actor_system& system_;
  std::string name_;
  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::optional<topology_end> end_;
  std::optional<std::string> over_;  // the node has ended, and why
  bool is_stopping_ = false;
  // These stay as they are from start() on.
  node_group group_;
  std::shared_ptr<api::cluster_view> view_;
};

}  // namespace millrace::host
