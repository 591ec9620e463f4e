// Where a topology's state lies, when nothing else was said.
#pragma once

#include "runtime/base/error.hpp"

#include <string>

namespace millrace::cli {

/// $XDG_STATE_HOME/millrace/TOPOLOGY, or that under ~/.local/state. An error where neither variable names an
/// absolute folder: a state in the folder of the moment would not be found again from another one.
[[nodiscard]] expected<std::string> default_state_folder(const std::string& topology);

}  // namespace millrace::cli
