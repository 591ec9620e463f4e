// Says how a topology is made in one process: by which connectors, under which bounds, and what its actors show. The
// factory (actor_factory.hpp) makes actors by it, decide() finds out where their partitions start.
#pragma once

#include "actors/catalog.hpp"
#include "actors/deployment/layout.hpp"
#include "actors/stream/lane/lane_actor.hpp"
#include "actors/stream/shard/shard_actor.hpp"
#include "actors/stream/sink/sink_actor.hpp"
#include "actors/stream/stage/flow.hpp"
#include "actors/stream/stage/present.hpp"
#include "actors/stream/stage/restarts.hpp"
#include "actors/stream/stage/taps.hpp"
#include "runtime/base/call_under_way.hpp"
#include "runtime/snapshot/merged_snapshots.hpp"
#include "runtime/snapshot/snapshot.hpp"

#include <caf/actor_system.hpp>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace millrace::deployment {

/// Bounds of what is under way, and when a shard's snapshots get a new base. Lower ones let little data meet them.
struct pipeline_bounds {
  std::size_t lane_credit = lane::lane_options{}.credit;  // bytes
  /// None: lanes have helpers where a source has fewer of them than there are threads.
  std::optional<lane::parsing_ahead> ahead{};
  /// Asked for each life of a shard, before its snapshots are read.
  std::function<std::uint32_t(const std::string& shard)> output_frame_rows = [](const std::string&) {
    return delivery::outbox_limits{}.frame_rows;
  };
  snapshot::base_rule bases = {};
};

struct pipeline_options {
  std::shared_ptr<const config::topology> topology;
  std::chrono::milliseconds start_timeout{30'000};
  std::size_t threads = 1;
  bool fresh = false;
  bool adopt = false;  // sinks take over what another state id has committed as them
  std::function<bool()> cancelled = [] { return false; };  // asked while sources are waited for
  /// Told, once a source, for what it is waited.
  std::function<void(const std::string& why)> on_wait = [](const std::string&) {};
  std::function<void(const std::string& source)> asking = [](const std::string&) {};  // told before each
  /// No start has read anything yet: files are as they are now, not as an earlier try found them.
  bool nothing_read = false;
  /// The process that decides will run the sources as well. If not, receiving sources are not opened: they
  /// begin at the first record of a spool that does not exist yet.
  bool runs_sources = true;
  /// The fingerprint that lanes parse by; empty: the topology's.
  std::string parses_by = {};
  /// Told of records that are lost to the result.
  std::shared_ptr<stage::losses> losses = std::make_shared<stage::losses>();
  /// Values are put into the state by these calls.
  std::shared_ptr<timed_calls> keeping = std::make_shared<timed_calls>();
  connector_makers make;
  /// Makes the default sink of dead letters, by the options of `dead_letters`. An empty
  /// function: a file in the state folder.
  std::function<std::unique_ptr<sink::writer>(const config::values&)> make_letters = {};
  /// The store of a cluster: sources that receive keep there what they have received, where `spools_in_store` says so,
  /// and sinks their records where `records_in_store` does.
  std::shared_ptr<chain::named_chains> chains = nullptr;
  /// The state folder of a run: replayed records are there, and lanes look for new ones. Null: `chains` has them, and
  /// lanes are told.
  std::shared_ptr<chain::named_chains> chains_of_run = nullptr;
  /// The host of the actors notes there which live here; null: all do.
  std::shared_ptr<stage::present_actors> present = nullptr;
  const wall_clock* clock = &system_clock();
  pipeline_bounds bounds = {};
};

/// The progress line, metrics and reports read this.
struct pipeline_gauges {
  std::map<std::string, std::shared_ptr<lane::lane_gauges>> lanes;
  std::map<std::string, std::shared_ptr<shard::shard_gauges>> shards;
  std::map<std::string, std::shared_ptr<sink::sink_gauges>> sinks;
  std::shared_ptr<source::feeds> feeds = std::make_shared<source::feeds>();
  std::shared_ptr<stage::losses> losses = std::make_shared<stage::losses>();
  std::shared_ptr<timed_calls> keeping = std::make_shared<timed_calls>();
  std::shared_ptr<stage::flow> flow = std::make_shared<stage::flow>();
  std::shared_ptr<stage::restarts> restarts = std::make_shared<stage::restarts>();
  std::shared_ptr<stage::present_actors> present = nullptr;  // null: all live in this process
  std::shared_ptr<stage::taps> taps;                         // null before its actors are described
};

/// The shard of this lasting name; null: it does not live just now.
[[nodiscard]] shard::open_shard find_shard(const pipeline_gauges& gauges, const std::string& name);

/// An error of preparation, and whether anything outside was contacted before it was found (exit status 1,
/// else 2).
struct preparation_error {
  error why;
  bool contacted = true;
};

}  // namespace millrace::deployment
