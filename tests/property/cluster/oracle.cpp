#include "tests/property/cluster/oracle.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace millrace::cluster::trial {
namespace {

/// Returns seconds, as docs/operations.md has them.
int wait_of(std::size_t crashes) {
  constexpr std::array waits{0, 0, 0, 5, 10, 20, 40, 80, 160, 300};
  return waits[std::min(crashes, waits.size() - 1)];
}

}  // namespace

void oracle::counts(const change& c, event_micros now) {
  now_ = now;
  for (const auto& r : c) {
    std::visit([this](const auto& what) { look_at(what); }, r);
    const auto done = state_.apply(r);
    require(done.has_value(), done ? "" : done.error().message);
  }
}

void oracle::look_at(const records::placed& r) {
  const auto node = state_.nodes.find(r.node);
  require(node != state_.nodes.end() && node->second.session == r.session && !node->second.is_over,
          fmt::format("{} is placed on {} in a session that is over", r.actor.name, r.node));
  require(!node->second.is_draining,
          fmt::format("{} is placed on {}, which is draining", r.actor.name, r.node));
  const auto* const a = state_.find(r.actor);
  if (a != nullptr && a->spec.is_pinned) {
    const auto pin = pins_.try_emplace(r.actor, r.node).first;
    require(pin->second == r.node,
            fmt::format("{} is pinned to {} and placed on {}", r.actor.name, pin->second, r.node));
  }
  const auto& crashes = crashes_[r.actor];
  require(crashes.empty() || now_ >= crashes.back() + std::int64_t{wait_of(crashes.size())} * 1'000'000,
          fmt::format("{} is placed too soon after {} crashes", r.actor.name, crashes.size()));
  given_[{r.actor, r.term}] = {r.node, r.session};
}

void oracle::look_at(const records::term_granted& r) {
  const auto* const a = state_.find(r.actor);
  if (a != nullptr && a->at)
    given_[{r.actor, r.term}] = {a->at->node, a->at->session};
}

void oracle::look_at(const records::crash_told& r) {
  if (r.what.signal == 0)
    return;
  auto& all = crashes_[r.actor];
  if (!all.empty() && r.what.at - all.back() > std::int64_t{10 * 60 + wait_of(all.size())} * 1'000'000)
    all.clear();
  all.push_back(r.what.at);
}

void oracle::look_at(const records::topology_applied& r) {
  if (!state_.topologies.contains(r.topology))
    require(!removed_.contains(chains_of(r.topology, r.generation)),
            fmt::format("{} gets the chains of one that was removed", r.topology));
  require(!removed_generations_[r.topology].contains(r.generation),
          fmt::format("{} gets the generation {} of one that was removed", r.topology, r.generation));
  generations_[r.topology].insert(r.generation);
  plans_.emplace(r.topology, r.plan);
  std::erase_if(crashes_, [&](const auto& d) { return d.first.topology == r.topology; });
}

void oracle::look_at(const records::node_forgotten& r) {
  std::erase_if(pins_, [&](const auto& p) { return p.second == r.node; });
}

void oracle::look_at(const records::topology_removed& r) {
  const auto& t = state_.topologies.at(r.topology);
  require(!t.is_active(), fmt::format("{} is removed and runs", r.topology));
  removed_.insert(chains_of(r.topology, t.first_generation));
  removed_generations_[r.topology].merge(generations_[r.topology]);
  std::erase_if(pins_, [&](const auto& p) { return p.first.topology == r.topology; });
  std::erase_if(crashes_, [&](const auto& d) { return d.first.topology == r.topology; });
}

void oracle::clears(const std::string& chains) const {
  require(removed_.contains(chains), fmt::format("chains {} go, which were not removed", chains));
  for (const auto& [name, t] : state_.topologies)
    require(chains_of(name, t.first_generation) != chains,
            fmt::format("the chains of {} go, which is there", name));
}

void oracle::leads(const epoch& e) {
  require(led_.insert(e).second, fmt::format("epoch {}.{} is led twice", e.term, e.count));
}

void oracle::sends(const node_command& c) {
  if (const auto* const s = std::get_if<commands::start>(&c.what))
    require(given_.contains({s->actor, s->term}),
            fmt::format("{} term {} is sent before it is recorded", s->actor.name, s->term));
  if (const auto* const w = std::get_if<commands::welcome>(&c.what))
    require(w->session <= state_.sessions, "a session is sent before it is recorded");
}

void oracle::begins(const std::string& node, cluster::session session, const agent_effects::begin& b,
                    const epoch& obeys, const epoch& highest) {
  require(obeys >= highest, fmt::format("{} obeys epoch {} after {}", node, obeys.term, highest.term));
  const auto found = given_.find({b.actor, b.now.term});
  require(found != given_.end() && found->second == given{node, session},
          fmt::format("{} term {} begins on {} session {}, which was not given it", b.actor.name, b.now.term,
                      node, session));
  begins_again(b);
}

void oracle::begins_again(const agent_effects::begin& b) {
  require(begun_.emplace(b.actor, b.now).second,
          fmt::format("{} life {}.{} is lived twice", b.actor.name, b.now.term, b.now.count));
}

void oracle::opens(const actor_id& actor, const life& now) {
  require(given_.contains({actor, now.term}),
          fmt::format("{} lives under term {}, which control has not given", actor.name, now.term));
}

void oracle::answered(const request& r, const coordinator_effects::answer& a) const {
  if (a.failure)
    return;
  if (const auto* const applied = std::get_if<records::topology_applied>(&r))
    require(plans_.contains({applied->topology, applied->plan}),
            "an apply is answered before it is recorded");
  if (const auto* const stop = std::get_if<records::stop_asked>(&r))
    require(generations_.contains(stop->topology),
            "a stop of nothing is answered");  // it may be removed by now
}

}  // namespace millrace::cluster::trial
