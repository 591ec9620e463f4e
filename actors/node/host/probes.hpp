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

/// Whether every server answers that the node needs: those of its own actors (`own`, as in `run`), and the store. Whether
/// anybody leads is for /readyz to say.
[[nodiscard]] api::answers::page healthz_of_node(const api::answers::page& own, bool is_store_silent);

/// Whether the node may take work: besides, somebody leads the cluster, and this node hears it. `d`: null where its own
/// coordinator does not answer.
[[nodiscard]] api::answers::page readyz_of_node(const api::answers::page& own, bool is_store_silent,
                                                const node::cluster_described* d);

}  // namespace millrace::host
