// The state of the one topology in the folder of `millrace run`: what `control` has of it, and how a state begins. It is read
// by `run`, `check --state` and `replay`.
#pragma once

#include "actors/node/control/topology_chains.hpp"
#include "actors/node/control/topology_state.hpp"
#include "actors/node/host/hosted_plan.hpp"
#include "actors/node/host/run_folder.hpp"
#include "runtime/cluster/control_state.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace millrace::host {

/// The value of a plan that says when the state began, in microseconds since 1970: older dead letters are of another.
inline constexpr std::string_view state_began_name = "began";

/// Holds what a folder has of its topology.
struct found_run {
  cluster::control_state control;
  cluster::epoch highest;                           // that `control` was opened under
  std::optional<cluster::topology_state> topology;  // none: nobody has begun a state
  hosted_plan plan;
  std::shared_ptr<node::topology_state> values;  // those of the plan, and what actors have put
  std::shared_ptr<node::topology_chains> chains;
  /// A start has asked all of its sources.
  bool has_started = false;
  /// A record was read, or received: from then on the state is this topology's.
  bool has_read = false;
};
/// Changes nothing. `topology`: its name; empty: the one that is there. ec::mismatch where the folder has another one.
[[nodiscard]] expected<found_run> look_at_run(const run_folder& folder, const std::string& topology);

/// Finds the state, or begins one: where there is none, where nothing was read of a topology that was another one, and with
/// `fresh` under a new id. `control` has it before this returns; `values`: the plan's, where it begins. Blocks. Errors as those of
/// look_at_run(); ec::corrupt, with the remedy, where a part of the folder is lost; --fresh begins anew then, too.
[[nodiscard]] expected<found_run> take_state(const run_folder& folder, const config::topology& topology,
                                             bool fresh, std::map<std::string, std::string> values = {});

}  // namespace millrace::host
