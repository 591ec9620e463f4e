// The identity of a file of spilled output.
#pragma once

#include "runtime/base/ids.hpp"

#include <compare>
#include <cstdint>

namespace millrace {

/// By which life of a shard it was written, and the how-manieth of that life it is.
struct segment_id {
  incarnation life = 0;
  std::uint64_t number = 0;
  friend auto operator<=>(const segment_id&, const segment_id&) = default;
};

}  // namespace millrace
