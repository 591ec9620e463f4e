// Sinks that were added to a topology which has come to its end: its input is read, and nothing gives them rows of it. `run`, `check --state`
// and `apply` say so. Pure.
#pragma once

#include "config/plan.hpp"
#include "runtime/cluster/control_state.hpp"

#include <string>

namespace millrace::host {

/// "sink 'kept' is new and gets no rows of what was read before, for the topology has come to its end (...)"; empty where the state has
/// not come to its end, or each sink was there by then.
[[nodiscard]] std::string sinks_after_end(const cluster::topology_state& state, const config::topology& now);

}  // namespace millrace::host
