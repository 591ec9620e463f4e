// The options --with, --set and --allow-kafka-property, alike for all commands that take topologies.
#pragma once

#include "config/plan.hpp"

#include <CLI/CLI.hpp>

#include <string>
#include <vector>

namespace millrace::cli {

/// Adds --allow-kafka-property alone, for commands that take no overlays. Parsing it changes what this process's topologies may do.
void add_property_switch(CLI::App& to);
/// Adds those of one topology. `request` outlives the parsing.
void add_overlay_options(CLI::App& to, config::load_request& request);
/// Adds those of several, as arguments_by_topology() takes them apart.
void add_overlay_options_by_name(CLI::App& to, std::vector<std::string>& overlays,
                                 std::vector<std::string>& sets);

}  // namespace millrace::cli
