#include "runtime/cluster/history.hpp"

#include "runtime/base/shard_name.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <tuple>
#include <utility>

namespace millrace::cluster {
namespace {

/// A line stays readable; `millrace nodes` has them all.
constexpr std::size_t most_names = 20;

std::string listed(const std::vector<std::string>& names) {
  if (names.size() <= most_names)
    return fmt::format("{}", fmt::join(names, ", "));
  return fmt::format("{} and {} more", fmt::join(names.begin(), names.begin() + most_names, ", "),
                     names.size() - most_names);
}

std::string whole_name(const actor_id& id) { return name_in_logs(id.topology, id.name); }

struct event_teller {
  const control_state& before;
  std::vector<told_event>& out;
  /// The moved actors, by topology, the node that they are on now, and the one before: empty for none.
  std::map<std::tuple<std::string, std::string, std::string>, std::vector<std::string>> moves = {};
  std::string removed = {};  // by the same change, which applies it anew then

  void say(told_event e) { out.push_back(std::move(e)); }
  void say_of(const std::string& topology, event_kind kind, std::string_view what) {
    out.push_back({kind, weight::normal, fmt::format("topology {} {}", topology, what), topology});
  }
  [[nodiscard]] const topology_state* topology(const std::string& name) const {
    const auto found = before.topologies.find(name);
    return found == before.topologies.end() ? nullptr : &found->second;
  }

  void operator()(const records::founded& r) {
    say({event_kind::cluster, weight::normal, fmt::format("the cluster {} is founded", r.cluster)});
  }
  void operator()(const records::formats_raised& r) {
    say({event_kind::cluster, weight::normal,
         fmt::format("the cluster writes formats {} from now on", r.formats)});
  }
  void operator()(const records::topology_applied& r) {
    const auto* const t = removed == r.topology ? nullptr : topology(r.topology);
    const auto plan = fmt::format("plan {} with {} actor{}", r.generation, r.actors.size(),
                                  r.actors.size() == 1 ? "" : "s");
    if (t == nullptr)
      say_of(r.topology, event_kind::apply, "is applied: " + plan);
    else if (t->is_active())
      say_of(r.topology, event_kind::apply, "is applied anew: " + plan + " replaces the one that runs");
    else
      say_of(r.topology, event_kind::apply,
             fmt::format("starts again: {}; it had {}", plan,
                         t->status == topology_status::failed    ? "failed"
                         : t->status == topology_status::stopped ? "been stopped"
                                                                 : "ended"));
  }
  void operator()(const records::session_given& r) {
    say({event_kind::join,
         weight::normal,
         fmt::format("node {} has joined under session {}", r.node, r.session),
         {},
         r.node});
  }
  void operator()(const records::session_ended& r) {
    if (r.has_died)
      say({event_kind::death,
           weight::warning,
           fmt::format("node {} is lost: its process has died", r.node),
           {},
           r.node});
    else
      say({event_kind::leave, weight::normal, fmt::format("node {} has left in order", r.node), {}, r.node});
  }
  void operator()(const records::placed& r) {
    const auto* const a = before.find(r.actor);
    const auto from = a != nullptr && a->at && a->at->node != r.node ? a->at->node : std::string();
    moves[{r.actor.topology, r.node, from}].push_back(whole_name(r.actor));
  }
  void operator()(const records::topology_failed& r) {
    const auto actor = r.actor.empty() || r.actor == r.topology ? std::string() : lasting_name(r.actor);
    say({event_kind::failure,
         weight::error,
         fmt::format("topology {} has failed: {}{}{}", r.topology, actor, actor.empty() ? "" : ": ", r.why),
         r.topology,
         {},
         actor.empty() ? std::vector<std::string>() : std::vector{name_in_logs(r.topology, actor)}});
  }
  void operator()(const records::finished& r) {
    const auto* const t = topology(r.topology);
    const bool is_stopped = t != nullptr && t->status == topology_status::stopping;
    say_of(r.topology, is_stopped ? event_kind::stop : event_kind::end,
           is_stopped ? "has stopped" : "has ended");
  }
  void operator()(const records::stop_asked& r) { say_of(r.topology, event_kind::stop, "is asked to stop"); }
  void operator()(const records::topology_removed& r) {
    removed = r.topology;
    say_of(r.topology, event_kind::removal, "is removed: its state and its dead letters go");
  }
  void operator()(const records::drain_set& r) {
    say({event_kind::drain,
         weight::normal,
         fmt::format("node {} {}", r.node,
                     r.is_draining ? "is asked to give away what it runs"
                                   : "gets work again: its drain is taken back"),
         {},
         r.node});
  }
  /// A signal is the actor's own doing; a process that was ended from outside is lost, and no more.
  void operator()(const records::crash_told& r) {
    if (r.what.signal == 0)
      return;
    const auto actor = name_in_logs(r.actor.topology, r.actor.name);
    say({event_kind::crash,
         weight::warning,
         fmt::format("{} has taken down a process of node {}, by signal {}", actor, r.what.node,
                     r.what.signal),
         r.actor.topology,
         r.what.node,
         {actor}});
  }
  void operator()(const records::node_forgotten& r) {
    std::vector<std::string> lost;
    for (const auto& [name, t] : before.topologies)
      for (const auto& [actor, a] : t.actors)
        if (a.spec.is_pinned && a.spec.node == r.node)
          lost.push_back(name_in_logs(name, actor));
    auto text = fmt::format("node {} is forgotten", r.node);
    if (!lost.empty())
      text += fmt::format(": {} begin anew elsewhere, without what that node alone had", listed(lost));
    say({event_kind::forget, weight::warning, std::move(text), {}, r.node, std::move(lost)});
  }
  void operator()(const records::pause_set& r) {
    const auto* const t = topology(r.topology);
    if ((t != nullptr && t->is_paused) != r.is_paused)
      say_of(r.topology, event_kind::pause,
             r.is_paused ? "is paused: nothing is read until it is resumed" : "is resumed");
  }
  /// Verdicts and partitions are in the log of the node that meets them.
  void operator()(const auto&) {}

