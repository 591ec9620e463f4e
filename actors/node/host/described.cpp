#include "actors/node/host/described.hpp"

#include "actors/node/host/cluster_words.hpp"
#include "actors/observe/pause.hpp"
#include "actors/observe/troubles.hpp"
#include "runtime/base/shard_name.hpp"
#include "runtime/cluster/admission.hpp"
#include "runtime/cluster/suspects.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace millrace::host {
namespace {

using api::event_time;

/// Says what a user can do so that these actors get a node.
std::string remedy_of(const node::cluster_described& d, const std::string& node, bool one) {
  if (node.empty())
    return "start another node, or `millrace undrain` one";
  const auto known = d.state->nodes.find(node);
  const bool is_known = known != d.state->nodes.end();
  const bool is_draining = is_known && known->second.is_draining;
  const auto undrain = fmt::format("`millrace undrain {}`", node);
  if (is_draining && d.present.contains(node))
    return undrain;
  return fmt::format(
      "start node {}{}{}; `millrace forget {}` gives {} up there, and what only its disk has is "
      "lost, such as unread lines",
      node, is_known ? " again" : "", is_draining ? ", and " + undrain : std::string(), node,
      one ? "it" : "them");
}

event_time death_of(const node::cluster_described& d, const std::string& node) {
  const auto known = d.state->nodes.find(node);
  const bool has_died = known != d.state->nodes.end() && known->second.is_over && !known->second.has_left &&
                        !known->second.deaths.empty();
  return has_died ? event_time{known->second.deaths.back()} : event_time{};
}

/// One trouble, as a topology has one line of a kind.
std::optional<api::answers::trouble> trouble_of(const std::string& topology,
                                                const std::vector<observe::unplaced_figures>& all) {
  if (all.empty())
    return std::nullopt;
  api::answers::trouble out{
      topology,          api::trouble_code::not_placed, {}, {}, all.front().text, {}, all.front().since,
      all.front().remedy};
  for (std::size_t i = 1; i < all.size(); ++i) {
    const auto& x = all[i];
    out.text += "; " + x.text;
    out.remedy += "; " + x.remedy;
    if (x.since.at != no_watermark && (out.since.at == no_watermark || x.since < out.since))
      out.since = x.since;
  }
  return out;
}

/// "counts/3 has taken down node b at record parsed/4@165; next try in 40 s".
std::string suspect_of(const std::string& name, const cluster::actor_state& a, event_micros now) {
  const auto& last = a.crashes.back();
  auto out = fmt::format("{} has taken down node {}", name, last.node);
  if (a.crashes.size() > 1)
    out += fmt::format(" ({} times)", a.crashes.size());
  if (const auto& r = last.records; r && r->to.minor == whole)
    out += fmt::format(" in the output of {}", r->log);  // whole windows
  else if (r)
    out += r->record || r->records == 1
               ? fmt::format(" at record {}@{}", r->log, r->record.value_or(r->from).minor)
               : fmt::format(" between {0}@{1} and {0}@{2}", r->log, r->from.minor, r->to.minor);
  const auto next = cluster::next_try(a);
  if (next && *next > now)
    out += fmt::format("; next try in {} s", (*next - now + 999'999) / 1'000'000);
  return out;
}

api::answers::topology state_of(const node::cluster_described& d, const std::string& name,
                                const cluster::topology_state& t) {
  using cluster::topology_status;
  switch (t.status) {
  case topology_status::failed: {
    const auto why =
        d.is_alone ? t.why : in_words_of_cluster({ec::internal, fault::outside, false, t.why, {}}).message;
    return {name, api::topology_state::failed,
            t.failed_actor.empty() || t.failed_actor == name
                ? why
                : fmt::format("{}: {}", lasting_name(t.failed_actor), why)};
  }
  case topology_status::finished:
    return {name, api::topology_state::ended, {}};
  case topology_status::stopped:
    return {name, api::topology_state::stopped, {}};
  case topology_status::stopping:
    return {name, api::topology_state::running, "it is stopping"};
  case topology_status::running: {
    api::answers::topologies one{{{name, api::topology_state::running,
                                   t.is_paused ? std::string(observe::paused_words) : std::string()}}};
    std::vector<api::answers::trouble> seen;
    for (auto& c : crashes_of(d, name))
      seen.push_back({name, api::trouble_code::crashes, c.stage, {}, std::move(c.text), {}, c.since});
    if (auto waiting = trouble_of(name, waiting_of(d, name)))
      seen.push_back(*std::move(waiting));
    observe::add_troubles(one, seen);
    return std::move(one.all.front());
  }
  }
  return {name, api::topology_state::running, {}};
}

api::answers::topology describe_topology(const node::cluster_described& d, const std::string& name,
                                         const cluster::topology_state& t) {
  auto out = state_of(d, name, t);
  if (!t.is_active() && t.ended_at != 0)
    out.ended_at = {t.ended_at};
  return out;
}

/// The source or sink for which an actor is where it is; null where the plan does not say.
const config::stage* pinning_stage(const cluster::actor_spec& a, const config::topology& t) {
  if (a.kind == cluster::actor_kind::lane) {
    const auto* const parser = t.find(a.group);
    return parser == nullptr ? nullptr : t.find(parser->from.front().stage);
  }
  const auto* const sink = t.find(a.name);
  return sink == nullptr && t.dead_letters ? &*t.dead_letters : sink;
}

api::answers::staying staying(const cluster::actor_id& id, const cluster::actor_spec& spec,
                              const std::shared_ptr<const config::topology>& plan) {
  const auto* const stage = plan ? pinning_stage(spec, *plan) : nullptr;
  api::answers::staying out{fmt::format("{}/{}", id.topology, lasting_name(id.name)), {}, {}};
  const bool is_named = stage != nullptr && !node_named_by(*stage).empty();
  const bool is_on_disk = stage == nullptr || is_on_one_disk(*stage);
  out.why = is_named ? fmt::format("\"node\" of {} names {}", stage->name, spec.node)
                     : fmt::format("it is on the disk of {}", spec.node);
  out.release =
      is_on_disk
          ? fmt::format("`millrace stop {}` ends it; or, once the process of {} has ended, `millrace forget "
                        "{}` drops what is on its disk, and it begins elsewhere",
                        id.topology, spec.node, spec.node)
          : fmt::format("`millrace apply` of {} with another \"node\" in {}", id.topology, stage->name);
  return out;
}

}  // namespace

std::vector<observe::crash_figures> crashes_of(const node::cluster_described& d,
                                               const std::string& topology) {
  std::vector<observe::crash_figures> out;
  const auto& t = d.state->topologies.at(topology);
  for (const auto& [name, a] : t.actors)
    if (t.is_active() && !cluster::node_at_risk(a, d.now).empty())
      out.push_back({a.spec.group, lasting_name(name), suspect_of(lasting_name(name), a, d.now),
                     cluster::next_try(a).value_or(0) > d.now, event_time{a.crashes.front().at}});
  return out;
}

std::vector<observe::unplaced_figures> waiting_of(const node::cluster_described& d,
                                                  const std::string& topology) {
  struct of_node {
    std::vector<std::string> names;
    std::set<std::string> groups;
  };
  std::map<std::string, of_node> by_node;  // the empty name: any node
  const auto& actors = d.state->topologies.at(topology).actors;
  for (const auto& id : d.waiting) {
    if (id.topology != topology)
      continue;
    const auto known = actors.find(id.name);
    const bool is_known = known != actors.end();
    auto& same = by_node[is_known && known->second.spec.is_pinned ? known->second.spec.node : std::string()];
    same.names.push_back(lasting_name(id.name));
    if (is_known)
      same.groups.insert(known->second.spec.group);
  }
  std::vector<observe::unplaced_figures> out;
  for (auto& [node, x] : by_node) {
    const bool one = x.names.size() == 1;
    const auto wait = fmt::format("{} {}", fmt::join(x.names, ", "), one ? "waits" : "wait");
    out.push_back({{x.groups.begin(), x.groups.end()},
                   node.empty() ? fmt::format("{} for a node that may be given something", wait)
                                : fmt::format("{} for node {}, on whose disk {}", wait, node,
                                              one ? "it is" : "they are"),
                   remedy_of(d, node, one),
                   death_of(d, node)});
  }
  return out;
}

expected<api::answers::topology> topology_of(const node::cluster_described& d, const std::string& name) {
  const auto t = d.state->topologies.find(name);
  if (t == d.state->topologies.end())
    return cluster::no_topology(*d.state, name);
  return describe_topology(d, name, t->second);
}

api::answers::topologies topologies_of(const node::cluster_described& d) {
  api::answers::topologies out;
  for (const auto& [name, t] : d.state->topologies)
    out.all.push_back(describe_topology(d, name, t));
  return out;
}

api::answers::nodes nodes_of(const node::cluster_described& d, const std::string& leader) {
  api::answers::nodes out;
  for (const auto& [name, n] : d.state->nodes) {
    api::answers::node one{name, n.session, name == leader, api::node_state::up, {}};
    for (const auto& [topology, t] : d.state->topologies)
      for (const auto& [actor, a] : t.actors)
        if (a.at && a.at->node == name && a.at->session == n.session)
          one.actors.push_back(fmt::format("{}/{}", topology, lasting_name(actor)));
    if (n.has_left)
      one.state = api::node_state::left;
    else if (n.is_draining)
      one.state = one.actors.empty() ? api::node_state::drained : api::node_state::draining;
    else if (!d.present.contains(name))
      one.state = api::node_state::silent;
    else if (cluster::is_flapping(n, d.now))
      one.state = api::node_state::flapping;
    out.all.push_back(std::move(one));
  }
  return out;
}

std::set<std::string> groups_of(const cluster::topology_state& t) {
  std::set<std::string> out;
  for (const auto& [_, a] : t.actors)
    out.insert(a.spec.group);
  return out;
}

std::vector<api::answers::staying> staying_on(const node::cluster_described& d, const std::string& node,
                                              const plan_finder& plan_of) {
  std::vector<api::answers::staying> out;
  for (const auto& id : cluster::pinned_to(*d.state, node)) {
    const auto& t = d.state->topologies.at(id.topology);
    if (t.is_active())
      out.push_back(staying(id, t.actors.at(id.name).spec, plan_of(id.topology)));
  }
  return out;
}

}  // namespace millrace::host
