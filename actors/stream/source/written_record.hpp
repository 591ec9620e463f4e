// Records that were written down instead of read: lines of a sample, the input of a unit test, a question. Pure: they
// become the chunk that the source in question would have given.
#pragma once

#include "actors/stream/source/source.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

namespace millrace::source {

struct written_record {
  std::optional<std::string> value;  // none: a null value, as Kafka may hold it
  std::optional<std::string> key{};
  std::optional<event_micros> timestamp{};
  std::string headers = "{}";            // JSON object text
  std::optional<std::int64_t> offset{};  // the beginning of its line in the file that it comes from
  std::shared_ptr<const std::string>
      schema{};  // of the container that it comes from; null: it comes from none
};

/// Names the partition of a source that has only one, or whose records do not say theirs.
inline constexpr const char* only_partition = "0";

/// Tells what a source knows of its records beside what they hold.
struct log_shape {
  std::string topic;            // topic or path
  bool by_bytes = false;        // positions are byte offsets of lines, as in a file; else 0, 1, 2, ...
  bool has_timestamps = false;  // the source stores a time with each record
};

/// The records, of one schema, as one chunk that begins at `from`. Timestamps that are not given are left out as a broker
/// does (-1).
[[nodiscard]] chunk make_chunk(std::span<const written_record> records, const std::string& partition,
                               const log_shape& shape, position from);

}  // namespace millrace::source
