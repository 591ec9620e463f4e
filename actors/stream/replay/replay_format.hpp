// Dead letters' records on their way back into a topology, as `millrace replay` stores them and a source's
// reader gives them out: a batch of them is one more partition of the source. Pure. Format: docs/development/formats.md.
#pragma once

#include "runtime/base/error.hpp"
#include "runtime/base/ids.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::replay {

struct replayed_record {
  std::string id;                           // the id of its dead letter
  std::string bytes;                        // the record
  std::optional<event_micros> timestamp{};  // the source's timestamp, with its type (0 create, 1 append)
  std::uint8_t timestamp_type = 0;
  std::optional<std::string> key{};
  std::string headers{};  // JSON object text; empty: none are known
  bool is_null = false;   // it has no value, as Kafka's tombstones have none

  friend bool operator==(const replayed_record&, const replayed_record&) = default;
};

/// The records of one partition. Position (0, i) is that of records[i].
struct replayed_batch {
  std::string stage;  // the stage that had failed: the records go only to it and downstream of it
  std::string topic;  // their `_topic`
  std::string
      header{};  // the header line that their columns stand under, or their container's schema; or empty
  std::vector<replayed_record> records;

  friend bool operator==(const replayed_batch&, const replayed_batch&) = default;
};

[[nodiscard]] std::string encode(const replayed_batch& b);
/// ec::unsupported of a later version, ec::corrupt of what encode() does not give.
[[nodiscard]] expected<replayed_batch> decode(std::string_view bytes);

/// "replay:STAGE:NUMBER": the name of a batch's partition.
[[nodiscard]] std::string partition_name(std::string_view stage, std::uint64_t number);
struct partition_parts {
  std::string_view stage;  // the stage in the name that was given
  std::uint64_t number = 0;
};
/// Returns nothing for the partition of a source.
[[nodiscard]] std::optional<partition_parts> parse_partition_name(std::string_view name);

}  // namespace millrace::replay
