// Standard input as a log: a thread of its own reads lines, writes them into the spool of the state folder,
// and says when the input has ended. Readers read the spool as any log.
#pragma once

#include "actors/stream/source/feed.hpp"
#include "actors/stream/source/source.hpp"
#include "actors/stream/source/spool_options.hpp"
#include "runtime/base/time.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace millrace::source {

/// The `path` that means it.
inline constexpr std::string_view standard_input_path = "-";

struct standard_input_options {
  std::string stage{};
  std::string in_logs{};  // the stage's name there
  wants wanted{};         // header, frame, skip
  int descriptor = 0;     // read, never closed
};

/// `clock` outlives the feed.
[[nodiscard]] expected<std::shared_ptr<feed>>
start_standard_input(standard_input_options options, spool_setup spool, const wall_clock& clock);

}  // namespace millrace::source
