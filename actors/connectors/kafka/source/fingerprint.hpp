// Tells one log from another: a fingerprint is what the reader keeps of one record that it has given, by
// partition. A topic that was deleted and made anew has another record at that offset, or none. Pure.
#pragma once

#include "runtime/base/error.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace millrace::source {

struct fingerprint {
  std::int64_t offset = 0;
  std::int64_t timestamp = 0;  // milliseconds, as Kafka stores them
  std::uint64_t checksum = 0;  // checksum_of()
  friend bool operator==(const fingerprint&, const fingerprint&) = default;
};
using fingerprints = std::map<std::int32_t, fingerprint>;  // keyed by partition

/// XXH3 of key and value; none (null) is not the same as empty.
[[nodiscard]] std::uint64_t checksum_of(std::optional<std::string_view> key,
                                        std::optional<std::string_view> value);

/// Formats a line each: partition, offset, timestamp and the checksum in hexadecimal digits, with a blank
/// between them.
[[nodiscard]] std::string format_fingerprints(const fingerprints& all);
/// Parses several such texts one after the other, too: of one partition the highest offset counts.
[[nodiscard]] expected<fingerprints> parse_fingerprints(std::string_view text);

enum class same_log : std::uint8_t {
  yes,
  no,       // another record is at that offset, so this is another log
  unknown,  // no record is there any more: retention or compaction has taken it, and nothing can be said
};
/// `found`: the first record at `kept.offset` or above it; none where the log has nothing there.
[[nodiscard]] same_log is_same_log(const fingerprint& kept, const std::optional<fingerprint>& found);

}  // namespace millrace::source
