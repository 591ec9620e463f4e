// The figures that a sink gains with a commit.
#pragma once

#include "actors/stream/sink/rows_to_write.hpp"
#include "actors/stream/sink/sink_gauges.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

namespace millrace::sink {

struct done_commit {
  using clock = std::chrono::steady_clock;
  std::uint64_t batch = 0;
  std::uint64_t rows = 0;
  std::uint64_t refused = 0;
  std::size_t bytes = 0;
  std::optional<clock::time_point> first_row;
  clock::time_point began, ended;
  clock::duration in_target{0};  // time of all calls for it
};

/// `now`: by the wall clock.
void note_commit(sink_gauges& gauges, const done_commit& c, event_micros now);
/// Notes for each log that `reached` has beyond `before` how far behind event time its rows were committed. A lane's rows
/// reach as far as its watermark, a shard's as far as its windows have fired. A log that has ended says nothing.
void note_latency(sink_gauges& gauges, const std::vector<window_input>& windows,
                  const std::map<log_id, mark>& before, const std::map<log_id, mark>& reached,
                  event_micros now);

}  // namespace millrace::sink
