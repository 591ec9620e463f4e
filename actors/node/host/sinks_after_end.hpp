// Sinks that were added to a topology which has ended: its input is read, and nothing gives them rows of it. `run`, `check --state`
// and `apply` say so. Pure.
#pragma once

#include "config/plan.hpp"
#include "runtime/cluster/control_state.hpp"

#include <string>

namespace millrace::host {

/// "sink 'kept' is new and gets no rows of what was read before, for the topology has ended (...)"; empty where the state has not ended, or each sink was there by then.
[[nodiscard]] std::string sinks_after_end(const cluster::topology_state& state, const config::topology& now);

}  // namespace millrace::host
