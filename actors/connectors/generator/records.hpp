// Generated records, each a function of kind, seed, epoch and its number alone: so any of them can be made
// again at once, wherever reading goes on. Pure; used by the generator source and by load tests.
#pragma once

#include "actors/connectors/generator/zipf.hpp"
#include "runtime/base/ids.hpp"
#include "runtime/base/time.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::source {

enum class record_kind : std::uint8_t { clicks, sales, rsvp, listening, game };

[[nodiscard]] std::vector<std::string> record_kinds();
[[nodiscard]] std::optional<record_kind> parse_record_kind(std::string_view name);

struct generated {
  record_kind kind = record_kind::clicks;
  std::uint64_t seed = 1;
  event_micros epoch = 0;               // event time of the first record
  micros step{1'000};                   // event time between two records
  std::optional<event_micros> begun{};  // event time of the first record, where `epoch` is that of one alone
  std::uint64_t keys = 0;        // users of clicks and listening, groups of rsvp; 0: the kind's own number
  std::optional<zipf> skewed{};  // the spread over `keys`; none: as the kind spreads them
};

/// The event time of a record; it stays at the last of all times once that is reached.
[[nodiscard]] event_micros time_of(const generated& g, std::uint64_t number);

/// Returns how many keys a kind has by itself; 0 where they are fixed.
[[nodiscard]] std::uint64_t own_keys(record_kind kind);

/// Appends record `number` as one JSON object, without a line end.
void append_record(std::string& out, const generated& g, std::uint64_t number);

}  // namespace millrace::source
