#include "actors/node/host/apply.hpp"

#include "actors/deployment/parsed_by.hpp"
#include "actors/deployment/start_positions.hpp"
#include "actors/node/host/cluster_words.hpp"
#include "actors/node/host/plan_values.hpp"
#include "actors/node/host/sinks_after_end.hpp"
#include "config/secrets.hpp"
#include "runtime/base/random.hpp"
#include "runtime/base/shard_name.hpp"
#include "runtime/cluster/admission.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>

namespace millrace::host {
namespace {

const config::state_place in_cluster{
    "the state in the cluster",
    "apply the old topology, give this one another name, or begin anew with --fresh"};

/// Returns the lanes of a plan by their parsers.
std::map<std::string, std::set<std::string>> lanes_in(const cluster::topology_state& t) {
  std::map<std::string, std::set<std::string>> out;
  for (const auto& [name, actor] : t.actors)
    if (actor.spec.kind == cluster::actor_kind::lane)
      out[actor.spec.group].insert(name);
  return out;
}

/// Some lanes of the plan before, which was made by `fingerprint`, have not begun by it yet.
expected<bool> parses_by_another(const std::string& fingerprint, const apply_options& o) {
  for (const auto& [_, lanes] : lanes_in(*o.before))
    for (const auto& lane : lanes) {
      ASSIGN_OR_RETURN(const auto by, deployment::parsed_by(*o.kept, lane));
      if (by && *by != fingerprint)
        return true;
    }
  return false;
}

/// Takes over what stays as it is of the plan before. A plan whose number of lanes is not fixed may get others, unless its
/// lanes go by several fingerprints: a partition goes to another lane with that.
expected<void> take_over_plan(begun_plan& out, const apply_options& o) {
  ASSIGN_OR_RETURN(auto before, decode_plan(o.before->plan));
  out.plan.state_id = before.state_id;
  out.plan.values = std::move(before.values);
  if (o.is_alone)
    for (auto& [name, value] : out.plan.values)
      if (deployment::is_identity_name(name)) {
        ASSIGN_OR_RETURN(auto kept, snapshot::find_value(*o.kept, name));
        value = std::move(kept).value_or(value);
      }
  if (before.lanes != 0 && !o.is_alone) {
    out.plan.lanes = before.lanes;
    return {};
  }
  out.former_lanes = lanes_in(*o.before);
  out.former_fingerprint = fingerprint_of(out.plan.values);
  ASSIGN_OR_RETURN(const auto is_mixed, parses_by_another(out.former_fingerprint, o));
  if (is_mixed) {
    out.plan.lanes = 1;
    for (const auto& [_, lanes] : out.former_lanes)
      out.plan.lanes = std::max<std::uint64_t>(out.plan.lanes, lanes.size());
  }
  return {};
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

/// Returns whether a source takes records before anything was read downstream: they are in its spool.
bool receives_by_itself(const config::topology& t) {
  return std::ranges::any_of(t.stages, [](const config::stage& s) {
    const auto& traits = config::traits_of(s);
    return traits.receives || traits.is_standard_input;
  });
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

expected<begun_plan> begin_plan(std::shared_ptr<const config::topology> topology, hosted_plan plan,
                                const apply_options& o, const config::state_place& place) {
  begun_plan out{std::move(topology), std::move(plan)};
  const auto& t = *out.topology;
  const bool goes_on = o.before && !o.begins_anew;
  if (goes_on)
    RETURN_IF_ERROR(take_over_plan(out, o));
  plan_values store({out.plan.state_id, o.topology}, o.folder, std::move(out.plan.values));
  if (o.begins_anew)
    RETURN_IF_ERROR(store.put(begins_anew_name, "1"));
  store.erase(adopts_name);
  if (o.adopts)
    RETURN_IF_ERROR(store.put(adopts_name, "1"));
  if (goes_on) {
    ASSIGN_OR_RETURN(const auto fit, deployment::check_fit(store, t, place));
    out.changes = fit ? config::fits_with_notes(*fit) : std::string();
    out.after_end = sinks_after_end(*o.before, t);
    ASSIGN_OR_RETURN(out.has_found, take_over_found(store, *o.before));
    // A partition that was found at the very end may not have been read: the present run goes on with it first.
    // Else the record that has this plan in `control` begins the next one (docs/design/next-run.md).
    if (o.before->status == cluster::topology_status::finished && !out.has_found && o.kept) {
      ASSIGN_OR_RETURN(out.is_next_run, deployment::begin_next_run(t, store, {*o.kept, o.snapshots_of}));
    }
  }
  RETURN_IF_ERROR(store.put(config::fingerprint_name, t.state_fingerprint));
  if (receives_by_itself(t))
    RETURN_IF_ERROR(store.put(has_read_name, "1"));
  out.plan.values = store.all();
  return out;
}

tl::expected<made_plan, deployment::preparation_error>
finish_plan(begun_plan begun, const apply_options& o, deployment::pipeline_options how,
            const std::shared_ptr<source::feeds>& feeds) {
  const auto failed = [](error why) {
    return tl::unexpected(deployment::preparation_error{std::move(why), true});
  };
  how.topology = begun.topology;
  how.threads = begun.plan.lanes;
  how.nothing_read = begun.nothing_read;
  plan_values store({begun.plan.state_id, o.topology}, o.folder, std::move(begun.plan.values));
  auto decided = deployment::decide(how, store, feeds);
  if (!decided)
    return tl::unexpected(std::move(decided).error());
  for (const auto& lane : decided->layout.lanes)
    if (const auto former = begun.former_lanes.find(lane.plan);
        former != begun.former_lanes.end() && !former->second.contains(lane.name))
      if (const auto kept = o.keep(deployment::parsed_by_name(lane.name), begun.former_fingerprint); !kept)
        return failed(kept.error());
  if (!begun.changes.empty())
    spdlog::info("{}: {}", o.topology, begun.changes);
  if (!begun.after_end.empty())
    spdlog::warn("{}: {}", o.topology, begun.after_end);
  begun.plan.values = store.all();
  keep_zones(begun.plan, *begun.topology);
  return made_plan{std::move(begun.plan), std::move(*decided)};
}

namespace {

expected<cluster::records::topology_applied> prepare(const apply_options& o) {
  ASSIGN_OR_RETURN(const auto topology, load_plan(o.text, o.topology));
  if (topology->name != o.topology)
    return user_error(ec::invalid_argument,
                      fmt::format("the topology is called {}, not {}", topology->name, o.topology));
  RETURN_IF_ERROR(check_nodes(*topology, o.nodes));
  RETURN_IF_ERROR(config::check_secrets(*topology, connectors()));
  RETURN_IF_ERROR(check_files(*topology, o));
  ASSIGN_OR_RETURN(auto begun, begin_plan(topology, {o.text, random_id(), o.lanes, {}}, o, in_cluster));
  deployment::pipeline_options how;
  how.start_timeout = o.start_timeout;
  how.cancelled = o.cancelled;
  how.asking = o.on_wait;
  how.on_wait = o.on_wait;
  how.make = o.make;
  how.chains = o.chains;
  how.runs_sources = false;
  auto made = finish_plan(std::move(begun), o, std::move(how), std::make_shared<source::feeds>());
  if (!made)
    return unexpected(std::move(made).error().why);
  // A plan that was prepared for a state that is removed meanwhile does not begin another one, and one of two that were
  // prepared for the same end does not begin a second next run.
  const auto goes_on_from = o.before ? o.before->generation : 0;
  return cluster::records::topology_applied{o.topology, encode_plan(made->plan), goes_on_from,
                                            actors_of(made->decided, *topology, o.node, homes_in(o.before)),
                                            o.begins_anew};
}

}  // namespace

expected<bool> stops_first(const cluster::topology_state& before,
                           const cluster::records::topology_applied& now) {
  if (!before.is_active())
    return false;
  if (now.begins_anew)
    return true;
  ASSIGN_OR_RETURN(const auto had, decode_plan(before.plan));
  ASSIGN_OR_RETURN(const auto has, decode_plan(now.plan));
  const auto made_by = fingerprint_of(had.values);
  return !made_by.empty() &&
         config::compare_fingerprints(made_by, fingerprint_of(has.values)).parses_otherwise();
}

expected<cluster::records::topology_applied> prepare_apply(const apply_options& o) {
  return prepare(o).map_error(in_words_of_cluster);
}

}  // namespace millrace::host
