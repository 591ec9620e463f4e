// Makes the plan of a topology before anything is recorded, for `apply` and for `run`: takes over what the state has of the
// plan before, works out the next run of one that has ended where its files have got more since, connects to the sources,
// and decides where their partitions start, once for all lives.
#pragma once

#include "actors/node/host/hosted_plan.hpp"
#include "config/plan/state_fit.hpp"
#include "runtime/cluster/control_state.hpp"
#include "runtime/snapshot/snapshot.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

namespace millrace::host {

struct apply_options {
  std::string node;      // the node that is asked: stages on a disk are pinned to it, unless a node has them
                         // already
  std::string topology;  // name
  std::string text;
  std::string folder;  // the folder of this node and topology, for plain files
  std::size_t lanes = 1;
  std::chrono::milliseconds start_timeout{30'000};
  std::function<bool()> cancelled = [] { return false; };  // as deployment::pipeline_options has it
  /// Told of each source before it is asked, and why it does not answer.
  std::function<void(const std::string& what)> on_wait = [](const std::string&) {};
  std::optional<cluster::topology_state> before = {};            // the topology as the cluster has it
  std::shared_ptr<const snapshot::value_reader> kept = nullptr;  // values in its state; null: none are known
  /// Reads the snapshots of a shard by its lasting name. Set where `kept` is.
  deployment::snapshots_of_shard snapshots_of = {};
  bool begins_anew = false;  // under a state of its own; of `before` only the nodes count that have its files
  bool adopts = false;       // its sinks take over targets of other states
  std::set<std::string> nodes = {};  // the cluster's nodes
  connector_makers make = {};
  std::shared_ptr<chain::named_chains> chains = nullptr;  // the topology's: batches that were replayed into
                                                          // it
  /// One process runs it, and nothing of it runs now: the plan may have another number of lanes, and has what actors
  /// have put of its sources.
  bool is_alone = false;
  /// Puts a value into its state; set where `kept` is.
  std::function<expected<void>(const std::string& name, const std::string& value)> keep = {};
};

/// A plan whose sources have not been asked yet.
struct begun_plan {
  std::shared_ptr<const config::topology> topology;
  hosted_plan plan;
  /// Says for people what has changed since the plan before.
  std::string changes = {};
  /// Names the sinks that come too late for what was read (sinks_after_end.hpp); mostly empty.
  std::string after_end = {};
  bool nothing_read = false;  // as pipeline_options has it
  bool is_next_run = false;
  bool has_found = false;  // partitions that were found while the topology ran
  /// The lanes of the plan before, where this one may have others of the same partitions.
  std::map<std::string, std::set<std::string>> former_lanes = {};  // keyed by parser
  std::string former_fingerprint = {};
};
/// A plan as it is recorded, and what follows from it.
struct made_plan {
  hosted_plan plan;
  deployment::decided_topology decided;
};

/// `plan`: of a topology that the state does not have yet. Of `o`, what is known of the state counts; contacts nothing.
/// `place`: the state, for people.
[[nodiscard]] expected<begun_plan> begin_plan(std::shared_ptr<const config::topology> topology,
                                              hosted_plan plan, const apply_options& o,
                                              const config::state_place& place);
/// Asks the sources as `how` says, and blocks for as long as they take to answer.
[[nodiscard]] tl::expected<made_plan, deployment::preparation_error>
finish_plan(begun_plan begun, const apply_options& o, deployment::pipeline_options how,
            const std::shared_ptr<source::feeds>& feeds);

/// Adds partitions that were found while the topology ran, with the starts that `control` has of them, to those that
/// `values` has: the layout is made with them. True: there was one that it did not have.
[[nodiscard]] expected<bool> take_over_found(snapshot::value_store& values,
                                             const cluster::topology_state& before);

/// Returns the text of the plan by which a topology goes on that was stopped or has failed. User errors: the cluster does not have
/// it, it runs, or it has ended.
[[nodiscard]] expected<std::string> text_to_start(const cluster::control_state& cluster,
                                                  const std::string& topology);

/// Blocks for as long as sources take to answer. User errors: the topology is wrong, does not fit the state of the
/// one that the cluster has, has ended and cannot take what its files have got since, names a node that the cluster does not
/// have, or files that another node has.
[[nodiscard]] expected<cluster::records::topology_applied> prepare_apply(const apply_options& o);

/// The topology runs, and the prepared plan parses otherwise: it has to stop in order before, since its stages have taken
/// different records, of which some would be parsed anew. Then it is prepared once more. Or the plan begins anew: what runs
/// would still write to its targets.
[[nodiscard]] expected<bool> stops_first(const cluster::topology_state& before,
                                         const cluster::records::topology_applied& now);

}  // namespace millrace::host
