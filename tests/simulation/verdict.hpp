// Compares what targets hold and the ledger says with the oracle.
#pragma once

#include "config/plan.hpp"
#include "tests/simulation/memory_target.hpp"
#include "tests/simulation/oracle.hpp"

#include <optional>
#include <string>

namespace millrace::simulation {

/// Returns what is wrong first, if anything. `report` is the last one (observe/report.hpp); none: it was
/// lost.
[[nodiscard]] std::optional<std::string> judge(const scenario& s, memory_targets& targets,
                                               const config::topology& topology,
                                               const std::optional<std::string>& report);

}  // namespace millrace::simulation
