// Where a topology's state lies, when nothing else was said.
#pragma once

#include <string>

namespace millrace::cli {

/// $XDG_STATE_HOME/millrace/TOPOLOGY, or that under ~/.local/state.
[[nodiscard]] std::string default_state_folder(const std::string& topology);

}  // namespace millrace::cli
