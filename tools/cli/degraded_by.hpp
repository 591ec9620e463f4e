// The option --degraded-by of run and node: from where on a topology counts as degraded.
#pragma once

#include "actors/observe/troubles.hpp"

#include <CLI/CLI.hpp>

#include <string>
#include <vector>

namespace millrace::cli {

void add_degraded_by(CLI::App& command, std::vector<std::string>& given);
/// "late=1%", "silent=1m", "within=5m", several in one with commas.
[[nodiscard]] expected<observe::trouble_limits> parse_degraded_by(const std::vector<std::string>& given);

}  // namespace millrace::cli
