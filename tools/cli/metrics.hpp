// The metrics of this process, as Prometheus reads them.
#pragma once

#include "tools/cli/running.hpp"

#include <memory>
#include <string>
#include <vector>

namespace millrace::cli {

/// The Prometheus text of all gauges now, each labelled with its topology.
[[nodiscard]] std::string metrics_text(const std::vector<running_topology>& all);

}  // namespace millrace::cli
