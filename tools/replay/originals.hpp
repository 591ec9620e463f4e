// Asks a source for what a dead letter does not hold of its record: a Kafka record's key, headers and
// timestamp, the header line of a CSV file. May block on the source's server.
#pragma once

#include "actors/client/replay/replay_log.hpp"
#include "actors/source/source.hpp"
#include "tools/replay/route.hpp"

#include <chrono>
#include <map>
#include <memory>

namespace millrace::replay {

class originals {
public:
  /// `folder`: of the state's replayed batches.
  originals(std::string folder, std::string topology, std::chrono::milliseconds patience)
      : folder_(std::move(folder)), topology_(std::move(topology)), patience_(patience) {}

  struct original {
    replayed_record record;  // all but its id and bytes
    std::string topic;
    std::string header;
  };
  /// Nothing where the source has dropped the record, and with it what the topology uses of it.
  /// ec::unavailable: the server did not answer for as long as `patience`.
  [[nodiscard]] expected<std::optional<original>> of(const letter& l, const route& r);

private:
  expected<std::optional<original>> in_kafka(const letter& l, const route& r);
  expected<std::optional<original>> replayed_before(const letter& l, const route& r);
  expected<source::reader*> reader_of(const route& r);

  std::string folder_;
  std::string topology_;
  std::chrono::milliseconds patience_;
  std::map<std::string, std::unique_ptr<source::reader>> readers_;  // by plan
  std::optional<source::chunk> last_;                               // that was read, of plan and partition
  std::string last_of_;
  std::optional<std::pair<std::string, replayed_batch>> batch_;  // by plan and partition
  std::map<std::string, std::optional<std::string>> headers_;    // by file
};

/// Whether the parser, or a stage downstream of it, uses what a Kafka record has beside its value.
[[nodiscard]] bool uses_more_than_value(const lane::lane_plan& plan);

}  // namespace millrace::replay
