// Answers probes. Pure: from the board's figures to a status and a text that names
// what is waited for.
#pragma once

#include "actors/api/answers.hpp"
#include "actors/observe/running.hpp"

#include <string>
#include <vector>

namespace millrace::observe {

struct health {
  bool good = true;
  std::string text;  // "ok", or a line for each thing that is waited for
};

/// The process answers, and what it runs on goes on: a figure of the board is not older than this.
inline constexpr std::chrono::seconds taken_for_stuck_after{30};
[[nodiscard]] health is_alive(flow_meter::clock::duration since_sampled);
/// The answers of a node are about the actors that live there.
/// Every server has been reached and answers, and no call to a target is stalled (runtime/base/pace.hpp).
[[nodiscard]] health is_healthy(const std::vector<running_topology>& all,
                                flow_meter::clock::time_point now = flow_meter::clock::now());
/// New input is taken: the start is over, no source is away, nothing is held up, and none of the topologies that are
/// `known` here or in the cluster has failed. The text of a failure may have a record in it and is not told here.
[[nodiscard]] health is_ready(const std::vector<running_topology>& all, bool stopping,
                              const api::answers::topologies& known = {});

}  // namespace millrace::observe
