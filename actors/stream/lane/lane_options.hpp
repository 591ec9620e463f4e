// A lane is given these options when its life begins, and shows these gauges of itself.
#pragma once

#include "actors/parsers/parser.hpp"
#include "actors/stream/lane/lane_plan.hpp"
#include "actors/stream/lane/parse_ahead.hpp"
#include "actors/stream/source/awaited.hpp"
#include "actors/stream/source/requests.hpp"
#include "actors/stream/stage/losses.hpp"
#include "actors/stream/stage/taps.hpp"
#include "runtime/base/noted_value.hpp"
#include "runtime/base/pace.hpp"
#include "runtime/base/shard_name.hpp"
#include "runtime/base/time.hpp"
#include "runtime/delivery/failing_records.hpp"
#include "runtime/delivery/verdicts.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace millrace::lane {

/// The position of a lane in one partition; the lane alone writes it.
struct partition_gauges {
  explicit partition_gauges(std::string n) : name(std::move(n)) {}

  const std::string name;
  std::atomic<std::int64_t> watermark{no_watermark};
  std::atomic<std::int64_t> last_record{0};  // the arrival of its last records, by the wall clock; 0: none
                                             // yet
  usual_time gap;                            // time from chunk to chunk of its records
  std::atomic<bool> is_open{false};          // its receivers have said where it begins
  std::atomic<bool> is_caught_up{false};     // the source had nothing more
  std::atomic<bool> is_idle{false};          // its receivers go on without it (idle_timeout)
  std::atomic<std::int32_t> held_by{-1};     // the first receiver that gives no credit, by number; -1: none
  std::atomic<std::int64_t> lag{-1};         // records that are there and not yet read; -1: unknown
};

/// Counts at any moment the records that a rate has made due; the lane tells since when.
struct due_gauge {
  using clock = std::chrono::steady_clock;

  std::atomic<double> a_second{0};           // 0: the source has its records at any rate
  std::atomic<std::int64_t> nothing_due{0};  // the last moment without due records, in microseconds of the
                                             // clock

  [[nodiscard]] std::int64_t at(clock::time_point now) const {
    const auto since =
        std::chrono::duration_cast<std::chrono::microseconds>(now.time_since_epoch()).count() - nothing_due;
    return since <= 0 ? 0 : static_cast<std::int64_t>(static_cast<double>(since) / 1e6 * a_second);
  }
};

/// The progress line, the metrics and the API read these; the lane alone writes them.
struct lane_gauges {
  std::string parser;  // the lane's parser, and the source of it; set before it is shared
  std::string source;
  std::vector<std::string> receivers;           // their names; set before it is shared
  std::deque<std::atomic<std::uint64_t>> held;  // bytes that each has not taken yet; as many, likewise
  std::atomic<std::uint64_t> records{0};
  /// Of its partitions together (delivery::common_watermark).
  std::atomic<std::int64_t> watermark{no_watermark};
  std::atomic<bool> is_idle{false};
  std::atomic<std::int64_t> lag{-1};        // records not yet read, or not yet made; -1: unknown
  due_gauge due;                            // for records that are yet to be made
  std::atomic<std::int64_t> lag_bytes{-1};  // the same in bytes, where the source knows those
  std::atomic<std::uint64_t> chunks{0};
  std::atomic<std::uint64_t> chunk_bytes{0};  // bytes of the records in chunks
  std::atomic<std::uint64_t> wait_micros{0};  // waits of chunks, from their arrival to their turn
  std::atomic<std::uint64_t> work_micros{0};  // parsing them, by helpers as well, and the lane's steps
  std::atomic<std::uint64_t> stalls{0};
  std::atomic<std::uint64_t> in_flight_bytes{0};
  std::atomic<bool> away{false};  // the source does not answer
  noted_text why_away;            // the newest error of its source
  /// Its reader notes what it waits for in the place of the source.
  std::shared_ptr<source::awaited> awaited = std::make_shared<source::awaited>();
  std::atomic<bool> is_paused{false};
  std::map<std::string, window::hot_keys> hot_keys;  // by window; the names are fixed at the start

  /// Records that are there, or due, and not yet read; -1: unknown.
  [[nodiscard]] std::int64_t lag_at(due_gauge::clock::time_point now) const {
    return due.a_second > 0 ? std::min<std::int64_t>(lag, due.at(now)) : lag.load();
  }
  /// Returns the partitions that it reads; one more may be found at any time.
  [[nodiscard]] std::vector<std::shared_ptr<const partition_gauges>> partitions() const {
    const std::lock_guard lock(mutex_);
    return {partitions_.begin(), partitions_.end()};
  }
  /// A next life of the lane goes on with those of the one before.
  [[nodiscard]] std::shared_ptr<partition_gauges> of(const std::string& partition) {
    const std::lock_guard lock(mutex_);
    for (const auto& p : partitions_)
      if (p->name == partition)
        return p;
    return partitions_.emplace_back(std::make_shared<partition_gauges>(partition));
  }

private:
  mutable std::mutex mutex_;  // guards the list; never taken for a record
  std::vector<std::shared_ptr<partition_gauges>> partitions_;
};

struct lane_options {
  std::string name;  // "PARSER/LANE"
  std::shared_ptr<const lane_plan> plan;
  std::vector<std::string> partitions;
  std::set<std::string> known;           // partitions that some lane of its parser reads
  std::optional<micros> discover_every;  // looks for others that often; one lane of a parser does
  std::function<expected<std::unique_ptr<source::reader>>()> make_reader;
  source::kept_value identity{};        // the identity of the source's log, as it was kept when the life
                                        // begins
  source::kept_value before_reading{};  // durable before anything is read; without a name there is none
  lane::make_parser make_parser;
  parsing_ahead ahead{};               // parsing ahead of the live log
  bool parser_changed = false;         // changed since the state was made
  std::optional<double> rate;          // records a second, over all its partitions
  std::optional<micros> max_drift;     // limit between the watermarks of the parser's partitions
  bool is_only_lane = true;            // its parser has no other lanes
  std::size_t credit = 4U << 20;       // bytes that one receiver lets one partition have in flight
  std::size_t chunk_bytes = 1U << 20;  // one read; a frame holds at least one chunk where the source is fast
  std::uint64_t frame_records = 65'536;  // more than this never waits for one frame
  const wall_clock* clock = &system_clock();
  std::shared_ptr<lane_gauges> gauges = std::make_shared<lane_gauges>();
  std::shared_ptr<const delivery::verdicts> verdicts = std::make_shared<delivery::verdicts>();
  delivery::failing_records failing{};  // failures that earlier lives of this lane have told
  std::shared_ptr<stage::losses> losses = std::make_shared<stage::losses>();
  std::shared_ptr<stage::taps> taps = nullptr;  // null: nobody can look

  /// Returns the name of the lane, or of a stage of its topology, for log lines.
  [[nodiscard]] std::string in_logs() const { return name_in_logs(plan->topology->name, name); }
  [[nodiscard]] std::string in_logs(const std::string& stage) const {
    return name_in_logs(plan->topology->name, stage);
  }
};

}  // namespace millrace::lane
