#include "actors/node/host/apply.hpp"

#include "actors/deployment/start_positions.hpp"
#include "actors/node/host/cluster_words.hpp"
#include "actors/node/host/plan_values.hpp"
#include "config/plan/state_fit.hpp"
#include "config/secrets.hpp"
#include "runtime/base/random.hpp"
#include "runtime/base/shard_name.hpp"
#include "runtime/cluster/admission.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace millrace::host {
namespace {

/// Returns an empty value where this version does not read the plan.
std::string fingerprint_of(const hosted_plan& p, const apply_options& o) {
  if (const auto kept = p.values.find(std::string(config::fingerprint_name));
      p.text.empty() && kept != p.values.end())
    return kept->second;
  const auto planned = o.plans->of(o.topology, *o.before);
  return planned ? (*planned)->topology->state_fingerprint : std::string();
}

/// The state of the earlier plan goes on, where it fits.
expected<void> check_fit(const hosted_plan& before, const config::topology& now, const apply_options& o) {
  const auto fingerprint = fingerprint_of(before, o);
  if (fingerprint.empty())
    return {};  // this version reads it no more, so it says nothing
  const auto fit = config::compare_fingerprints(fingerprint, now.state_fingerprint);
  if (fit.fits())
    return {};
  return user_error(
      ec::mismatch,
      fmt::format("the cluster has the state of another version of topology '{}': {}; apply the "
                  "old topology, or give this one another name",
                  now.name, fit.refusal));
}

/// The files of an ended topology may have got more since: then the plan is of its next run from here on
/// (docs/design/next-run.md). The record that has this plan in `control` begins that run.
expected<void> go_on_with_next_run(plan_values& store, const config::topology& t, const apply_options& o) {
  auto at_end = store;  // lanes may have learned more of their files than the plan has
  for (const auto& s : t.stages) {
    if (!config::traits_of(s).goes_on)
      continue;
    const auto name = deployment::identity_name(s.name);
    const auto kept = o.kept->get(name);
    if (!kept && kept.error().code != ec::not_found)
      return unexpected(kept.error());
    if (kept)
      if (auto put = at_end.put(name, *kept); !put)
        return put;
  }
  ASSIGN_OR_RETURN(const auto present, deployment::present_run(store));
  ASSIGN_OR_RETURN(auto next,
                   deployment::next_run(t, at_end, present.number,
                                        deployment::left_by(o.snapshots_of, present.number),
                                        fmt::format("`millrace remove {}` and apply it again", t.name)));
  if (!next)
    return {};
  if (auto put = deployment::put_beginning(*next, store); !put)
    return put;
  // They stand in their own places from now on, and the plan is small.
  next->identities.clear();
  next->starts.clear();
  return store.put(deployment::run_record_name, deployment::encode_run(*next));
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
    const auto stored = values.get(key);
    if (!stored && stored.error().code == ec::not_found)
      continue;
    auto partitions =
        stored.and_then([](const std::string& text) { return deployment::decode_starts(text); });
    if (!partitions)
      return unexpected(partitions.error());
    if (std::ranges::count(*partitions, name.partition, &deployment::started_partition::name) != 0)
      continue;
    partitions->push_back({name.partition, start.start.at, true});
    RETURN_IF_ERROR(values.put(key, deployment::encode_starts(*partitions)));
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
  if (o.before) {
    auto before = decode_plan(o.before->plan);
    if (!before)
      return unexpected(before.error());
    RETURN_IF_ERROR(check_fit(*before, **topology, o));
    plan.state_id = before->state_id;
    if (before->lanes != 0)
      plan.lanes = before->lanes;
    plan.values = std::move(before->values);
    plan.values.erase(std::string(config::fingerprint_name));
  }
  plan_values store({plan.state_id, o.topology, {}, false}, o.folder, plan.values);
  if (o.before) {
    ASSIGN_OR_RETURN(const auto taken, take_over_found(store, *o.before));
    // A partition that was found at the very end may not have been read: the present run goes on with it first.
    if (o.before->status == cluster::topology_status::finished && !taken && o.kept)
      RETURN_IF_ERROR(go_on_with_next_run(store, **topology, o));
  }
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
  plan.values = store.all();
  keep_zones(plan, **topology);
  // A plan that was prepared for a state that is removed meanwhile does not begin another one, and one of two that were
  // prepared for the same end does not begin a second next run.
  const auto goes_on_from = o.before ? o.before->generation : 0;
  return cluster::records::topology_applied{o.topology, encode_plan(plan), goes_on_from,
                                            actors_of(*decided, **topology, o.node, homes_in(o.before))};
}

}  // namespace

expected<cluster::records::topology_applied> prepare_apply(const apply_options& o) {
  return prepare(o).map_error([&o](const error& why) { return in_words_of_cluster(why, o.topology); });
}

}  // namespace millrace::host
