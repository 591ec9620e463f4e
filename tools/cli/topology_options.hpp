// The options --with and --set, alike for all commands that take topologies.
#pragma once

#include "config/plan.hpp"

#include <CLI/CLI.hpp>

#include <string>
#include <vector>

namespace millrace::cli {

/// Adds those of one topology. `request` outlives the parsing.
void add_overlay_options(CLI::App& to, config::load_request& request);
/// Adds those of several, as arguments_by_topology() takes them apart.
void add_overlay_options_by_name(CLI::App& to, std::vector<std::string>& overlays,
                                 std::vector<std::string>& sets);

}  // namespace millrace::cli
