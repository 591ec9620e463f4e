// Tells what a load has done: a line each second, the end as text, and both as JSON.
#pragma once

#include "tools/load/measured_rows.hpp"
#include "tools/load/target.hpp"

#include <optional>
#include <string>
#include <vector>

namespace millrace::load {

struct second_line {
  std::uint64_t second = 0;
  std::uint64_t sent = 0;       // records sent in this second
  std::uint64_t delivered = 0;  // records delivered in this second
  std::int64_t lag_us = 0;      // the most that a record was late by its schedule, in this second
};

struct summary {
  std::uint64_t sent = 0;
  std::uint64_t unsent = 0;  // due by the schedule and not taken by the target
  std::int64_t lag_us = 0;   // the most
  double seconds = 0;        // seconds from the first record to the last delivery
  bool interrupted = false;
  std::vector<second_line> each;
};

/// Seconds that a report lists; of a longer load the first ones.
inline constexpr std::size_t most_seconds = 86'400;

[[nodiscard]] std::string to_text(const second_line& s);
[[nodiscard]] std::string to_text(const summary& s, const outcome& o, const std::optional<measurement>& m);
[[nodiscard]] std::string to_json(const summary& s, const outcome& o, const std::optional<measurement>& m);

}  // namespace millrace::load
