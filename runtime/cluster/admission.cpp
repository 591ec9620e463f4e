#include "runtime/cluster/admission.hpp"

#include "runtime/base/time.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>
#include <utility>

namespace millrace::cluster {
namespace {

expected<change> refuse(ec code, std::string why) { return user_error(code, std::move(why)); }

std::string cut(std::string text) {
  if (text.size() > max_text_bytes)
    text.resize(max_text_bytes);
  return text;
}

constexpr std::size_t most_listed = 10;

/// "it has a, b and 3 more", for an error that names something else.
template<class Map>
std::string those_there(const Map& all) {
  if (all.empty())
    return "it has none";
  std::vector<std::string_view> names;
  for (const auto& [name, _] : all)
    if (names.size() < most_listed)
      names.push_back(name);
  return fmt::format("it has {}{}", fmt::join(names, ", "),
                     all.size() > names.size() ? fmt::format(" and {} more", all.size() - names.size()) : "");
}

bool is_name(const std::string& name) { return !name.empty() && name.size() <= max_name_bytes; }

struct admission {
  const control_state& s;
  event_micros now;
  std::size_t most_in_plan;

  const topology_state* active(const std::string& topology) const {
    const auto found = s.topologies.find(topology);
    return found == s.topologies.end() || !found->second.is_active() ? nullptr : &found->second;
  }
  /// Admits the record where the topology is active, and nothing otherwise: its end came first.
  expected<change> if_active(const std::string& topology, record r) const {
    return active(topology) == nullptr ? change() : change{std::move(r)};
  }
  expected<change> no_node(const std::string& name) const {
    return refuse(ec::not_found, fmt::format("the cluster has no node {}; {}", name, those_there(s.nodes)));
  }

