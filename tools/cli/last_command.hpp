// Names the topology that a state was last run with, for commands that are given the state alone.
#pragma once

#include "runtime/base/error.hpp"
#include "tools/cli/topology_arguments.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace millrace::cli {

/// The plan of a run has the arguments in the value of this name.
inline constexpr std::string_view command_name = "command";

/// Returns that value. Files by their absolute paths. Values that hold a secret are not kept, only that there were some.
[[nodiscard]] std::string command_text(const topology_arguments& given,
                                       const std::vector<std::string>& secrets);
/// Reads the state in this folder. An error, with the remedy, where it never ran, by an earlier version, or
/// with values that were not kept.
[[nodiscard]] expected<topology_arguments> last_command(const std::string& folder);

/// Returns whether a state lies there.
[[nodiscard]] bool is_state_folder(const std::string& folder);

}  // namespace millrace::cli
