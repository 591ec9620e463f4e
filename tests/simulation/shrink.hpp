// Takes parts of a failing scenario away for as long as it still fails: faults, records, stages, partitions.
#pragma once

#include "tests/simulation/scenario.hpp"

#include <functional>
#include <string>

namespace millrace::simulation {

/// `fails` runs a scenario.
[[nodiscard]] scenario shrink(scenario s, const std::function<bool(const scenario&)>& fails);
/// Describes for people what is left.
[[nodiscard]] std::string describe_scenario(const scenario& s);

}  // namespace millrace::simulation
