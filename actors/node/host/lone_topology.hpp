// One topology that runs in this process: a cluster of one node over chains in its state folder, without links, ports or
// TLS. `millrace run` has one for each of its topologies.
#pragma once

#include "actors/api/cluster_view.hpp"
#include "actors/node/control/topology_chains.hpp"
#include "actors/node/control/topology_state.hpp"
#include "actors/node/host/apply.hpp"
#include "actors/node/host/directors.hpp"
#include "actors/node/host/node_group.hpp"
#include "runtime/base/flight_recorder.hpp"
#include "runtime/snapshot/control_record.hpp"

#include <caf/actor_system.hpp>

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::host {

/// The name of the one node of a run, in all that it shows.
inline constexpr std::string_view lone_node = "run";

/// Returns the chains of the topology in its state folder, which may be open for reading only.
[[nodiscard]] std::shared_ptr<node::topology_chains> chains_in(const snapshot::state_store& folder);

/// Returns what a state keeps when it becomes blank (snapshot::open_blank_dir_store): its sinks' targets know its terms.
[[nodiscard]] expected<snapshot::named_values> kept_when_blank(const snapshot::state_store& folder);

/// Returns the highest term of stores that the state had before it became blank; 0: it never did.
[[nodiscard]] expected<incarnation> terms_kept(const snapshot::value_reader& values);

/// Holds what the state folder has of its topology.
struct found_run {
  cluster::control_state control;
  cluster::epoch highest;                           // that `control` was opened under
  std::optional<cluster::topology_state> topology;  // none: no start of it has asked all of its sources
  hosted_plan plan;
  std::shared_ptr<node::topology_state> values;  // those of the plan, and what actors have put
  /// A record was read, or received: from then on the state is this topology's.
  bool has_read = false;
};
[[nodiscard]] expected<found_run> look_at_run(const snapshot::state_store& folder);

/// A run whose sources have not been asked yet.
struct begun_run {
  cluster::control_state found;
  apply_options options;
  begun_plan plan;
};
/// Contacts nothing and stores nothing. Errors: those of begin_plan(). `place`: the state, for people.
[[nodiscard]] expected<begun_run> begin_run(std::shared_ptr<const config::topology> topology,
                                            const snapshot::state_store& folder, found_run found,
                                            std::size_t threads, const config::state_place& place);

struct lone_options {
  std::shared_ptr<snapshot::state_store> folder;
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
  [[nodiscard]] std::vector<cluster::request> first_wishes(const cluster::control_state& found,
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
