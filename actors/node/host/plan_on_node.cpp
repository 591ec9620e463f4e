#include "actors/node/host/plan_on_node.hpp"

#include "actors/node/control/control_book.hpp"
#include "actors/node/control/topology_chains.hpp"
#include "actors/node/control/topology_state.hpp"
#include "actors/node/host/value_keeper.hpp"
#include "actors/observe/loss_log.hpp"
#include "actors/stream/sink/dead_letters.hpp"
#include "actors/stream/sink/letters/stored_letters.hpp"
#include "config/secrets.hpp"
#include "runtime/control/side_by_side.hpp"
#include "runtime/control/snapshot_writer.hpp"
#include "runtime/control/spawn.hpp"
#include "runtime/snapshot/file_names.hpp"
#include "runtime/snapshot/made_folders.hpp"

#include <caf/send.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace millrace::host {

plan_on_node::plan_on_node(std::uint64_t of, std::shared_ptr<const planned_topology> p,
                           link::edge_numbers numbers, const std::string& topology)
    : generation(of), planned(std::move(p)), edges(std::move(numbers)), desk(topology, lanes_of(*planned)) {
  const auto& l = planned->decided.layout;
  for (const auto& x : l.lanes)
    lanes.insert(x.name);
  for (const auto& x : l.shards)
    shards[x.name] = &x;
  for (const auto& x : l.sinks)
    sinks.insert(x.name);
}

plan_on_node::~plan_on_node() {
  if (factory && factory->gauges().present)
    factory->gauges().present->close();
  if (keepers.snapshots)
    caf::anon_send(keepers.snapshots, messages::stop{});
  if (keepers.values)
    caf::anon_send(keepers.values, messages::stop{});
}

namespace {

/// `chains`: of the topology, in the store.
deployment::pipeline_options options_of(const host_options& o, const planned_topology& p,
                                        const std::string& chains, bool begins_anew) {
  deployment::pipeline_options out;
  out.topology = p.topology;
  out.start_timeout = o.start_timeout;
  const auto letters_lie_in =
      fmt::format("the cluster's store; millrace letters {} prints them", p.topology->name);
  out.losses = std::make_shared<stage::losses>(
      observe::loss_log(p.topology, observe::where_letters_lie(*p.topology, letters_lie_in)));
  out.make = o.make;
  out.clock = o.clock;
  out.bounds = o.bounds;
  out.chains = std::make_shared<node::topology_chains>(o.store, chains);
  out.fresh = begins_anew || p.values.contains(std::string(begins_anew_name));
  out.adopt = p.values.contains(std::string(adopts_name));
  out.parses_by = fingerprint_of(p.values);
  out.present = std::make_shared<stage::present_actors>();
  out.make_letters = [chains = out.chains](const config::values& options) {
    return std::make_unique<sink::stored_letters>(
        chains, sink::dead_letter_format(*config::dead_letter_schema()), sink::stored_parts_of(options));
  };
  return out;
}

std::optional<window::definition> window_of(const plan_on_node& plan, const std::string& actor) {
  const auto shard = plan.shards.find(actor);
  if (shard == plan.shards.end())
    return std::nullopt;
  const auto& stage = *plan.planned->topology->find(shard->second->window);
  return std::get<config::window_plan>(stage.plan).definition;
}

/// Makes the keepers and the factory of a plan whose state is open.
std::unique_ptr<plan_on_node>
put_together(caf::actor_system& system, const host_options& options, std::unique_ptr<plan_on_node> out,
             const deployment::pipeline_options& how, const std::shared_ptr<node::topology_state>& state,
             std::shared_ptr<source::feeds> feeds, std::function<std::uint64_t()> state_bytes = {}) {
  auto timed = [calls = how.keeping, state](const std::string& name, const std::string& value,
                                            const life& whose) {
    return calls->time([&] { return state->put_as(name, value, whose); });
  };
  out->keepers = {control::spawn_snapshot_writer(system), spawn_value_keeper(system, std::move(timed))};
  out->factory =
      std::make_unique<deployment::actor_factory>(system, how, deployment::stored_state{state, state},
                                                  out->planned->decided, out->keepers, std::move(feeds));
  options.running->add({out->planned->topology, out->factory->gauges(), std::move(state_bytes)});
  return out;
}

/// No other node runs a part of it, so its edges need no numbers.
std::unique_ptr<plan_on_node> open_lone_plan(caf::actor_system& system, const host_options& options,
                                             std::uint64_t generation) {
  const auto& lone = *options.lone;
  auto out = std::make_unique<plan_on_node>(generation, lone.planned, link::edge_numbers(), options.topology);
  const auto state = std::make_shared<node::topology_state>(
      options.store, lone.chains, snapshot::identity{lone.planned->state_id, options.topology},
      lone.folder->folder(), lone.planned->values, lone.planned->decided.run.number, options.bounds.bases);
  return put_together(system, options, std::move(out), lone.options, state, lone.feeds,
                      [folder = lone.folder] { return folder->bytes(); });
}

}  // namespace

