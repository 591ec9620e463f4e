// Compares what targets hold and the ledger says with the oracle.
#pragma once

#include "config/plan.hpp"
#include "runtime/messages/messages.hpp"
#include "tests/simulation/memory_target.hpp"
#include "tests/simulation/oracle.hpp"

#include <optional>
#include <string>
#include <vector>

namespace millrace::simulation {

/// Nothing, or what is wrong first. `parts` is the last report; none: it was lost, and says nothing.
[[nodiscard]] std::optional<std::string>
judge(const scenario& s, memory_targets& targets, const config::topology& topology,
      const std::optional<std::vector<messages::report_part>>& parts);

}  // namespace millrace::simulation