  expected<change> operator()(const records::founded& r) const {
    return s.cluster.empty() ? change{r} : change();
  }
  expected<change> operator()(const records::formats_raised& r) const {
    return r.formats > s.formats ? change{r} : change();
  }
  expected<change> operator()(records::topology_applied r) const {
    std::set<std::string> names;
    for (const auto& a : r.actors)
      if (!is_name(a.name) || a.group.size() > max_name_bytes || a.node.size() > max_name_bytes ||
          !names.insert(a.name).second)
        return refuse(ec::invalid_argument,
                      fmt::format("the topology {} has an actor whose name is empty, too long or not its own",
                                  r.topology));
    if (!is_name(r.topology) || r.plan.size() > most_in_plan || r.actors.size() > max_actors)
      return refuse(
          ec::invalid_argument,
          fmt::format("the topology {} is too large for a cluster: its resolved form may have {} MiB, it "
                      "may run as {} actors",
                      r.topology, most_in_plan >> 20, max_actors));
    const auto found = s.topologies.find(r.topology);
    if (found == s.topologies.end() && s.topologies.size() >= max_topologies)
      return refuse(ec::invalid_argument,
                    fmt::format("the cluster has {} topologies already; `millrace remove` takes those away "
                                "that are over",
                                max_topologies));
    if (found != s.topologies.end() && found->second.status == topology_status::stopping)
      return refuse(
          ec::unavailable,
          fmt::format("the topology {} is stopping; apply it again once it has stopped", r.topology));
    if (r.generation != 0 && (found == s.topologies.end() || r.generation < found->second.first_generation))
      return refuse(ec::unavailable,
                    fmt::format("the topology {} was removed meanwhile; apply it again", r.topology));
    const auto prepared_for = std::exchange(r.generation, s.next_generation(r.topology));
    if (found != s.topologies.end() && found->second.status == topology_status::running && !r.begins_anew &&
        is_same(found->second, r))
      return change();
    // Two plans that were prepared for one end would each begin a next run; the second would replace the first's
    // files under way, or take the topology back to the run before.
    if (prepared_for != 0 && prepared_for != found->second.generation)
      return refuse(
          ec::unavailable,
          fmt::format("the topology {} was applied by somebody else meanwhile; apply it again", r.topology));
    change out;
    if (std::exchange(r.begins_anew, false) && found != s.topologies.end()) {
      ASSIGN_OR_RETURN(out, (*this)(records::topology_removed{r.topology}));
      r.generation = s.plans + 1;  // as next_generation() has it once that is recorded
    }
    out.push_back(std::move(r));
    return out;
  }
  /// The node at which an actor without a pin begins makes no difference once it has begun.
  static bool is_same(const topology_state& t, const records::topology_applied& r) {
    return t.plan == r.plan && t.actors.size() == r.actors.size() &&
           std::ranges::all_of(r.actors, [&](const actor_spec& wanted) {
             const auto found = t.actors.find(wanted.name);
             auto spec = wanted;
             if (found != t.actors.end() && (!spec.is_pinned || spec.node.empty()))
               spec.node = found->second.spec.node;
             return found != t.actors.end() && found->second.spec == spec;
           });
  }
  /// A process has one session, however often it asks. A process in the place of one that has not left is
  /// there because that one died.
  expected<change> operator()(records::session_given r) const {
    if (!is_name(r.node))
      return refuse(ec::invalid_argument, "a node's name is empty or too long");
    const auto found = s.nodes.find(r.node);
    change out;
    if (found != s.nodes.end() && !found->second.is_over) {
      if (found->second.instance == r.instance)
        return change();
      out = *(*this)(records::session_ended{r.node, found->second.session, true, now});
    }
    r.session = s.sessions + 1;
    out.push_back(r);
    return out;
  }
  expected<change> operator()(records::session_ended r) const {
    const auto found = s.nodes.find(r.node);
    if (found == s.nodes.end() || found->second.session != r.session || found->second.is_over)
      return change();
    r.at = now;
    return change{r};
  }
  /// A node tells it until it has a session, perhaps to several coordinators.
  expected<change> operator()(records::crash_told r) const {
    const auto* const t = active(r.actor.topology);
    const auto a = t == nullptr ? decltype(t->actors.begin()){} : t->actors.find(r.actor.name);
    if (t == nullptr || a == t->actors.end())
      return change();
    const auto is_it = [&](const crash& c) { return c.process == r.what.process; };
    if (std::ranges::any_of(a->second.crashes, is_it) ||
        (a->second.unexplained && is_it(*a->second.unexplained)))
      return change();
    r.what.at = now;
    if (r.what.records && r.what.records->log.size() > max_name_bytes)
      r.what.records.reset();
    return change{r};
  }
  expected<change> operator()(const records::placed& r) const { return if_active(r.actor.topology, r); }
  expected<change> operator()(const records::term_granted& r) const { return if_active(r.actor.topology, r); }
  expected<change> operator()(records::verdict_given r) const {
    const auto found = s.topologies.find(r.topology);
    if (found == s.topologies.end())
      return no_topology(s, r.topology);
    r.error = cut(std::move(r.error));
    return found->second.verdicts.contains({r.log, r.at}) ? change() : change{r};
  }
  expected<change> operator()(const records::verdicts_settled& r) const {
    const auto found = s.topologies.find(r.topology);
    if (found == s.topologies.end())
      return no_topology(s, r.topology);
    return std::ranges::any_of(found->second.verdicts,
                               [&](const auto& v) { return v.first.log == r.log && v.first.at < r.below; })
               ? change{r}
               : change();
  }
  expected<change> operator()(const records::partition_started& r) const {
    const auto found = s.topologies.find(r.topology);
    if (found == s.topologies.end())
      return no_topology(s, r.topology);
    return found->second.starts.contains({r.parser, r.partition}) ? change() : change{r};
  }
  expected<change> operator()(records::topology_failed r) const {
    r.why = cut(std::move(r.why));
    r.at = now;
    return if_active(r.topology, r);
  }
  expected<change> operator()(records::finished r) const {
    r.at = now;
    return if_active(r.topology, r);
  }
  expected<change> operator()(const records::stop_asked& r) const {
    const auto found = s.topologies.find(r.topology);
    if (found == s.topologies.end())
      return no_topology(s, r.topology);
    if (!found->second.is_active())
      return does_not_run(r.topology, found->second);
    return found->second.status == topology_status::running ? change{r} : change();
  }
  expected<change> operator()(const records::pause_set& r) const {
    const auto found = s.topologies.find(r.topology);
    if (found == s.topologies.end())
      return no_topology(s, r.topology);
    if (!found->second.is_active())
      return does_not_run(r.topology, found->second);
    return found->second.is_paused == r.is_paused ? change() : change{r};
  }
  /// Asked again while its chains go, it is removed already.
  expected<change> operator()(const records::topology_removed& r) const {
    const auto found = s.topologies.find(r.topology);
    if (found == s.topologies.end())
      return is_going(r.topology) ? expected<change>(change()) : no_topology(s, r.topology);
    if (found->second.is_active())
      return refuse(
          ec::mismatch,
          found->second.status == topology_status::stopping
              ? fmt::format("the topology {} is stopping; remove it once it has stopped", r.topology)
              : fmt::format("the topology {} runs; stop it first (millrace stop {})", r.topology,
                            r.topology));
    if (s.leftovers.size() >= max_topologies)
      return refuse(ec::unavailable,
                    fmt::format("the store still has the chains of {} topologies that were removed before; "
                                "remove this one later",
                                s.leftovers.size()));
    return change{r};
  }
  bool is_going(const std::string& topology) const {
    return std::ranges::any_of(s.leftovers, [&](const std::string& chains) {
      return chains == topology || chains.starts_with(topology + "@");
    });
  }
  expected<change> operator()(const records::chains_cleared& r) const {
    return s.leftovers.contains(r.chains) ? change{r} : change();
  }
  expected<change> operator()(const records::drain_set& r) const {
    const auto found = s.nodes.find(r.node);
    if (found == s.nodes.end())
      return no_node(r.node);
    if (found->second.is_over)
      return refuse(ec::mismatch,
                    fmt::format("the node {} has {}: it runs nothing, and gets work again once it is started",
                                r.node, found->second.has_left ? "left" : "died"));
    return found->second.is_draining == r.is_draining ? change() : change{r};
  }
  expected<change> operator()(const records::node_forgotten& r) const {
    return s.nodes.contains(r.node) || !pinned_to(s, r.node).empty() ? change{r} : no_node(r.node);
  }
};

}  // namespace

expected<change> admit(const control_state& s, const record& wanted, event_micros now,
                       std::size_t most_in_plan) {
  return std::visit(admission{s, now, most_in_plan}, wanted);
}

unexpected no_topology(const control_state& s, const std::string& name) {
  return user_error(ec::not_found,
                    fmt::format("the cluster has no topology {}; {}", name, those_there(s.topologies)));
}

unexpected does_not_run(const std::string& topology, const topology_state& t) {
  const std::string_view how = t.status == topology_status::finished  ? "has ended"
                               : t.status == topology_status::stopped ? "was stopped"
                                                                      : "has failed";
  const auto at = t.ended_at - t.ended_at % micros(std::chrono::seconds(1)).count();
  return user_error(ec::mismatch, fmt::format("the topology {} {} at {}; it does not run", topology, how,
                                              format_timestamp(at)));
}

std::vector<actor_id> pinned_to(const control_state& s, const std::string& node) {
  std::vector<actor_id> out;
  for (const auto& [topology, t] : s.topologies)
    for (const auto& [name, a] : t.actors)
      if (a.spec.is_pinned && a.spec.node == node)
        out.push_back({topology, name});
  return out;
}

}  // namespace millrace::cluster