expected<std::unique_ptr<plan_on_node>> open_plan(caf::actor_system& system, const host_options& options,
                                                  std::uint64_t generation) {
  if (options.lone)
    return open_lone_plan(system, options, generation);
  ASSIGN_OR_RETURN(const auto seen, node::control_book(options.store).look());
  const auto found = seen.state.topologies.find(options.topology);
  if (found == seen.state.topologies.end() || found->second.generation != generation)
    return outside_error(ec::unavailable, fmt::format("control has another plan of {}", options.topology));
  const auto chains = cluster::chains_of(options.topology, found->second.first_generation);
  ASSIGN_OR_RETURN(const auto planned, options.plans->of(options.topology, found->second));
  // Actors may come here from any node, so the node has all secrets or runs no part of it.
  if (auto here = config::check_secrets(*planned->topology, connectors()); !here)
    return user_error(here.error().code,
                      fmt::format("node {} lacks a secret: {}", options.node, here.error().message));
  if (const auto told = other_zones(planned->values, *planned->topology); !told.empty())
    spdlog::warn("{}", told);
  ASSIGN_OR_RETURN(auto numbers,
                   link::edge_numbers::make(found->second.number, edges_of(planned->decided.layout)));
  auto out = std::make_unique<plan_on_node>(generation, planned, std::move(numbers), options.topology);
  if (const auto made = snapshot::make_folders(snapshot::posix_file_system(),
                                               snapshot::state_folder_of(options.folder, planned->state_id));
      !made)
    return unexpected(made.error());
  // Lanes of one source begin with its identity from the plan: each would put it first otherwise, and all but one
  // be fenced off.
  const auto state = std::make_shared<node::topology_state>(
      options.store, chains, snapshot::identity{planned->state_id, options.topology}, options.folder,
      planned->values, planned->decided.run.number, options.bounds.bases);
  const auto how = options_of(options, *planned, chains, found->second.begins_anew);
  return put_together(system, options, std::move(out), how, state, std::make_shared<source::feeds>());
}

namespace {

expected<control::any_actor> make_actor(const plan_on_node& plan, const control::desk_effects::spawn& asked,
                                        const messages::supervisor& host) {
  const auto& [topology, actor, next, how, found, verdicts, crashed] = asked.with;
  if (plan.lanes.contains(actor)) {
    const auto all = std::make_shared<delivery::verdicts>();
    for (const auto& v : verdicts)
      all->add(v);
    return plan.factory->make_lane(actor, next, how, found, all, asked.failing, host)
        .map([](messages::lane&& l) { return control::any_actor(std::move(l)); });
  }
  std::map<log_id, mark> feeding;
  for (const auto& f : found)
    feeding[f.log] = f.start;
  if (plan.sinks.contains(actor))
    return plan.factory->make_sink(actor, next, feeding, host);
  return plan.factory->make_shard(actor, next, feeding, host).map([](messages::shard&& s) {
    return control::any_actor(std::move(s));
  });
}

}  // namespace

std::vector<expected<control::any_actor>> make_actors(caf::actor_system& system, const plan_on_node& plan,
                                                      const std::vector<control::desk_effects::spawn>& asked,
                                                      const messages::supervisor& host) {
  std::vector<expected<control::any_actor>> out(asked.size());
  control::side_by_side(asked.size(), control::shared_threads(system),
                        [&](std::size_t i) { out[i] = make_actor(plan, asked[i], host); });
  return out;
}

std::vector<end_of_edge> ends_of(const plan_on_node& plan, const std::string& actor,
                                 const control::any_actor& handle) {
  using control::as;
  std::vector<end_of_edge> out;
  if (std::holds_alternative<std::monostate>(handle))
    return out;
  for (const auto& [name, edge] : plan.edges.all()) {
    if (name.from != actor && name.to != actor)
      continue;
    const bool is_output = plan.shards.contains(name.from);
    if (name.from == actor && is_output)
      out.push_back({edge, true, as<messages::output_sender>(handle), {}});
    else if (name.from == actor)
      out.push_back({edge, true, as<messages::frame_sender>(handle), {}});
    else if (is_output)
      out.push_back({edge, false, as<messages::output_receiver>(handle), {}});
    else
      out.push_back({edge, false, as<messages::frame_receiver>(handle), window_of(plan, actor)});
  }
  return out;
}

}  // namespace millrace::host
