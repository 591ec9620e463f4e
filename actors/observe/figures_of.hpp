// The figures that the actors of a topology in this process show, as a value (actors/observe/figures.hpp): from their gauges, which
// anybody may read at any time.
#pragma once

#include "actors/observe/figures.hpp"
#include "actors/observe/running.hpp"

#include <string>

namespace millrace::observe {

/// `node`: the name of this process among those that run the topology.
[[nodiscard]] figures figures_of(const running_topology& t, const std::string& node, event_micros now,
                                 flow_meter::clock::time_point steady = flow_meter::clock::now());

}  // namespace millrace::observe
