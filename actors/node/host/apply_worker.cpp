#include "actors/node/host/apply_worker.hpp"

#include "actors/node/control/control_book.hpp"
#include "actors/node/control/topology_chains.hpp"
#include "actors/node/control/topology_state.hpp"
#include "actors/node/host/apply.hpp"
#include "actors/node/host/lives.hpp"
#include "actors/node/host/plan_changes.hpp"
#include "runtime/control/spawn.hpp"

#include <caf/typed_event_based_actor.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <future>
#include <memory>
#include <thread>
#include <utility>

namespace millrace::host {
namespace {

constexpr std::chrono::milliseconds looks_every{200};
/// A stop waits for targets that are away, and this for the stop.
constexpr std::chrono::minutes most_for_a_stop{5};

/// Returns once the topology has stopped in order, or why it has not.
expected<void> stop_in_order(const applying_job& job, api::cluster_view& view) {
  const auto asked = std::make_shared<std::promise<expected<api::answer>>>();
  view.ask(api::requests::stop{{job.topology}},
           api::reply(asked, [asked](expected<api::answer> a) { asked->set_value(std::move(a)); }));
  const auto until = std::chrono::steady_clock::now() + most_for_a_stop;
  auto answer = asked->get_future();
  bool is_taken = false;
  while (!job.is_cancelled->load() && std::chrono::steady_clock::now() < until) {
    if (!is_taken && answer.wait_for(looks_every) == std::future_status::ready) {
      const auto told = answer.get();
      if (!told && told.error().code != ec::mismatch)  // else it has ended by itself
        return unexpected(told.error());
      is_taken = true;
    }
    if (is_taken) {
      ASSIGN_OR_RETURN(const auto seen, node::control_book(job.options.store).look());
      const auto t = seen.state.topologies.find(job.topology);
      if (t == seen.state.topologies.end() || !t->second.is_active())
        return {};
      std::this_thread::sleep_for(looks_every);
    }
  }
  return outside_error(ec::unavailable,
                       fmt::format("{} has not stopped in time, for which its new plan waits; apply it again "
                                   "once it has",
                                   job.topology));
}

expected<cluster::records::topology_applied>
carry_out(const applying_job& job, const std::function<void(const std::string& why)>& on_wait,
          api::cluster_view& view) {
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
  o.begins_anew = job.state == "fresh";
  o.adopts = job.state == "adopt";
  // The cluster has this many cores if all machines are alike.
  o.lanes = options.cores * std::max<std::size_t>(seen.state.nodes.size(), 1);
  for (const auto& [node, _] : seen.state.nodes)
    o.nodes.insert(node);
  const auto t = seen.state.topologies.find(job.topology);
  if (t != seen.state.topologies.end())
    o.before = t->second;
  if (o.before && !o.begins_anew) {
    o.chains = std::make_shared<node::topology_chains>(
        options.store, cluster::chains_of(t->first, t->second.first_generation));
    const auto plan = decode_plan(t->second.plan);
    ASSIGN_OR_RETURN(const auto run, plan.and_then(run_of));
    before = plan->text;
    o.adopts = o.adopts || (!job.plan && plan->values.contains(std::string(adopts_name)));
    const auto state = std::make_shared<node::topology_state>(
        options.store, cluster::chains_of(t->first, t->second.first_generation),
        snapshot::identity{plan->state_id, t->first}, o.folder, plan->values, run.number);
    o.kept = state;
    o.snapshots_of = [state](const std::string& shard) { return state->look_at_snapshots(shard); };
    o.keep = [state](const std::string& name, const std::string& value) { return state->put(name, value); };
  }
  ASSIGN_OR_RETURN(auto prepared, prepare_apply(o));
  if (o.before) {
    ASSIGN_OR_RETURN(const auto stops, stops_first(*o.before, prepared));
    if (stops) {
      const auto* const why = o.begins_anew ? "state begins anew" : "parsers change";
      spdlog::info("topology {} stops first: its {}", job.topology, why);
      on_wait(fmt::format("the end in order of {}, whose {}", job.topology, why));
      RETURN_IF_ERROR(stop_in_order(job, view));
      if (!o.begins_anew)  // what was prepared goes on from nothing that the stop has changed
        return carry_out(job, on_wait, view);
    }
  }
  spdlog::info("topology {} is to be applied: {}", job.topology,
               o.begins_anew ? "its state begins anew" : changes_between(before, text));
  return prepared;
}

apply_worker::behavior_type apply_behaviour(apply_worker::pointer self,
                                            const std::shared_ptr<applying_job>& job,
                                            const view_actor& view) {
  return {[=](const prepare_now&) {
    const auto on_wait = [&](const std::string& why) { self->send(view, apply_waits{job->number, why}); };
    self->send(view, apply_prepared{job->number, carry_out(*job, on_wait, *requests_to(view))});
    self->quit();
  }};
}

}  // namespace

apply_worker spawn_apply_worker(caf::actor_system& system, applying_job job, const view_actor& view) {
  return control::spawn_blocking(system, apply_behaviour, std::make_shared<applying_job>(std::move(job)),
                                 view);
}

}  // namespace millrace::host
