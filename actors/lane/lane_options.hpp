// A lane is given these options when its life begins, and shows these gauges of itself.
#pragma once

#include "actors/lane/lane_plan.hpp"
#include "actors/parser/parser.hpp"
#include "actors/source/requests.hpp"
#include "actors/stage/losses.hpp"
#include "runtime/base/time.hpp"
#include "runtime/delivery/failing_records.hpp"
#include "runtime/delivery/verdicts.hpp"

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace millrace::lane {

/// The progress line and the metrics read these; the lane alone writes them.
struct lane_gauges {
  std::string parser;  // whose lane it is, and of which of its sources; set before it is shared
  std::string source;
  std::atomic<std::uint64_t> records{0};
  std::atomic<std::int64_t> watermark{no_watermark};
  std::atomic<std::int64_t> lag{-1};        // records not yet read; -1: unknown
  std::atomic<std::int64_t> lag_bytes{-1};  // the same in bytes, where the source knows those
  std::atomic<std::uint64_t> chunks{0};
  std::atomic<std::uint64_t> wait_micros{0};  // of chunks, from their arrival to their turn
  std::atomic<std::uint64_t> work_micros{0};  // parsing them, and the lane's steps
  std::atomic<std::uint64_t> stalls{0};
  std::atomic<std::uint64_t> in_flight_bytes{0};
  std::atomic<bool> away{false};  // the source does not answer
};

struct lane_options {
  std::string name;  // "PARSER/LANE", for logs and reports
  std::shared_ptr<const lane_plan> plan;
  std::vector<std::string> partitions;
  std::set<std::string> known;           // partitions that some lane of its parser reads
  std::optional<micros> discover_every;  // looks for others that often; one lane of a parser does
  std::function<expected<std::unique_ptr<source::reader>>()> make_reader;
  source::kept_value identity{};        // of the source's log, as it was kept when the life begins
  source::kept_value before_reading{};  // durable before anything is read; without a name there is none
  std::function<expected<std::unique_ptr<parser::record_parser>>()> make_parser;
  bool parser_changed = false;         // since the state was made
  std::optional<double> rate;          // records a second, over all its partitions
  std::optional<micros> max_drift;     // between the watermarks of the parser's partitions
  bool is_only_lane = true;            // of its parser
  std::size_t credit = 4U << 20;       // bytes that one receiver lets one partition have in flight
  std::size_t chunk_bytes = 1U << 20;  // one read; a frame holds at least one chunk where the source is fast
  std::uint64_t frame_records = 65'536;  // more than this never waits for one frame
  const wall_clock* clock = &system_clock();
  std::shared_ptr<lane_gauges> gauges = std::make_shared<lane_gauges>();
  std::shared_ptr<const delivery::verdicts> verdicts = std::make_shared<delivery::verdicts>();
  delivery::failing_records failing{};  // what earlier lives of this lane have said
  std::shared_ptr<stage::losses> losses = std::make_shared<stage::losses>();
};

}  // namespace millrace::lane
