// The identities of the delivery protocol: positions, logs, incarnations, shards. Plain values, ordered and
// hashable.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>

namespace millrace {

/// A place in a log; ascending along it, gaps allowed. The meaning of the two numbers depends on the log:
///   Kafka partition          (0, offset)
///   file                     (ordinal in the stored list or rotated generation, offset when decompressed)
///   window stage, final      (window end in us, ordinal of the row in the window)
///   window stage, updates    (tick, ordinal of the row in the tick)
/// For source logs a position names the gap before a record: [from, to) covers records at from <= p < to, and
/// "p" is the next position to read. For window output a position names a row, inclusively; ordinal `whole`
/// means that the window or tick, and all before it, is complete.
struct position {
  std::int64_t major = 0;
  std::int64_t minor = 0;
  friend auto operator<=>(const position&, const position&) = default;
};

inline constexpr std::int64_t whole = std::numeric_limits<std::int64_t>::max();
/// The positions before and after all others.
inline constexpr position lowest_position{std::numeric_limits<std::int64_t>::min(), whole};
inline constexpr position highest_position{whole, whole};

/// Event time in microseconds since 1970 UTC, as in columns of type timestamp.
using event_micros = std::int64_t;
inline constexpr event_micros no_watermark = std::numeric_limits<std::int64_t>::min();
inline constexpr event_micros end_of_time = std::numeric_limits<std::int64_t>::max();

/// An entry of a position vector: the position, and the watermark there.
struct mark {
  position at{};
  event_micros watermark = no_watermark;
  friend auto operator<=>(const mark&, const mark&) = default;
};

/// The term of an actor's life (runtime/base/life.hpp); a higher one fences off lower ones.
using incarnation = std::uint64_t;

/// Identity of a log, for people and on disk: "PARSER/PARTITION" for a source partition as a parser reads it,
/// "WINDOW/GENERATION/SHARD" for a shard's output.
using log_id = std::string;

/// Keys live in slots, slots in shards: the number of shards can change without changing formats.
inline constexpr std::uint32_t key_slots = 1024;
[[nodiscard]] constexpr std::uint32_t slot_of(std::uint64_t key_hash) {
  return static_cast<std::uint32_t>(key_hash % key_slots);
}
[[nodiscard]] constexpr std::uint32_t shard_of_slot(std::uint32_t slot, std::uint32_t shards) {
  return slot * shards / key_slots;
}

}  // namespace millrace
