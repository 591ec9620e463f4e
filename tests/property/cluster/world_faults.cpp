// Actors, those who ask, and what goes wrong.
#include "tests/property/cluster/world.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace millrace::cluster::trial {

/// An actor that is stuck somewhere cannot be ended; it goes on some time later.
void world::end_actor(process& p, const agent_effects::end& e) {
  const auto found = std::ranges::find_if(
      p.actors, [&](const auto& a) { return a.actor == e.actor && a.now.term == e.last.term; });
  if (found == p.actors.end())
    return;
  if (one_in(2))
    p.actors.erase(found);
  else
    found->asleep = step_ + below(200);
}

/// One actor of the process opens its chain, finds itself fenced, or fails.
void world::act(process& p) {
  if (p.actors.empty() || !one_in(2))
    return;
  const auto at = std::next(p.actors.begin(), static_cast<std::ptrdiff_t>(below(p.actors.size())));
  const auto a = *at;
  if (a.asleep > step_)
    return;
  auto& opened = opened_[a.actor];
  const auto report = [&](life_end how, const life& by) {
    p.actors.erase(at);
    for (const auto& o : p.agent.on_end(a.actor, a.now, how, by, "it cannot go on"))
      if (const auto* const t = std::get_if<agent_effects::tell>(&o))
        for (const auto& q : processes_)
          if (q.leads && q.leads->mine() == t->to)
            envelopes_.push_back({p.instance, q.instance, p.node, t->what});
  };
  if (a.now < opened) {
    report(life_end::fenced, one_in(2) ? opened : life());
  } else if (!a.is_open) {
    oracle_.opens(a.actor, a.now);
    opened = a.now;
    at->is_open = true;
  } else if (!is_calm_ && one_in(rate_ * 2)) {
    // Its next life begins while it still lives, or after its end.
    if (one_in(2))
      p.actors.erase(at);
    for (const auto& o : p.agent.on_failure(a.actor, a.now))
      if (const auto* const b = std::get_if<agent_effects::begin>(&o)) {
        oracle_.begins_again(*b);
        p.actors.push_back({b->actor, b->now});
      }
  } else if (!is_calm_ && one_in(rate_ * 50)) {
    report(life_end::failed, {});
  }
}

void world::ask() {
  auto* const p = newest_leader();
  if (p == nullptr || p->asleep > step_)
    return;
  const auto& name = names_[below(names_.size())];
  if (is_calm_ || one_in(3))
    apply_topology(*p);
  else if (one_in(8))
    request_of(*p, records::stop_asked{one_in(2) ? "t" : "u"});
  else if (one_in(4))
    request_of(*p, records::topology_removed{one_in(2) ? "t" : "u"});
  else if (one_in(8))
    request_of(*p, records::drain_set{name, !one_in(4)});
  else if (one_in(8))
    request_of(*p, records::node_forgotten{name});
  else if (one_in(4))
    request_of(*p, records::verdict_given{"t", "clicks/0", {0, static_cast<std::int64_t>(below(50))}, "why"});
  else if (one_in(4))
    request_of(*p, records::verdicts_settled{"t", "clicks/0", {0, static_cast<std::int64_t>(below(50))}});
}

void world::apply_topology(process& p) {
  const std::string topology = one_in(2) ? "t" : "u";
  const auto found = oracle_.state().topologies.find(topology);
  if (found != oracle_.state().topologies.end() && (is_calm_ || !one_in(10)))
    return;
  records::topology_applied r{topology, "plan " + std::to_string(below(3)), 0, {}};
  for (std::size_t i = 0, n = 1 + below(3); i < n; ++i) {
    r.actors.push_back({"lane" + std::to_string(i), actor_kind::lane, "lanes"});
    r.actors.push_back({"w/" + std::to_string(i), actor_kind::shard, "w"});
  }
  r.actors.push_back({"file", actor_kind::sink, "file", true, ""});
  r.begins_anew = one_in(4);
  request_of(p, r);
}

void world::request_of(process& p, request what) {
  p.asked.emplace(++requests_, what);
  run(p, p.leads->on_request(requests_, std::move(what), now_));
}

/// The director: a topology that stops has stopped some time later.
void world::direct(process& p) {
  if (!p.leads || p.leads->is_over())
    return;
  for (const auto& name : {"t", "u"}) {
    const auto found = p.leads->state().topologies.find(name);
    if (found != p.leads->state().topologies.end() && found->second.status == topology_status::stopping &&
        one_in(200))
      return request_of(p, records::finished{name});
  }
}

