// A layout says what runs for a topology, as a value: its lanes, shards and sinks, each with its name, the
// logs that feed it, its receivers and its limits. Pure: made of the plan, of the partitions that its sources
// have, and of the run that they belong to. The pipeline makes actors of it, a dry run makes cores of it;
// nothing in it points anywhere, so it can be compared, printed and sent. docs/design/deployment.md.
#pragma once

#include "actors/stream/lane/lane_plan.hpp"
#include "runtime/delivery/shard.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::deployment {

/// The sink that takes dead letters; every topology has one.
inline constexpr std::string_view dead_letter_sink = "dead_letters";

/// A source partition and where it was decided to start.
struct started_partition {
  std::string name;
  position start;
  bool found_later = false;  // missing at the topology's first start: it joins windows (delivery::shard_core)
  bool over = false;         // an earlier run has read it to its end, and this one has nothing new of it
};

using lane_plans = std::vector<std::shared_ptr<const lane::lane_plan>>;
/// The key is the name of the plan.
using partitions_of_plans = std::map<std::string, std::vector<started_partition>>;

struct lane_layout {
  std::string name;                      // "PLAN/laneN"
  std::string plan;                      // name of its lane::lane_plan
  std::vector<std::string> partitions;   // the partitions that it reads from the first
  std::vector<std::string> receivers;    // shards and sinks by name, in the order of the plan's receivers
  std::optional<double> rate;            // records a second, over its partitions
  std::optional<micros> max_drift;       // limit between watermarks of the plan's partitions
  std::optional<micros> discover_every;  // looks for new partitions that often; one lane of a plan does
  std::size_t credit = 0;                // bytes that one receiver lets one partition have in flight
  friend bool operator==(const lane_layout&, const lane_layout&) = default;
};

struct shard_layout {
  std::string name;                    // shard_name as text; also of the log of its output
  std::string window;                  // name of the stage
  std::uint32_t number = 0;            // its number among the window's shards
  std::map<log_id, mark> lane_logs;    // the lanes that feed it from the first, and where each starts
  std::map<log_id, mark> found_later;  // the same of partitions that were found later: each joins
  std::vector<log_id> upstream;        // outputs of other windows' shards that feed it
  std::vector<std::string> receivers;  // receivers of its output: sinks, and shards of windows downstream
  micros allowed_lateness{0};
  bool updates = false;                  // output goes by ticks, not by windows
  std::optional<micros> tick_every;      // set with updates
  std::optional<micros> snapshot_every;  // none: only at a stop and for decisions
  delivery::outbox_limits limits;        // limits of the output that it keeps
  friend bool operator==(const shard_layout&, const shard_layout&) = default;
};

struct sink_layout {
  std::string name;                  // the stage's name, or dead_letter_sink
  std::map<log_id, mark> lane_logs;  // logs that feed it, and where each starts; refused rows for dead
                                     // letters
  std::vector<log_id> upstream;      // outputs of windows' shards that feed it
  micros commit_every{0};
  /// It ends the run where its target stays away: nobody mends that target (standard output), and everything
  /// else would have come to its end.
  bool gives_up_later = false;
  [[nodiscard]] bool takes_dead_letters() const { return name == dead_letter_sink; }
  friend bool operator==(const sink_layout&, const sink_layout&) = default;
};

struct layout {
  std::string topology;
  std::uint64_t run = 0;  // the number of a bounded topology's run (next_run.hpp)
  std::vector<sink_layout> sinks;
  std::vector<shard_layout> shards;
  std::vector<lane_layout> lanes;
  friend bool operator==(const layout&, const layout&) = default;
};

struct layout_bounds {
  std::size_t lanes_of_a_plan = 1;                 // the most lanes; never more than it has partitions
  std::size_t lane_credit = std::size_t{4} << 20;  // see lane_layout::credit
};

/// `partitions` has an entry for each plan. Sinks and shards are in the topology's order, the sink of the
/// dead letters is the last one, lanes are in the order of the plans.
[[nodiscard]] layout make_layout(const config::topology& topology, const lane_plans& plans,
                                 const partitions_of_plans& partitions, std::uint64_t run,
                                 const layout_bounds& bounds);

/// The name of a plan's lane: they are numbered from 0.
[[nodiscard]] std::string lane_name(const std::string& plan, std::size_t number);

/// Formats the layout for people: a line for each lane, shard and sink.
[[nodiscard]] std::string to_text(const layout& l);

/// docs/development/formats.md, "Layout". Equal layouts have equal bytes.
[[nodiscard]] std::string encode_layout(const layout& l);
/// Errors: ec::corrupt.
[[nodiscard]] expected<layout> decode_layout(std::string_view bytes);

/// Makes what a shard's core begins with, but for its life and what earlier runs have left of it.
[[nodiscard]] delivery::shard_core::setup setup_of(const layout& l, const shard_layout& s);

}  // namespace millrace::deployment
