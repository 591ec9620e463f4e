// The metrics of this process, as Prometheus reads them.
#pragma once

#include "actors/observe/running.hpp"

#include <memory>
#include <string>
#include <vector>

namespace millrace::observe {

/// The Prometheus text of all gauges now, each labelled with its topology.
[[nodiscard]] std::string metrics_text(const std::vector<running_topology>& all);

}  // namespace millrace::observe
