// A schedule has these: source logs, the window stage over them, and the rows that must come out of it by
// an obvious computation. Fixed by the seed before anything runs.
#pragma once

#include "config/plan.hpp"
#include "runtime/base/ids.hpp"
#include "runtime/window/window.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace millrace::delivery::trial {

/// One rule of the protocol left out by the harness, to show that the check can fail.
enum class rule : std::uint8_t {
  none,      // all are kept
  dedupe,    // rows at or below the receiver's position are dropped
  retain,    // a sender keeps its output until the receiver has it durable
  wm,        // a position is resumed with the watermark there
  atomic,    // the sink commits rows and position in one step
  eligible,  // a slice counts only for windows that its records were not late for
  ordinal,   // an output position is (window end, ordinal of the row), not the window end
  handover,  // frames beyond the vector are held until the catch-up reader has reached them
  fence,     // frames sent under an earlier answer than the last are dropped
  idle,      // a firing that leaves an idle partition out is made durable at all
  gate,      // and before its output is sent
  fallback,  // a source is acknowledged what the older of two generations has, not the newer
  trim,      // a source is trimmed to what all receivers have acknowledged
  whole,     // a sink releases a window when every shard has passed it
  floor,     // a log that is found later joins above all that has been got
  taken,     // also above what a sink has taken, although not committed
  join,      // a joined log's ask is answered when that it has joined is durable
  stall,     // a shard that keeps too much output takes what cannot fire
  // These concern ticks, and windows in series:
  journal,     // a tick is durable before its rows are sent
  bound,       // a tick that was passed without rows is as durable as its rows would be
  generation,  // the upstream window is acknowledged what the older of two generations has
  all,         // it keeps its output until every receiver has it durable
  seen,        // rows at or below the position in its log are dropped
  furthest,    // it lets a log join above what the downstream windows have led to, not what they hold
  lag,         // a capture is also taken only to acknowledge the one before
};

using chance = std::mt19937;
[[nodiscard]] inline int between(chance& c, int low, int high) {
  return low + static_cast<int>(c() % static_cast<unsigned>(high - low + 1));
}
[[nodiscard]] inline bool one_in(chance& c, unsigned n) { return c() % n == 0; }

inline constexpr event_micros watermark_delay = 4;
inline constexpr std::int64_t key_count = 6;
inline constexpr std::uint32_t window_stage_index = 1;
// Names of stages, as the ledger has them.
inline constexpr auto window_stage = "window";
inline constexpr auto raw_stage = "raw";
inline constexpr auto select_stage = "select";
inline constexpr auto downstream_stage = "behind";
/// The select upstream of the second window: rows of this key do not pass, the others go into groups.
inline constexpr std::int64_t filtered_key = 5;
inline constexpr std::int64_t group_count = 3;

struct record {
  event_micros time = 0;
  std::int64_t key = 0;
  std::int64_t value = 0;  // no two records of a topology share it
};

/// A source partition. Record i lies at position (0, i); its end is a position of its own after the last.
struct source_log {
  log_id name;
  std::vector<record> records;
  std::vector<event_micros> watermark_before;  // each record, of its own partition
  bool later = false;                          // found while the schedule runs
  bool found = true;                           // found by now
  bool may_miss = false;                       // windows that have fired without it
  std::size_t there = 0;                       // written so far
  std::size_t kept = 0;                        // trimmed below
  [[nodiscard]] std::size_t end() const { return records.size() + 1; }
};

/// A sink must hold this by (window end, key): how often the row came, its count and its sum.
struct row_value {
  int times = 0;
  std::int64_t count = 0;
  std::int64_t sum = 0;
  friend auto operator<=>(const row_value&, const row_value&) = default;
};
using row_table = std::map<std::pair<event_micros, std::int64_t>, row_value>;

struct expectation {
  row_table rows;
  std::uint64_t late = 0;
};

[[nodiscard]] window::definition windows_of(event_micros size, event_micros slide, event_micros lateness,
                                            std::uint32_t shards);
/// A window over the rows of another one, which adds them up by group; and the select between them.
struct downstream_window {
  config::transform_plan select;
  config::window_plan plan;
};
[[nodiscard]] std::unique_ptr<const downstream_window> behind(const window::definition& front,
                                                              window::definition d);
[[nodiscard]] source_log make_log(std::size_t index, std::vector<record> records);
/// Logs with disorder, ties, jumps and late records.
[[nodiscard]] std::vector<source_log> random_logs(chance& c);

/// The ends of the windows that a record counts for, by the watermark just before it.
[[nodiscard]] std::vector<event_micros> ends_of(const window::definition& d, const record& r,
                                                event_micros watermark);
/// The shard of each key.
[[nodiscard]] std::vector<std::uint32_t> shards_of_keys(const window::definition& d);
/// Every record in log order, every window end that is a multiple of the slide: nothing cleverer.
[[nodiscard]] expectation expected_of(const window::definition& d, const std::vector<source_log>& logs);
/// The rows of a downstream window, from those that the upstream one has given: each at the end of its
/// window.
[[nodiscard]] row_table expected_downstream(const window::definition& d, const row_table& front);

}  // namespace millrace::delivery::trial
