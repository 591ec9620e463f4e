// Runs a load: records are made ahead on one thread, and go out by the schedule on another, whether the
// target keeps up or not. Records that it cannot take in time wait in a bounded buffer and count as lag.
#pragma once

#include "tools/load/report.hpp"

#include <atomic>

namespace millrace::load {

/// Blocks until everything is delivered, the duration is over, or `stop` is set (by a signal). Writes the
/// lines of each second and the end to stdout. Errors: fault::user with contacted = false is status 2.
struct result {
  bool failed = false;  // a record was not delivered
};
struct load_error {
  error why;
  bool contacted = true;
};
[[nodiscard]] tl::expected<result, load_error> run(const options& o, const std::atomic<bool>& stop);

}  // namespace millrace::load
