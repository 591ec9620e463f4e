// The far ends of a dry run's lanes: shards and sinks without actors. They are the cores that actors own
// (delivery::shard_core, delivery::sink_core, sink::form_rows_to_write), joined by calls instead of messages.
// Receivers take every row at once, so no shard retains output for long. Belongs to one dry run.
#pragma once

#include "actors/deployment/layout.hpp"
#include "actors/stream/lane/lane_plan.hpp"
#include "actors/stream/sink/rows_to_write.hpp"
#include "config/plan.hpp"
#include "runtime/delivery/shard.hpp"
#include "runtime/delivery/sink.hpp"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace millrace::dry_run {

// Gives a topology a sink of its own at every stage that gives rows, so that a dry run can show what each of
// them gives by the very code that carries rows to sinks. Pure.

/// A place whose rows are looked at, in the order of data flow.
struct probe {
  std::string name;      // "parsed", "counts", "counts.late", or a sink's
  std::uint32_t sink{};  // index of the stage in the probed topology
  bool ordered = false;  // sorted by the sink's order_by
};

struct probed_topology {
  std::shared_ptr<const config::topology> topology;
  std::vector<probe> probes;
};

/// Sinks of the topology are looked at as they are. Parsers build all their columns, except where
/// `"validate": "projected"` makes that a difference.
[[nodiscard]] probed_topology with_probes(const config::topology& t);

/// The rows that came to one place.
struct stage_rows {
  std::string name;
  data::schema_ptr schema;
  std::vector<data::batch> batches;  // the first `keep` rows, about
  std::uint64_t rows = 0;            // all
  bool ordered = false;
};

class receivers {
public:
  /// `layout`: of the probed topology. The first `keep` rows of each place are kept.
  receivers(const probed_topology& t, const deployment::layout& layout, std::size_t keep);
  ~receivers();
  receivers(const receivers&) = delete;
  receivers& operator=(const receivers&) = delete;

  /// One frame for each of the plan's receivers.
  void take(const lane::lane_plan& plan, std::vector<delivery::lane_frame> frames, event_micros now);
  /// All shards of this window stage pass the tick.
  void tick(std::uint32_t window, event_micros t, event_micros now);
  /// Called after the end of every source: an error where a row has not come to all that wait for it, our own bug.
  [[nodiscard]] expected<void> ended() const;
  /// Returns the rows in the order of the probes, dead letters last.
  [[nodiscard]] std::vector<stage_rows> rows() const;
  /// Records by window that came after its windows had fired without their partition.
  [[nodiscard]] std::map<std::string, std::uint64_t> missed() const;

private:
  struct shard;
  struct sink;

  void add(const deployment::sink_layout& l);
  void add(const deployment::layout& all, const deployment::shard_layout& l);
  /// Everybody who takes its output is there.
  void begin(shard& s);
  void take(shard& s, delivery::lane_frame f, event_micros now);
  void take(sink& s, delivery::lane_frame f, event_micros now);
  void pump(shard& s, event_micros now);
  void hand_over(shard& s, event_micros now);
  void release(sink& s, event_micros now);
  void keep(sink& s, const data::batch& rows) const;

  probed_topology probed_;
  const config::topology& topology_;
  std::size_t keep_;
  std::map<std::uint32_t, std::vector<std::unique_ptr<shard>>> shards_;  // keyed by window stage
  std::map<std::string, std::unique_ptr<sink>> sinks_;                   // keyed by name
  std::map<std::string, shard*> behind_;                                 // all shards by name
};

}  // namespace millrace::dry_run
