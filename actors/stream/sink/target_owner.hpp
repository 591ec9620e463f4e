// Says whose a target is that keeps its progress in a side file, and what a claim may do with it: go on,
// begin anew in its place, or nothing. Pure.
#pragma once

#include "actors/stream/sink/sink.hpp"

#include <string>
#include <string_view>

namespace millrace::sink {

struct target_owner {
  std::string state_id;
  std::string topology;
  std::string sink;
  incarnation life = 0;
};

/// Says whether a state that begins finds the target as it is, or emptied of what the same sink of an earlier
/// state has written to it.
enum class at_start : std::uint8_t { append, empty };

enum class ownership : std::uint8_t {
  ours,      // go on with what is there, under the claim's state id and life
  replaced,  // another state's; the claim begins in its place
};
/// Decides what the claim may do. `target` is for texts. ec::fenced for an older life, ec::mismatch for
/// another state's target.
[[nodiscard]] expected<ownership> judge(const target_owner& old, const claim& who, std::string_view target,
                                        at_start begin);
/// Returns the error for a state folder that knows of commits of which the target knows nothing.
[[nodiscard]] unexpected progress_missing(std::string_view target, std::string_view side);

}  // namespace millrace::sink