  void tell_moves() {
    for (auto& [where, actors] : moves) {
      const auto& [topology, node, from] = where;
      say({event_kind::placement, weight::normal,
           fmt::format("topology {}: node {} takes {}{}{}", topology, node, listed(actors),
                       from.empty() ? "" : " from node ", from),
           topology, node, std::move(actors)});
    }
  }
};

}  // namespace

std::vector<told_event> events_of(const control_state& before, const change& what) {
  std::vector<told_event> out;
  event_teller tells{before, out};
  for (const auto& r : what)
    std::visit(tells, r);
  tells.tell_moves();
  return out;
}

namespace {

bool runs_nothing(const control_state& s, const std::string& node) {
  return std::ranges::none_of(s.topologies, [&](const auto& t) {
    return std::ranges::any_of(t.second.actors,
                               [&](const auto& a) { return a.second.at && a.second.at->node == node; });
  });
}

}  // namespace

node_history::node_history(const control_state& found, std::string mine) : mine_(std::move(mine)) {
  for (const auto& [name, n] : found.nodes) {
    if (!n.is_over && name != mine_)
      heard_[name] = n.session;
    if (n.is_draining && runs_nothing(found, name))
      drained_.insert(name);
  }
}

std::vector<told_event> node_history::look(const control_state& now, const node_watch& nodes) {
  std::vector<told_event> out;
  const auto is_it = [&](const std::string& name, session of) {
    const auto n = now.nodes.find(name);
    return n != now.nodes.end() && !n->second.is_over && n->second.session == of;
  };
  for (const auto& [name, n] : nodes.present()) {
    if (name == mine_)
      continue;
    heard_[name] = n.session;
    if (const auto s = silent_.extract(name); !s.empty() && s.mapped() == n.session)
      out.push_back(
          {event_kind::silence, weight::normal, fmt::format("node {} is heard again", name), {}, name});
  }
  std::erase_if(heard_, [&](const auto& h) {
    const auto& [name, of] = h;
    if (nodes.find(name, of) != nullptr || nodes.awaits(name))
      return false;
    if (is_it(name, of)) {  // else its end is recorded, and told
      silent_[name] = of;
      out.push_back({event_kind::silence,
                     weight::warning,
                     fmt::format("node {} is lost: it is silent, and what it runs begins elsewhere", name),
                     {},
                     name});
    }
    return true;
  });
  for (const auto& [name, n] : now.nodes)
    if (!n.is_draining)
      drained_.erase(name);
    else if (!drained_.contains(name) && runs_nothing(now, name)) {
      drained_.insert(name);
      out.push_back({event_kind::drain,
                     weight::normal,
                     fmt::format("node {} is drained: it runs nothing", name),
                     {},
                     name});
    }
  return out;
}

}  // namespace millrace::cluster
