// The metrics of this process, as Prometheus reads them.
#pragma once

#include "actors/api/answers.hpp"
#include "actors/observe/running.hpp"

#include <memory>
#include <string>
#include <vector>

namespace millrace::observe {

/// The state of topologies and nodes. The leader of a cluster knows it; both are empty where another node
/// leads.
struct cluster_standing {
  std::string node = {};  // the node that tells
  bool hears_coordinator = false;
  api::answers::topologies topologies;
  api::answers::nodes nodes;
};

/// The Prometheus text of all gauges now, each labelled with its topology, and of the cluster's standing.
[[nodiscard]] std::string metrics_text(const std::vector<running_topology>& all,
                                       const cluster_standing& cluster = {});

}  // namespace millrace::observe
