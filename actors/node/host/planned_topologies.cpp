#include "actors/node/host/planned_topologies.hpp"

#include <algorithm>

namespace millrace::host {

expected<std::shared_ptr<const planned_topology>> planned_topologies::of(const std::string& topology,
                                                                         const cluster::topology_state& now) {
  if (lone_)
    return lone_;
  const auto kept = find(topology, now);
  const std::lock_guard lock(kept->mutex);
  if (!kept->planned) {
    ASSIGN_OR_RETURN(const auto plan, decode_plan(now.plan));
    ASSIGN_OR_RETURN(auto loaded, load_plan(plan.text, topology));
    ASSIGN_OR_RETURN(auto planned, unfold(plan, std::move(loaded), lane_credit_));
    kept->planned = std::make_shared<const planned_topology>(std::move(planned));
  }
  return kept->planned;
}

std::shared_ptr<planned_topologies::kept_plan> planned_topologies::find(const std::string& topology,
                                                                        const cluster::topology_state& now) {
  const std::lock_guard lock(mutex_);
  auto& latest = all_[topology];
  latest.asked = ++questions_;
  if (latest.plan && latest.plan->generation == now.generation && latest.plan->bytes == now.plan)
    return latest.plan;
  auto out = std::make_shared<kept_plan>();
  out->generation = now.generation;
  out->bytes = now.plan;
  if (!latest.plan || latest.plan->generation <= now.generation)
    latest.plan = out;
  if (all_.size() > most)
    all_.erase(std::ranges::min_element(all_, {}, [](const auto& t) { return t.second.asked; }));
  return out;
}

}  // namespace millrace::host
