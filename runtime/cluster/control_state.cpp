#include "runtime/cluster/control_state.hpp"

#include "runtime/cluster/suspects.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace millrace::cluster {
namespace {

unexpected contradiction(std::string_view what, std::string_view name) {
  return fatal_error(ec::corrupt,
                     fmt::format("the chain control contradicts itself: {} {}; restore the store "
                                 "from a copy, or found the cluster again in another one",
                                 what, name));
}

/// Folds a record into the state.
struct fold {
  control_state& s;

  topology_state* topology(const std::string& name) {
    const auto found = s.topologies.find(name);
    return found == s.topologies.end() ? nullptr : &found->second;
  }
  actor_state* actor(const actor_id& id) {
    auto* const t = topology(id.topology);
    if (t == nullptr || !t->is_active())
      return nullptr;
    const auto found = t->actors.find(id.name);
    return found == t->actors.end() ? nullptr : &found->second;
  }
  static void end(topology_state& t, topology_status how, event_micros at) {
    t.status = how;
    t.ended_at = at;
    t.is_paused = false;
    for (auto& [name, a] : t.actors)
      a.at.reset();
  }

  expected<void> operator()(const records::founded& r) {
    if (!s.cluster.empty())
      return contradiction("it is founded twice, as", r.cluster);
    s.cluster = r.cluster;
    s.formats = r.formats;
    return {};
  }
  expected<void> operator()(const records::formats_raised& r) {
    s.formats = std::max(s.formats, r.formats);
    return {};
  }
  /// Keeps pins, places and what was decided of the log; crashes are forgotten, since somebody has looked.
  expected<void> operator()(const records::topology_applied& r) {
    const auto* const now = topology(r.topology);
    if (r.generation < s.next_generation(r.topology))
      return contradiction("an older plan replaces that of", r.topology);
    auto& t = s.topologies[r.topology];
    if (now == nullptr) {
      t.first_generation = r.generation;
      t.begins_anew = s.removed.contains(r.topology);
    } else if (r.is_blank) {
      s.leftovers.insert(chains_of(r.topology, t.first_generation));
      t.first_generation = r.generation;
      t.starts.clear();
      t.verdicts.clear();
    }
    auto before = std::exchange(t.actors, {});
    for (const auto& spec : r.actors) {
      auto& a = t.actors[spec.name];
      a.spec = spec;
      const auto old = before.find(spec.name);
      if (old == before.end())
        continue;
      a.at = std::move(old->second.at);
      if (spec.is_pinned && spec.node.empty())
        a.spec.node = old->second.spec.node;
    }
    t.plan = r.plan;
    t.generation = r.generation;
    t.number = ++s.plans;
    t.status = topology_status::running;
    t.failed_actor.clear();
    t.why.clear();
    return {};
  }
  expected<void> operator()(const records::session_given& r) {
    if (r.session <= s.sessions)
      return contradiction("a session is given twice, to the node", r.node);
    s.sessions = r.session;
    auto& n = s.nodes[r.node];
    n = {r.instance, r.session, false, false, false, std::move(n.deaths)};
    return {};
  }
  expected<void> operator()(const records::session_ended& r) {
    const auto node = s.nodes.find(r.node);
    if (node == s.nodes.end() || node->second.session != r.session)
      return contradiction("another session ends than that of the node", r.node);
    node->second.is_over = true;
    node->second.has_left = !r.has_died;
    if (!r.has_died)
      return {};
    note_death(node->second, r.at);
    for (auto& [name, t] : s.topologies)
      for (auto& [_, a] : t.actors)
        if (a.at && a.at->session == r.session)
          note_death(a, r.at);
    return {};
  }
  expected<void> operator()(const records::placed& r) {
    auto* const a = actor(r.actor);
    if (a == nullptr)
      return contradiction("it places", r.actor.name);
    if (r.term <= s.terms)
      return contradiction("a term is given twice, to", r.actor.name);
    s.terms = r.term;
    a->at = {r.node, r.session, r.term, s.topologies[r.actor.topology].generation};
    if (a->spec.is_pinned && a->spec.node.empty())
      a->spec.node = r.node;
    return {};
  }
  expected<void> operator()(const records::term_granted& r) {
    auto* const a = actor(r.actor);
    if (a == nullptr || !a->at)
      return contradiction("it gives a term to", r.actor.name);
    if (r.term <= s.terms)
      return contradiction("a term is given twice, to", r.actor.name);
    s.terms = r.term;
    a->at->term = r.term;
    a->at->generation = s.topologies[r.actor.topology].generation;
    return {};
  }
  expected<void> operator()(const records::verdict_given& r) {
    auto* const t = topology(r.topology);
    if (t == nullptr)
      return contradiction("it gives up a record of", r.topology);
    t->verdicts.try_emplace({r.log, r.at}, r.error);
    for (auto& [_, a] : t->actors)
      forget_crashes_at(a, r.log, r.at);
    return {};
  }
  expected<void> operator()(const records::verdicts_settled& r) {
    auto* const t = topology(r.topology);
    if (t == nullptr)
      return contradiction("it settles records of", r.topology);
    std::erase_if(t->verdicts, [&](const auto& v) { return v.first.log == r.log && v.first.at < r.below; });
    return {};
  }
  expected<void> operator()(const records::partition_started& r) {
    auto* const t = topology(r.topology);
    if (t == nullptr)
      return contradiction("it starts a partition of", r.topology);
    t->starts.try_emplace({r.parser, r.partition}, partition_start{r.log, r.start, r.lane});
    return {};
  }
  expected<void> operator()(const records::topology_failed& r) {
    auto* const t = topology(r.topology);
    if (t == nullptr)
      return contradiction("it gives up", r.topology);
    end(*t, topology_status::failed, r.at);
    t->failed_actor = r.actor;
    t->why = r.why;
    return {};
  }
  expected<void> operator()(const records::finished& r) {
    auto* const t = topology(r.topology);
    if (t == nullptr)
      return contradiction("it finishes", r.topology);
    end(*t, t->status == topology_status::stopping ? topology_status::stopped : topology_status::finished,
        r.at);
    return {};
  }
  expected<void> operator()(const records::stop_asked& r) {
    auto* const t = topology(r.topology);
    if (t == nullptr || !t->is_active())
      return contradiction("it stops", r.topology);
    t->status = topology_status::stopping;
    return {};
  }
  expected<void> operator()(const records::pause_set& r) {
    auto* const t = topology(r.topology);
    if (t == nullptr || !t->is_active())
      return contradiction("it pauses or resumes", r.topology);
    t->is_paused = r.is_paused;
    return {};
  }
  expected<void> operator()(const records::topology_removed& r) {
    const auto* const t = topology(r.topology);
    if (t == nullptr || t->is_active())
      return contradiction("it removes", r.topology);
    s.leftovers.insert(chains_of(r.topology, t->first_generation));
    s.topologies.erase(r.topology);
    s.removed[r.topology] = s.plans;
    if (s.removed.size() > max_removed)
      s.removed.erase(std::ranges::min_element(s.removed, {}, [](const auto& x) { return x.second; }));
    return {};
  }
  expected<void> operator()(const records::chains_cleared& r) {
    s.leftovers.erase(r.chains);
    return {};
  }
  expected<void> operator()(const records::drain_set& r) {
    const auto node = s.nodes.find(r.node);
    if (node == s.nodes.end())
      return contradiction("it drains the node", r.node);
    node->second.is_draining = r.is_draining;
    return {};
  }
  /// The plan may have changed since the actor lived.
  expected<void> operator()(const records::crash_told& r) {
    if (auto* const a = actor(r.actor))
      note_crash(*a, r.what);
    return {};
  }
  expected<void> operator()(const records::node_forgotten& r) {
    s.nodes.erase(r.node);
    for (auto& [name, t] : s.topologies)
      for (auto& [actor, a] : t.actors)
        if (a.spec.is_pinned && a.spec.node == r.node)
          a.spec.node.clear();
    return {};
  }
};

}  // namespace

