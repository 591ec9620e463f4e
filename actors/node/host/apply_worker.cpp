#include "actors/node/host/apply_worker.hpp"

#include "actors/node/control/control_book.hpp"
#include "actors/node/control/topology_chains.hpp"
#include "actors/node/control/topology_state.hpp"
#include "actors/node/host/apply.hpp"
#include "actors/node/host/lives.hpp"
#include "actors/node/host/plan_changes.hpp"
#include "runtime/control/spawn.hpp"

#include <caf/typed_event_based_actor.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <memory>
#include <utility>

namespace millrace::host {
namespace {

expected<cluster::records::topology_applied>
carry_out(const applying_job& job, const std::function<void(const std::string& why)>& on_wait) {
  const auto& options = job.options;
  ASSIGN_OR_RETURN(const auto seen, node::control_book(options.store).look());
  ASSIGN_OR_RETURN(const auto text,
                   job.plan ? expected<std::string>(*job.plan) : text_to_start(seen.state, job.topology));
  apply_options o{options.node, job.topology, text, folder_of_topology(options.folder, job.topology),
                  options.cores};
  std::string before;  // its file; empty: the cluster has none
  o.start_timeout = options.start_timeout;
  o.make = options.make;
  o.cancelled = [is_cancelled = job.is_cancelled] { return is_cancelled->load(); };
  o.on_wait = on_wait;
  // The cluster has this many cores if all machines are alike.
  o.lanes = options.cores * std::max<std::size_t>(seen.state.nodes.size(), 1);
  for (const auto& [node, _] : seen.state.nodes)
    o.nodes.insert(node);
  if (const auto t = seen.state.topologies.find(job.topology); t != seen.state.topologies.end()) {
    o.before = t->second;
    o.chains = std::make_shared<node::topology_chains>(
        options.store, cluster::chains_of(t->first, t->second.first_generation));
    const auto plan = decode_plan(t->second.plan);
    ASSIGN_OR_RETURN(const auto run, plan.and_then(run_of));
    before = plan->text;
    const auto state = std::make_shared<const node::topology_state>(
        options.store, cluster::chains_of(t->first, t->second.first_generation),
        snapshot::identity{plan->state_id, t->first, {}, false}, o.folder, plan->values, run.number);
    o.kept = state;
    o.snapshots_of = [state](const std::string& shard) { return state->look_at_snapshots(shard); };
  }
  auto prepared = prepare_apply(o);
  if (prepared)
    spdlog::info("topology {} is to be applied: {}", job.topology, changes_between(before, text));
  return prepared;
}

apply_worker::behavior_type apply_behaviour(apply_worker::pointer self,
                                            const std::shared_ptr<applying_job>& job,
                                            const view_actor& view) {
  return {[=](const prepare_now&) {
    const auto on_wait = [&](const std::string& why) { self->send(view, apply_waits{job->number, why}); };
    self->send(view, apply_prepared{job->number, carry_out(*job, on_wait)});
    self->quit();
  }};
}

}  // namespace

apply_worker spawn_apply_worker(caf::actor_system& system, applying_job job, const view_actor& view) {
  return control::spawn_blocking(system, apply_behaviour, std::make_shared<applying_job>(std::move(job)),
                                 view);
}

}  // namespace millrace::host
