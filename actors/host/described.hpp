// Puts what a coordinator knows into what the API says of a cluster. Pure.
#pragma once

#include "actors/api/answers.hpp"
#include "actors/node/messages.hpp"

#include <string>

namespace millrace::host {

/// ec::not_found where the cluster does not have it.
[[nodiscard]] expected<api::answers::topology> topology_of(const node::cluster_described& d,
                                                           const std::string& name);
[[nodiscard]] api::answers::topologies topologies_of(const node::cluster_described& d);
/// `leader`: the node that has answered.
[[nodiscard]] api::answers::nodes nodes_of(const node::cluster_described& d, const std::string& leader);
[[nodiscard]] bool is_over(const api::answers::topology& t);

}  // namespace millrace::host
