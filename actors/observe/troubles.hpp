// Tells what is wrong with a topology that runs, as one process sees it. Probes, the list of topologies, pages and metrics
// all ask here, so that they agree. Pure.
#pragma once

#include "actors/api/answers.hpp"
#include "actors/api/described.hpp"
#include "actors/observe/flow_meter.hpp"
#include "actors/observe/silence.hpp"
#include "config/plan.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

namespace millrace::observe {

using api::trouble_code;
using api::answers::trouble;

/// Bounds beyond which something is a trouble, where users may say.
struct trouble_limits {
  double late = 0.01;  // share of the records that came recently
  /// Windows that wait for a partition without records for so long, and for some times its usual pause, are a trouble.
  micros silent = std::chrono::minutes(1);
  micros recently = std::chrono::minutes(5);  // over which late records, dead letters and the like count
};

/// Another node answers for the actors that live there.
[[nodiscard]] inline bool has_here(const deployment::pipeline_gauges& gauges, const std::string& actor) {
  return !gauges.present || gauges.present->has(actor);
}
[[nodiscard]] inline bool is_read_here(const deployment::pipeline_gauges& gauges, const std::string& source) {
  return std::ranges::any_of(gauges.lanes, [&](const auto& lane) {
    return lane.second->source == source && has_here(gauges, lane.first);
  });
}

/// The part of a process's board that troubles are read from.
struct watched {
  const config::topology& topology;
  const deployment::pipeline_gauges& gauges;
  bool is_prepared = true;  // its sources have been reached
  event_micros wall = 0;    // the time of day
  trouble_limits limits = {};
};

/// The troubles of topologies that a process tells the leader, and what this needs to find further ones (silence_watch).
struct process_troubles {
  std::vector<trouble> all;
  observe::silence silence;
  friend bool operator==(const process_troubles&, const process_troubles&) = default;
};
void members(auto& c, wire::like<process_troubles> auto& t) {
  c("troubles", "the troubles of topologies that run", t.all);
  c("silence", "what shows whether windows wait for partitions without records", t.silence);
}
void add(process_troubles& to, const process_troubles& more);

/// This shows at one moment, without `node` and `since`; of actors that live here.
[[nodiscard]] std::vector<trouble> troubles_of(const watched& t, flow_meter::clock::time_point now);

/// Remembers since when each trouble has been there, and finds those that only some time shows: late records, dead letters, gaps
/// of logs, snapshots that fail, actors that begin again. Its owner looks about once a second.
class trouble_watch {
public:
  using clock = flow_meter::clock;
  /// A server that is waited for at the start is no trouble before.
  static constexpr std::chrono::seconds patience{5};
  /// Longer than an actor waits at most before it begins again (life_backoff).
  static constexpr std::chrono::seconds restarts_last{60};

  void look(const watched& t, clock::time_point now);
  /// An actor has failed, and begins again. It is a trouble until it has not failed for `restarts_last`.
  void failed_again(const std::string& actor, std::string why, clock::time_point now);
  [[nodiscard]] const std::vector<trouble>& all() const { return now_.all; }
  [[nodiscard]] const process_troubles& now() const { return now_; }

private:
  struct counts {
    std::uint64_t records = 0;
    std::uint64_t snapshot_failures = 0;
    std::string why_no_snapshot;  // the error of a shard's newest that failed
    std::map<std::string, stage::losses::counts> lost;
  };
  struct sample {
    clock::time_point at;
    counts seen;
  };
  /// A row of failures.
  struct failures {
    std::uint64_t count = 0;
    std::string why;  // of the last one
    clock::time_point at;
  };
  static counts count(const watched& t);
  void add_restarts(const watched& t, clock::time_point now, std::vector<trouble>& out);
  void add_recent(const watched& t, std::vector<trouble>& out) const;

  std::deque<sample> samples_;  // one each `between`, the oldest a little more than limits.recently ago
  process_troubles now_;
  std::vector<trouble> waiting_;  // at the start, for less than `patience`
  std::map<std::string, failures>
      failures_;  // by actor, as logs name it; at most as many as the plan has actors
};

/// Adds them to the topologies that run, which are degraded by them, and to their reasons.
void add_troubles(api::answers::topologies& to, const std::vector<trouble>& more);

}  // namespace millrace::observe
