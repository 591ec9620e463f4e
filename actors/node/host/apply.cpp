#include "actors/node/host/apply.hpp"

#include "actors/deployment/start_positions.hpp"
#include "actors/node/host/cluster_words.hpp"
#include "actors/node/host/plan_values.hpp"
#include "config/secrets.hpp"
#include "runtime/base/random.hpp"
#include "runtime/base/shard_name.hpp"
#include "runtime/cluster/admission.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>

namespace millrace::host {
namespace {

const config::state_place in_cluster{"the state in the cluster",
                                     "apply the old topology, or give this one another name"};

/// Takes over what stays as it is of the plan before.
expected<void> take_over_plan(hosted_plan& plan, const apply_options& o) {
  ASSIGN_OR_RETURN(auto before, decode_plan(o.before->plan));
  plan.state_id = before.state_id;
  if (before.lanes != 0)
    plan.lanes = before.lanes;
  plan.values = std::move(before.values);
  // A plan of an earlier version keeps no fingerprint. Where this one does not read its text, it says nothing.
  if (const std::string name(config::fingerprint_name); !plan.values.contains(name))
    if (const auto topology = load_plan(before.text, o.topology))
      plan.values[name] = (*topology)->state_fingerprint;
  return {};
}

/// Says whether all lanes have parsed by this fingerprint; `earlier`: that of lanes that keep none.
expected<bool> all_have_parsed_by(const std::string& fingerprint, const std::string& earlier,
                                  const apply_options& o) {
  if (!o.kept)
    return false;
  for (const auto& [name, actor] : o.before->actors) {
    if (actor.spec.kind != cluster::actor_kind::lane)
      continue;
    ASSIGN_OR_RETURN(const auto by, deployment::parsed_by(*o.kept, name, earlier));
    if (by != fingerprint)
      return false;
  }
  return true;
}

/// The state of the earlier plan, which `store` has, goes on, where it fits; its plan says from now on by which topology
/// its lanes have parsed. Returns what has changed, for people.
expected<std::string> go_on_with_state(plan_values& store, const config::topology& t,
                                       const apply_options& o) {
  ASSIGN_OR_RETURN(const auto fit, deployment::check_fit(store, t, in_cluster));
  if (!fit)
    return std::string();
  ASSIGN_OR_RETURN(auto made_by, store.get(config::fingerprint_name));
  ASSIGN_OR_RETURN(const auto earlier, snapshot::find_value(store, deployment::parsed_by_name));
  bool all_have_begun = true;
  if (earlier) {
    ASSIGN_OR_RETURN(all_have_begun, all_have_parsed_by(made_by, *earlier, o));
  }
  if (all_have_begun && made_by == t.state_fingerprint)
    store.erase(deployment::parsed_by_name);
  else if (all_have_begun)
    RETURN_IF_ERROR(store.put(deployment::parsed_by_name, made_by));
  return config::fits_with_notes(*fit);
}

/// Returns the node of each actor that is pinned, by the actor's name.
std::map<std::string, std::string> homes_in(const std::optional<cluster::topology_state>& before) {
  std::map<std::string, std::string> out;
  if (before)
    for (const auto& [name, actor] : before->actors)
      if (actor.spec.is_pinned)
        out[name] = actor.spec.node;
  return out;
}

expected<void> check_node(const config::stage& s, const std::set<std::string>& nodes) {
  const auto named = node_named_by(s);
  if (named.empty() || nodes.contains(named))
    return {};
  return user_error(ec::not_found, fmt::format("{}: the cluster has no node \"{}\"; it has {}", s.name, named,
                                               fmt::join(nodes, ", ")));
}

expected<void> check_nodes(const config::topology& t, const std::set<std::string>& nodes) {
  for (const auto& s : t.stages)
    if (auto good = check_node(s, nodes); !good)
      return good;
  return t.dead_letters ? check_node(*t.dead_letters, nodes) : expected<void>();
}

/// The node that a file source is on already; empty where that is not decided yet.
std::string home_of(const config::stage& source, const config::topology& t,
                    const std::optional<cluster::topology_state>& before) {
  if (auto named = node_named_by(source); !named.empty() || !before)
    return named;
  for (const auto& [_, actor] : before->actors) {
    const auto* const parser = t.find(actor.spec.group);
    if (actor.spec.kind == cluster::actor_kind::lane && actor.spec.is_pinned && parser != nullptr &&
        parser->from.front().stage == source.name)
      return actor.spec.node;
  }
  return {};
}

/// The node that prepares a topology reads its files.
expected<void> check_files(const config::topology& t, const apply_options& o) {
  for (const auto& s : t.stages) {
    if (!config::traits_of(s).has_own_files)
      continue;
    const auto home = home_of(s, t, o.before);
    if (!home.empty() && home != o.node)
      return user_error(ec::mismatch,
                        fmt::format("{}: its files are on node {}, and node {} was asked; ask that one "
                                    "(--connect)",
                                    s.name, home, o.node));
  }
  return {};
}

}  // namespace

expected<bool> take_over_found(snapshot::value_store& values, const cluster::topology_state& before) {
  bool any = false;
  for (const auto& [name, start] : before.starts) {
    const auto key = deployment::starts_name(name.parser);
    ASSIGN_OR_RETURN(const auto stored, snapshot::find_value(values, key));
    if (!stored)
      continue;
    ASSIGN_OR_RETURN(auto partitions, deployment::decode_starts(*stored));
    if (std::ranges::count(partitions, name.partition, &deployment::started_partition::name) != 0)
      continue;
    partitions.push_back({name.partition, start.start.at, true});
    RETURN_IF_ERROR(values.put(key, deployment::encode_starts(partitions)));
    any = true;
  }
  return any;
}

expected<std::string> text_to_start(const cluster::control_state& cluster, const std::string& topology) {
  using cluster::topology_status;
  const auto found = cluster.topologies.find(topology);
  if (found == cluster.topologies.end())
    return cluster::no_topology(cluster, topology);
  const auto refuse = [&](std::string_view why) {
    return user_error(ec::mismatch, fmt::format("the topology {} {}", topology, why));
  };
  switch (found->second.status) {
  case topology_status::running:
    return refuse("runs already");
  case topology_status::stopping:
    return refuse("is stopping; start it once it has stopped");
  case topology_status::finished:
    return refuse("has ended; `millrace apply` takes what its files have got since");
  case topology_status::failed:
  case topology_status::stopped:
    break;
  }
  return decode_plan(found->second.plan).and_then([&](hosted_plan&& p) {
    return p.text.empty() ? expected<std::string>(no_text(topology)) : std::move(p.text);
  });
}

namespace {

expected<cluster::records::topology_applied> prepare(const apply_options& o) {
  auto topology = load_plan(o.text, o.topology);
  if (!topology)
    return unexpected(topology.error());
  if ((*topology)->name != o.topology)
    return user_error(ec::invalid_argument,
                      fmt::format("the topology is called {}, not {}", (*topology)->name, o.topology));
  for (const auto& stage : (*topology)->stages)
    if (config::traits_of(stage).is_standard_input)
      return user_error(
          ec::invalid_argument,
          fmt::format("{}: nodes read no standard input; name a file, or use `millrace run`", stage.name));
  RETURN_IF_ERROR(check_nodes(**topology, o.nodes));
  RETURN_IF_ERROR(config::check_secrets(**topology, connectors()));
  RETURN_IF_ERROR(check_files(**topology, o));
  hosted_plan plan{o.text, random_id(), o.lanes, {}};
  if (o.before)
    RETURN_IF_ERROR(take_over_plan(plan, o));
  plan_values store({plan.state_id, o.topology, {}, false}, o.folder, plan.values);
  std::string changes;
  if (o.before) {
    ASSIGN_OR_RETURN(changes, go_on_with_state(store, **topology, o));
    ASSIGN_OR_RETURN(const auto taken, take_over_found(store, *o.before));
    // A partition that was found at the very end may not have been read: the present run goes on with it first.
    // Else the record that has this plan in `control` begins the next one (docs/design/next-run.md).
    if (o.before->status == cluster::topology_status::finished && !taken && o.kept)
      RETURN_IF_ERROR(deployment::begin_next_run(
          **topology, store,
          {*o.kept, o.snapshots_of, fmt::format("`millrace remove {}` and apply it again", o.topology),
           true}));
  }
  RETURN_IF_ERROR(store.put(config::fingerprint_name, (*topology)->state_fingerprint));
  deployment::pipeline_options options;
  options.topology = *topology;
  options.start_timeout = o.start_timeout;
  options.cancelled = o.cancelled;
  options.asking = o.on_wait;
  options.on_wait = o.on_wait;
  options.threads = plan.lanes;
  options.make = o.make;
  options.chains = o.chains;
  options.runs_sources = false;
  auto decided = deployment::decide(options, store, std::make_shared<source::feeds>());
  if (!decided)
    return unexpected(error(decided.error().why));
  if (!changes.empty())
    spdlog::info("{}: {}", o.topology, changes);
  plan.values = store.all();
  keep_zones(plan, **topology);
  // A plan that was prepared for a state that is removed meanwhile does not begin another one, and one of two that were
  // prepared for the same end does not begin a second next run.
  const auto goes_on_from = o.before ? o.before->generation : 0;
  return cluster::records::topology_applied{o.topology, encode_plan(plan), goes_on_from,
                                            actors_of(*decided, **topology, o.node, homes_in(o.before))};
}

}  // namespace

expected<bool> stops_first(const cluster::topology_state& before,
                           const cluster::records::topology_applied& now) {
  if (!before.is_active())
    return false;
  ASSIGN_OR_RETURN(auto had, decode_plan(before.plan));
  ASSIGN_OR_RETURN(auto has, decode_plan(now.plan));
  const std::string name(config::fingerprint_name);
  return had.values.contains(name) &&
         config::compare_fingerprints(had.values[name], has.values[name]).parses_otherwise();
}

expected<cluster::records::topology_applied> prepare_apply(const apply_options& o) {
  return prepare(o).map_error([&o](const error& why) { return in_words_of_cluster(why, o.topology); });
}

}  // namespace millrace::host
