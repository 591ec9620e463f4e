// Puts what a coordinator knows into what the API says of a cluster. Pure.
#pragma once

#include "actors/api/answers.hpp"
#include "actors/node/control/messages.hpp"
#include "actors/node/host/hosted_plan.hpp"
#include "actors/observe/figures.hpp"

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace millrace::host {

/// ec::not_found where the cluster does not have it.
[[nodiscard]] expected<api::answers::topology> topology_of(const node::cluster_described& d,
                                                           const std::string& name);
[[nodiscard]] api::answers::topologies topologies_of(const node::cluster_described& d);
/// `leader`: the node that has answered.
[[nodiscard]] api::answers::nodes nodes_of(const node::cluster_described& d, const std::string& leader);
/// Its parsers, windows and sinks.
[[nodiscard]] std::set<std::string> groups_of(const cluster::topology_state& t);
/// Gives the plan of a topology; null where it is not known.
using plan_finder = std::function<std::shared_ptr<const config::topology>(const std::string& topology)>;
/// The actors of topologies that run which a drain of the node leaves there.
[[nodiscard]] std::vector<api::answers::staying>
staying_on(const node::cluster_described& d, const std::string& node, const plan_finder& plan_of);
/// Actors of the topology that have ended processes of nodes lately. The topology is there.
[[nodiscard]] std::vector<observe::crash_figures> crashes_of(const node::cluster_described& d,
                                                             const std::string& topology);
/// Actors of the topology that no node can have: what they are pinned to is away, or no node may be given anything. One for
/// each node that is waited for. The topology is there.
[[nodiscard]] std::vector<observe::unplaced_figures> waiting_of(const node::cluster_described& d,
                                                                const std::string& topology);

}  // namespace millrace::host
