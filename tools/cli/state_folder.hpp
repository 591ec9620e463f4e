// Finds the state folder of a topology when no option names one, and decides whether the state in a folder
// fits a topology: `run`, `check --state` and `replay` say the same of it.
#pragma once

#include "actors/node/host/run_state.hpp"
#include "config/plan.hpp"
#include "config/plan/state_fit.hpp"
#include "runtime/base/error.hpp"

#include <optional>
#include <string>

namespace millrace::cli {

/// $XDG_STATE_HOME/millrace/TOPOLOGY, or that under ~/.local/state. An error where neither variable names an
/// absolute folder: a state in the folder of the moment would not be found again from another one.
[[nodiscard]] expected<std::string> default_state_folder(const std::string& topology);

/// Names the state for people, with the ways out where a topology does not fit it.
[[nodiscard]] config::state_place place_of_state(const std::string& folder);

/// Says whether the state goes on with the topology; nothing where no record was read: it fits any.
[[nodiscard]] expected<std::optional<config::state_fit>>
check_fit(const host::run_folder& folder, const host::found_run& found, const config::topology& t);

/// Describes what `run` would find in a folder that nobody holds: connects to nothing, takes no lock. An
/// error says why it would refuse.
[[nodiscard]] expected<std::string> look_at_state(const std::string& folder, const config::topology& t);

}  // namespace millrace::cli
