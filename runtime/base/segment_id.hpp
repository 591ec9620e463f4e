// Identifies a file of spilled output.
#pragma once

#include "runtime/base/ids.hpp"

#include <compare>
#include <cstdint>

namespace millrace {

/// Names a segment: the life of a shard that wrote it, and its number in that life.
struct segment_id {
  incarnation life = 0;
  std::uint64_t number = 0;
  friend auto operator<=>(const segment_id&, const segment_id&) = default;
};

}  // namespace millrace
