// Asks a source for what a dead letter does not hold of its record: a Kafka record's key, headers and
// timestamp, the header line of a CSV file, the schema of a container. May block on the source's server.
#pragma once

#include "actors/replay/route.hpp"
#include "actors/stream/replay/replay_format.hpp"
#include "actors/stream/source/source.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <memory>

namespace millrace::replay {

class originals {
public:
  using read_batch = std::function<expected<replayed_batch>(std::uint64_t number)>;

  using identity_of = std::function<expected<std::string>(const lane::lane_plan&)>;

  /// `read_batch`: of those that were replayed before. `identity_of`: as in request.
  originals(read_batch read_batch, identity_of identity_of, std::string topology,
            std::chrono::milliseconds patience, std::function<bool()> is_cancelled)
      : read_batch_(std::move(read_batch)), identity_of_(std::move(identity_of)),
        topology_(std::move(topology)), patience_(patience), is_cancelled_(std::move(is_cancelled)) {}

  struct original {
    replayed_record record;  // all but its id and bytes
    std::string topic;
    std::string header;
  };
  /// nullopt: the source has dropped the record, and with it what the topology uses of it.
  /// ec::unavailable: the server did not answer for as long as `patience`. ec::mismatch: the source's log is another
  /// one than that which the letter comes from.
  [[nodiscard]] expected<std::optional<original>> of(const letter& l, const route& r);

private:
  expected<std::optional<original>> given_again(const letter& l, const route& r);
  expected<std::optional<original>> replayed_before(const letter& l, const route& r);
  expected<source::reader*> reader_of(const route& r);

  read_batch read_batch_;
  identity_of identity_of_;
  std::string topology_;
  std::chrono::milliseconds patience_;
  std::function<bool()> is_cancelled_;
  std::map<std::string, std::unique_ptr<source::reader>> readers_;  // keyed by plan
  std::optional<source::chunk> last_;                               // the chunk that was read last, of one
                                                                    // plan and partition
  std::string last_of_;
  std::optional<std::pair<std::string, replayed_batch>> batch_;  // the batch with its plan and partition
  std::map<std::string, std::optional<std::string>> headers_;    // keyed by file
};

/// Returns whether the parser, or a stage downstream of it, uses what a Kafka record has beside its value.
[[nodiscard]] bool uses_more_than_value(const lane::lane_plan& plan);

}  // namespace millrace::replay
