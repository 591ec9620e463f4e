// All that one sink is told when it begins: its place in the topology, its target, its logs, and the figures that it
// writes.
#pragma once

#include "actors/stream/sink/rows_to_write.hpp"
#include "actors/stream/sink/sink.hpp"
#include "actors/stream/sink/sink_gauges.hpp"
#include "actors/stream/stage/flow.hpp"
#include "actors/stream/stage/losses.hpp"
#include "config/plan.hpp"
#include "runtime/base/shard_name.hpp"
#include "runtime/base/time.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace millrace::sink {

struct sink_settings {
  std::string name;
  std::shared_ptr<const config::topology> topology;
  std::uint32_t stage = 0;
  data::schema_ptr schema;  // the schema of the rows that the writer gets
  config::row_order order;
  bool takes_dead_letters = false;  // the dead-letter sink: schema is dead_letter_schema()
  claim who;                        // the claim, without `life`
  std::function<expected<std::unique_ptr<writer>>()> make_writer;
  /// Says whether an earlier life has committed under this state id, by the state folder.
  bool has_committed = false;
  std::map<log_id, mark> lane_logs;  // logs that feed it, and where each starts
  std::vector<window_input> windows;
  std::uint64_t run = 0;  // the topology's run (actors/deployment/next_run.hpp)
  micros commit_every{100'000};
  std::chrono::milliseconds start_timeout{30'000};  // bound of the first open; after that a target is waited
                                                    // for
  /// Later, too, no longer than that: the run would end but for this target, and nobody mends it (standard
  /// output).
  bool gives_up_later = false;
  const wall_clock* clock = &system_clock();
  std::shared_ptr<sink_gauges> gauges = std::make_shared<sink_gauges>();
  std::shared_ptr<stage::losses> losses = std::make_shared<stage::losses>();  // the dead-letter sink's
  std::shared_ptr<stage::flow> flow = std::make_shared<stage::flow>();

  [[nodiscard]] std::string in_logs() const { return name_in_logs(who.topology, name); }
};

}  // namespace millrace::sink
