// The probes of a node of a cluster: /healthz tells of servers, /readyz whether the node may take work. Pure.
#pragma once

#include "actors/api/answers.hpp"
#include "actors/node/control/messages.hpp"
#include "actors/observe/own_answers.hpp"

#include <string>

namespace millrace::host {

/// Says what metrics and probes tell of the cluster; the node that leads knows all topologies and nodes.
[[nodiscard]] observe::cluster_standing standing_of(const node::cluster_described& d,
                                                    const std::string& node);

/// Says whether every server that the node needs answers: those of its own actors (`own`, as in `run`), and
/// the store. It does not look whether anybody leads: /readyz does.
[[nodiscard]] api::answers::page healthz_of_node(const api::answers::page& own, bool is_store_silent);

/// Says whether the node may take work: it is healthy, somebody leads the cluster, and this node hears it.
/// `d`: null where its own coordinator does not answer.
[[nodiscard]] api::answers::page readyz_of_node(const api::answers::page& own, bool is_store_silent,
                                                const node::cluster_described* d);

}  // namespace millrace::host
