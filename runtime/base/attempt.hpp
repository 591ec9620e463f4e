// Names some records while they are worked on, so that a failure or a crash can say which they were. A plain value.
#pragma once

#include "runtime/base/ids.hpp"

#include <cstdint>
#include <optional>

namespace millrace {

/// Work on some consecutive records of a log: parsing them, running steps on them, forming their frame.
struct attempt {
  log_id log;
  position from{};
  position to{};
  std::uint64_t records = 0;
  std::optional<position> record{};  // set where it is this one alone
  bool cutting = false;              // forming the frame; else what comes before
  bool taken_before = false;  // a receiver has got these records from an earlier attempt, which went well
  friend bool operator==(const attempt&, const attempt&) = default;
};

}  // namespace millrace
