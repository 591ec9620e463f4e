// Runs the prepared topologies together, in one actor system, from the start of its threads to the exit status.
#pragma once

#include "tools/cli/prepared_runs.hpp"
#include "tools/cli/run_arguments.hpp"
#include "tools/cli/stop_desk.hpp"

namespace millrace::cli {

/// Blocks until all have ended; may end the process itself, where a call of a sink does not return.
[[nodiscard]] int run_all(const run_arguments& a, prepared_runs& prepared, unsigned workers, stop_desk& desk);

}  // namespace millrace::cli