/// A prefix of what is under way between them has arrived; both notice.
void world::break_link(const process& a, const process& b) {
  std::map<std::uint64_t, std::size_t> left{{a.instance, below(3)}, {b.instance, below(3)}};
  std::erase_if(envelopes_, [&](const envelope& l) {
    const auto is_between =
        (l.from == a.instance && l.to == b.instance) || (l.from == b.instance && l.to == a.instance);
    return is_between && (left[l.from] == 0 || left[l.from]-- == 0);
  });
  auto* const boss = find(a.leads ? a.instance : b.instance);
  const auto& other = boss == &a ? b : a;
  if (boss->leads)
    run(*boss, boss->leads->on_link_lost(other.node, other.agent.session(), now_));
  if (boss->leads)
    run(*boss, boss->leads->on_link_up(other.node, now_));
}

void world::die(process& p) {
  const auto node = p.node;
  const auto session = p.agent.session();
  const auto instance = p.instance;
  auto& words = last_words_[node];
  words.clear();
  const auto blamed = one_in(2) ? below(8) : 8;  // 8: nobody's work has ended it
  for (const auto& a : p.actors)
    if (words.empty() || words.back().actor < a.actor)
      words.push_back({a.actor, instance, words.size() == blamed ? 11U : 0U, std::nullopt});
  std::erase_if(envelopes_, [&](const envelope& l) { return l.to == instance; });
  processes_.remove_if([&](const process& q) { return q.instance == instance; });
  for (auto& q : processes_)
    if (q.leads && !q.is_cut && one_in(2))
      run(q, q.leads->on_node_dead(node, session, now_));
}

void world::fault() {
  if (processes_.empty() || one_in(4)) {
    const auto& name = names_[below(names_.size())];
    if (std::ranges::none_of(processes_, [&](const auto& q) { return q.node == name; }) || one_in(20))
      join(name);
    return;
  }
  auto& p = *std::next(processes_.begin(), static_cast<std::ptrdiff_t>(below(processes_.size())));
  auto& q = *std::next(processes_.begin(), static_cast<std::ptrdiff_t>(below(processes_.size())));
  switch (below(7)) {
  case 0:
    p.is_cut = true;
    break;
  case 1:
    p.is_cut = false;
    break;
  case 2:
  case 3:
    p.asleep = step_ + 10 + below(600);
    break;
  case 4:
    if (one_in(3))
      die(p);
    break;
  case 5:
    if (auto* const boss = newest_leader(); boss != nullptr && one_in(3))  // taken for dead, and is not
      run(*boss, boss->leads->on_node_dead(p.node, p.agent.session(), now_));
    break;
  default:
    if (&p != &q)
      break_link(p, q);
  }
}

/// Faults cease: each node has a process from now on, and all that was cut off or stood still goes on.
void world::calm_down() {
  is_calm_ = true;
  loss_ = 0;
  for (auto& p : processes_) {
    p.is_cut = false;
    p.asleep = 0;
  }
}

/// Each actor of what is to run runs under its term where it is placed, and nothing else runs.
std::string world::missing() {
  const auto* const boss = newest_leader();
  if (boss == nullptr)
    return "nobody leads";
  if (boss->leads->state() != oracle_.state())
    return "the coordinator knows less than control";
  std::set<actor_id> wanted;
  for (const auto& [topology, t] : oracle_.state().topologies)
    for (const auto& [name, a] : t.actors)
      if (t.is_active())
        wanted.insert({topology, name});
  for (const auto& p : processes_)
    for (const auto& r : p.agent.describe().running) {
      const auto* const a = oracle_.state().find(r.actor);
      const auto is_right =
          a != nullptr && a->at && a->at->session == p.agent.session() && a->at->term == r.now.term;
      if (!is_right || opened_[r.actor] != r.now || wanted.erase(r.actor) == 0)
        return fmt::format("{} life {}.{} runs on {}", r.actor.name, r.now.term, r.now.count, p.node);
    }
  for (const auto& id : boss->leads->waiting(now_))
    wanted.erase(id);
  if (!wanted.empty())
    return fmt::format("{} does not run", wanted.begin()->name);
  if (!oracle_.state().leftovers.empty())
    return "chains of a removed topology are there";
  return oracle_.state().topologies.size() < 2 ? "a topology is not there" : "";
}

}  // namespace millrace::cluster::trial
