// Makes the actors of a deployed topology in one process: of an entry of the layout, and of the life that begins,
// a lane, a shard with its snapshots, or a sink. The host of the topology calls it (actors/node/host/topology_host.hpp).
#pragma once

#include "actors/deployment/next_run.hpp"
#include "actors/deployment/pipeline.hpp"
#include "actors/stream/shard/shard_actor.hpp"
#include "actors/stream/shard/upstream_window.hpp"
#include "runtime/control/found_partitions.hpp"
#include "runtime/delivery/shard.hpp"
#include "runtime/snapshot/snapshot.hpp"

#include <caf/actor_system.hpp>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace millrace::deployment {

// A new life of a shard: its snapshots opened and its state restored from them, its spilled output, the
// snapshot writer told of it, the actor. Called by the spawner of shards, on threads that may block.
using make_windows = std::function<std::unique_ptr<delivery::window_state>()>;

/// May be called for several shards at once, each from a thread of its own. `make` is called on the snapshot
/// writer's thread, too, as long as it runs. `now`: the life that begins; `setup.life` is set from it here.
/// Errors: of the store; ec::corrupt where snapshots are damaged beyond what can be survived, with the
/// remedy; ec::fenced where a higher life holds the chain.
[[nodiscard]] expected<messages::shard>
spawn_restored_shard(caf::actor_system& system, snapshot::shard_store& store, const life& now,
                     delivery::shard_core::setup setup, const shard::shard_options& options,
                     const make_windows& make, const messages::supervisor& supervisor);

/// Holds what was decided before anything runs.
struct decided_topology {
  lane_plans plans;
  partitions_of_plans partitions;
  run_record run;
  deployment::layout layout;
};

/// Decides it, or finds what an earlier start has decided and put into `store`. Connects to the sources, waiting for
/// them up to start_timeout; blocks.
[[nodiscard]] tl::expected<decided_topology, preparation_error>
decide(const pipeline_options& options, snapshot::value_store& store,
       const std::shared_ptr<source::feeds>& feeds);

/// Gives the actors what they find again: the parts of one state.
struct stored_state {
  std::shared_ptr<snapshot::shard_store> shards;
  std::shared_ptr<const snapshot::value_reader> values;
};

/// Holds the writers of this process, which its actors ask.
struct keepers {
  messages::snapshot_writer snapshots;
  messages::state_keeper values;
};

class actor_factory {
public:
  /// Keeps what it is given for as long as it lives; of the options, what a start alone needs is not looked
  /// at. Makes no actor yet.
  actor_factory(caf::actor_system& system, const pipeline_options& options, stored_state state,
                decided_topology decided, keepers write_by, std::shared_ptr<source::feeds> feeds);

  // Each from any thread, for different names at once. The name is the layout's.
  /// Loads the last good snapshot, so it blocks. `found`: logs of partitions that were found while running.
  [[nodiscard]] expected<messages::shard> make_shard(const std::string& name, const life& now,
                                                     const std::map<log_id, mark>& found,
                                                     const messages::supervisor& supervisor) const;
  [[nodiscard]] messages::sink make_sink(const std::string& name, const life& now,
                                         const std::map<log_id, mark>& found,
                                         const messages::supervisor& supervisor) const;
  /// Looks at what the lane keeps, so it blocks. `verdicts`: the records that it leaves alone. `failing`: what its
  /// earlier lives have said.
  [[nodiscard]] expected<messages::lane> make_lane(const std::string& name, const life& now,
                                                   delivery::lane_log::start how,
                                                   const std::vector<control::found_partition>& found,
                                                   std::shared_ptr<const delivery::verdicts> verdicts,
                                                   const delivery::failing_records& failing,
                                                   const messages::supervisor& supervisor) const;

  [[nodiscard]] const layout& whole() const { return decided_.layout; }
  [[nodiscard]] const lane::lane_options& lane_options_of(const std::string& name) const {
    return lanes_.at(name);
  }
  /// They are of all actors of the layout, whether they run here or not.
  [[nodiscard]] const pipeline_gauges& gauges() const { return gauges_; }

private:
  struct shard_entry {
    delivery::shard_core::setup setup;
    shard::shard_options options;
    make_windows make;
  };

  void add_shard(const shard_layout& s);
  void add_sink(const sink_layout& s);
  void set_target(sink::sink_options& o) const;
  void set_dead_letters(sink::sink_options& o) const;
  void add_lanes(const std::shared_ptr<const lane::lane_plan>& plan);
  [[nodiscard]] make_windows windows_of(const config::window_plan& plan,
                                        std::optional<shard::upstream_rows> rows) const;
  [[nodiscard]] connector_context context_of_sink(const std::string& name, const config::stage& stage) const;

  caf::actor_system& system_;
  pipeline_options options_;
  std::shared_ptr<const config::topology> topology_;  // keeps what definitions refer to
  stored_state state_;
  decided_topology decided_;
  keepers write_by_;
  pipeline_gauges gauges_;
  std::map<std::string, shard_entry> shards_;
  std::map<std::string, sink::sink_options> sinks_;
  std::map<std::string, lane::lane_options> lanes_;
};

}  // namespace millrace::deployment
