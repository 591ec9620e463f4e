// The end of a run: its last line, its ledger, its exit status.
#pragma once

#include "tools/cli/outcome.hpp"
#include "tools/cli/topology_run.hpp"

#include <vector>

namespace millrace::cli {

/// Says what a run has come to; returns the exit status of it alone.
[[nodiscard]] int conclude(topology_run& r, const std::vector<fail_rule>& rules);

}  // namespace millrace::cli
