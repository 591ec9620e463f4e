// Says what is wrong with which record on purpose: by seed and number alone, so that a load can be made
// again and an oracle can know it.
#pragma once

#include "tools/load/options.hpp"

namespace millrace::load {

struct disturbance {
  micros shift{0};         // added to the event time; negative is late
  bool malformed = false;  // cut in the middle
  bool twice = false;      // an earlier record comes again after this one
  std::uint32_t back = 0;  // used with twice: how many records back, 0 the same one
};

/// A record comes again from among so many.
inline constexpr std::uint32_t furthest_back = 64;

[[nodiscard]] disturbance disturb(const disorder_options& o, std::uint64_t number);

/// A record without its second half: no JSON any more, and never empty or a line more.
[[nodiscard]] std::size_t cut_length(std::size_t whole);

}  // namespace millrace::load