std::string_view to_string(topology_status s) {
  switch (s) {
  case topology_status::running:
    return "running";
  case topology_status::stopping:
    return "stopping";
  case topology_status::finished:
    return "finished";
  case topology_status::failed:
    return "failed";
  case topology_status::stopped:
    return "stopped";
  }
  return "unknown";
}

std::string chains_of(const std::string& topology, std::uint64_t first_generation) {
  // No topology has such a sign in its name.
  return first_generation <= 1 ? topology : fmt::format("{}@{}", topology, first_generation);
}

std::uint64_t control_state::next_generation(const std::string& topology) const {
  if (const auto t = topologies.find(topology); t != topologies.end())
    return t->second.generation + 1;
  return removed.empty() ? 1 : plans + 1;
}

expected<void> control_state::apply(const record& r) { return std::visit(fold{*this}, r); }

const actor_state* control_state::find(const actor_id& id) const {
  const auto t = topologies.find(id.topology);
  if (t == topologies.end())
    return nullptr;
  const auto a = t->second.actors.find(id.name);
  return a == t->second.actors.end() ? nullptr : &a->second;
}

std::string to_text(const control_state& s) {
  auto out = fmt::format("cluster {}, formats {}, {} sessions, {} terms\n", s.cluster, s.formats, s.sessions,
                         s.terms);
  for (const auto& [name, n] : s.nodes)
    out += fmt::format("node {} session {}{}{}\n", name, n.session,
                       n.has_left  ? " left"
                       : n.is_over ? " over"
                                   : "",
                       n.is_draining ? " draining" : "");
  for (const auto& [topology, t] : s.topologies) {
    out +=
        fmt::format("topology {} generation {}{} {}{}, {} verdicts, {} starts{}{}{}{}\n", topology,
                    t.generation, t.first_generation > 1 ? fmt::format(" since {}", t.first_generation) : "",
                    to_string(t.status), t.is_paused ? " paused" : "", t.verdicts.size(), t.starts.size(),
                    t.failed_actor.empty() ? "" : ": ", t.failed_actor, t.why.empty() ? "" : ": ", t.why);
    for (const auto& [name, a] : t.actors)
      out += fmt::format("  {}{}{}{}\n", name,
                         a.spec.is_pinned ? fmt::format(" pinned to {}",
                                                        a.spec.node.empty() ? "its first node" : a.spec.node)
                                          : "",
                         a.at ? fmt::format(" on {} session {} term {} generation {}", a.at->node,
                                            a.at->session, a.at->term, a.at->generation)
                              : " nowhere",
                         a.crashes.empty() ? "" : fmt::format(", {} crashes", a.crashes.size()));
  }
  for (const auto& chains : s.leftovers)
    out += fmt::format("chains {} are to be cleared\n", chains);
  return out;
}

}  // namespace millrace::cluster
