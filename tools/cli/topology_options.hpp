// The options --with, --set, --allow-kafka-property and --secrets, alike for all commands that have them.
#pragma once

#include "config/plan.hpp"
#include "runtime/base/error.hpp"

#include <CLI/CLI.hpp>

#include <string>
#include <vector>

namespace millrace::cli {

/// Adds --allow-kafka-property alone, for commands that take no overlays. Parsing it changes what this process's topologies may do.
void add_property_switch(CLI::App& to);
/// Adds --secrets, for commands that open what topologies name. Parsing it gives this process its secrets.
void add_secrets_folder(CLI::App& to);
/// Says whether the secrets of a topology can be resolved in this process; complains of each that cannot.
[[nodiscard]] bool has_its_secrets(const config::topology& t);
/// Refuses both options at once.
[[nodiscard]] expected<void> check_fresh_and_adopt(bool fresh, bool adopt);
/// Adds those of one topology. `request` outlives the parsing.
void add_overlay_options(CLI::App& to, config::load_request& request);
/// Adds those of several, as arguments_by_topology() takes them apart.
void add_overlay_options_by_name(CLI::App& to, std::vector<std::string>& overlays,
                                 std::vector<std::string>& sets);

}  // namespace millrace::cli
