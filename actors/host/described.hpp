// Puts what a coordinator knows into what the API says of a cluster. Pure.
#pragma once

#include "actors/api/answers.hpp"
#include "actors/node/messages.hpp"
#include "actors/observe/figures.hpp"

#include <string>
#include <vector>

namespace millrace::host {

/// ec::not_found where the cluster does not have it.
[[nodiscard]] expected<api::answers::topology> topology_of(const node::cluster_described& d,
                                                           const std::string& name);
[[nodiscard]] api::answers::topologies topologies_of(const node::cluster_described& d);
/// `leader`: the node that has answered.
[[nodiscard]] api::answers::nodes nodes_of(const node::cluster_described& d, const std::string& leader);
/// Actors of the topology that have ended processes of nodes lately. The topology is there.
[[nodiscard]] std::vector<observe::crash_figures> crashes_of(const node::cluster_described& d,
                                                             const std::string& topology);

}  // namespace millrace::host
