// The coordinator takes what nodes tell it, and says what its records make nodes do.
#include "runtime/cluster/coordinator.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace millrace::cluster {
namespace {

/// Another node stands within half of it, if there is one that may lead; it does so as well when this one has gone.
constexpr micros successor_patience = std::chrono::seconds(1);

}  // namespace

coordinator_effect_list coordinator::on_link_up(const std::string& node, moment now) {
  if (!is_over_)
    out_.push_back(coordinator_effects::send{node, 0, {epoch_, 0, commands::register_again{}}});
  return advance(now);
}

coordinator_effect_list coordinator::on_heard(const std::string& node, cluster::session session, moment now) {
  if (is_over_ || watch_.heard(node, session, now.running))
    return advance(now);
  return on_link_up(node, now);
}

coordinator_effect_list coordinator::on_registered(const registration& r, moment now) {
  if (is_over_)
    return {};
  const auto found = state_.nodes.find(r.node);
  const auto is_known = found != state_.nodes.end() && !found->second.is_over;
  const auto is_mine = is_known && found->second.instance == r.instance;
  if (r.formats < state_.formats) {
    leave(r.node, r.instance,
          fmt::format("the cluster has formats {}, and this version writes up to {}; run a later version",
                      state_.formats, r.formats));
  } else if (r.session == 0 && is_mine) {
    out_.push_back(coordinator_effects::send{
        r.node, r.instance, {epoch_, 0, commands::welcome{r.instance, found->second.session}}});
  } else if (r.session == 0) {
    const auto asked = joining_.find(r.node);
    if (asked == joining_.end() || asked->second != r.instance) {
      joining_[r.node] = r.instance;
      for (const auto& w : r.last_words)
        wish_for(records::crash_told{w.actor, {r.node, w.process, w.signal, w.records}});
      wish_for(records::session_given{r.node, r.instance, 0});
    }
  } else if (!is_mine || found->second.session != r.session) {
    leave(r.node, r.instance, "its session is over: another process has its name, or it was taken for dead");
  } else {
    watch_.arrived(r.node, {r.instance, r.session, r.cores, r.formats, now.running, false, r.leaves});
    if (!r.leaves)
      compare(r);
  }
  return advance(now);
}

/// Compares what runs there with what is placed there.
void coordinator::compare(const registration& r) {
  std::map<actor_id, incarnation> begun;
  for (const auto& b : r.begun)
    begun[b.actor] = b.term;
  std::map<actor_id, incarnation> running;
  for (const auto& a : r.running) {
    running[a.actor] = a.now.term;
    const auto* const known = state_.find(a.actor);
    if (known == nullptr || !known->at || known->at->session != r.session || known->at->term > a.now.term)
      send(r.node, r.session, commands::stop{a.actor, a.now.term});
  }
  for (const auto& [topology, t] : state_.topologies)
    for (const auto& [name, a] : t.actors) {
      const actor_id id{topology, name};
      if (!a.at || a.at->session != r.session)
        continue;
      const auto runs = running.contains(id) && running[id] == a.at->term;
      if (runs && moving_ && moving_->actor == id && moving_->term == a.at->term)
        moving_.reset();
      // A term is begun once: where it was, and is over, a new one is needed.
      if (!runs && (begun[id] >= a.at->term || a.at->term < r.begun_below))
        wanted_.insert(id);
      else if (!runs)
        send(r.node, r.session, commands::start{id, a.at->generation, a.at->term});
    }
}

coordinator_effect_list coordinator::on_life_began(const std::string& node, const life_began& e, moment now) {
  if (!is_over_ && moving_ && watch_.find(node, e.session) != nullptr && moving_->actor == e.actor &&
      moving_->term == e.now.term)
    moving_.reset();
  return on_heard(node, e.session, now);
}

coordinator_effect_list coordinator::on_life_ended(const std::string& node, const life_ended& e, moment now) {
  const auto* const a = state_.find(e.actor);
  const auto is_placed_there = a != nullptr && a->at && a->at->node == node && a->at->session == e.session;
  if (is_over_ || !is_placed_there || watch_.find(node, e.session) == nullptr)
    return on_heard(node, e.session, now);
  const auto given = a->at->term;
  const auto was_never_given = e.last.term > given || e.refused_by.term > state_.terms;
  if (e.how == life_end::fenced && was_never_given) {
    wish_for(records::topology_failed{
        e.actor.topology, e.actor.name,
        fmt::format(
            "the life {}.{} holds its chain or its target, and this cluster has never given that; end "
            "whatever else uses them, then `millrace start {}`",
            std::max(e.last, e.refused_by).term, std::max(e.last, e.refused_by).count, e.actor.topology)});
  } else if (e.last.term == given && e.how == life_end::failed) {
    wish_for(records::topology_failed{e.actor.topology, e.actor.name, e.why});
  } else if (e.last.term == given && e.how != life_end::completed) {
    // A refusal of a lower life is stale (H2). The newest one needs a new term, which only this coordinator
    // gives.
    const bool is_new = wanted_.insert(e.actor).second;
    if (is_new && e.how == life_end::fenced)
      note_fenced(e.actor, now.running);
  }
  return on_heard(node, e.session, now);
}

coordinator_effect_list coordinator::on_link_lost(const std::string& node, cluster::session session,
                                                  moment now) {
  if (!is_over_ && watch_.find(node, session) != nullptr && watch_.detach(node))
    detach(node);
  return advance(now);
}

coordinator_effect_list coordinator::on_node_dead(const std::string& node, cluster::session session,
                                                  moment now) {
  const auto found = state_.nodes.find(node);
  if (is_over_ || found == state_.nodes.end() || found->second.session != session)
    return advance(now);
  watch_.gone(node);
  detach(node);
  wish_for(records::session_ended{node, session, true});
  return advance(now);
}

coordinator_effect_list coordinator::on_node_left(const std::string& node, cluster::session session,
                                                  moment now) {
  const auto found = state_.nodes.find(node);
  if (is_over_ || found == state_.nodes.end() || found->second.session != session ||
      (node == own_ && is_needed(now)))
    return advance(now);
  watch_.gone(node);
  wish_for(records::session_ended{node, session, false});
  return advance(now);
}

bool coordinator::is_needed(moment now) {
  leaves_at_ = leaves_at_.value_or(now.running + successor_patience);
  const bool may_stay = now.running < *leaves_at_;
  if (is_alone_ || (may_stay && !watch_.is_settled()))
    return !is_alone_;
  return std::ranges::any_of(
      watch_.present(), [&](const auto& n) { return n.first != own_ && (n.second.is_leaving || may_stay); });
}

bool coordinator::yields_to(const std::string& node) const {
  const auto* const own = watch_.find(own_);
  const auto* const other = node == own_ ? nullptr : watch_.find(node);
  if (is_over_ || is_alone_ || own == nullptr || other == nullptr || other->is_leaving)
    return false;
  // One that drains would give it back.
  return own->is_leaving || (state_.nodes.at(own_).is_draining && !state_.nodes.at(node).is_draining);
}

expected<void> coordinator::acknowledge(const record& r) {
  stop_what_ends(r);
  auto done = state_.apply(r);
  if (done)
    std::visit([this](const auto& what) { take_effect(what); }, r);
  return done;
}

void coordinator::stop_what_ends(const record& r) {
  const auto stop = [this](const actor_id& id) {
    const auto* const a = state_.find(id);
    if (a != nullptr && a->at)
      send(a->at->node, a->at->session, commands::stop{id, a->at->term});
  };
  const auto stop_unless = [&](const std::string& topology, const std::vector<actor_spec>& stays) {
    const auto t = state_.topologies.find(topology);
    if (t != state_.topologies.end())
      for (const auto& [name, a] : t->second.actors)
        if (std::ranges::find(stays, name, &actor_spec::name) == stays.end())
          stop({topology, name});
  };
  if (const auto* const p = std::get_if<records::placed>(&r))
    stop(p->actor);
  else if (const auto* const f = std::get_if<records::finished>(&r))
    stop_unless(f->topology, {});
  else if (const auto* const t = std::get_if<records::topology_failed>(&r))
    stop_unless(t->topology, {});
  else if (const auto* const a = std::get_if<records::topology_applied>(&r))
    stop_unless(a->topology, a->actors);
}

void coordinator::take_effect(const records::topology_applied& r) { tell_director(r.topology); }

void coordinator::take_effect(const records::session_given& r) {
  joining_.erase(r.node);
  dismiss(r.node, "another process has its name");
  out_.push_back(
      coordinator_effects::send{r.node, r.instance, {epoch_, 0, commands::welcome{r.instance, r.session}}});
}

/// It may have registered again since this was wished for.
void coordinator::take_effect(const records::session_ended& r) { dismiss(r.node, "it was taken for dead"); }

void coordinator::take_effect(const records::node_forgotten& r) { dismiss(r.node, "its node was forgotten"); }

void coordinator::take_effect(const records::chains_cleared& r) {
  if (clearing_ == r.chains)
    clearing_.reset();
}

void coordinator::take_effect(const records::placed& r) {
  wanted_.erase(r.actor);
  tell_director(r.actor.topology);
  send(r.node, r.session, commands::start{r.actor, state_.find(r.actor)->at->generation, r.term});
}

void coordinator::take_effect(const records::term_granted& r) {
  wanted_.erase(r.actor);
  tell_director(r.actor.topology);
  const auto& at = *state_.find(r.actor)->at;
  send(at.node, at.session, commands::start{r.actor, at.generation, r.term});
}

void coordinator::detach(const std::string& node) {
  out_.push_back(coordinator_effects::detach{node});
  for (const auto& [name, n] : watch_.present())
    if (name != node)
      send(name, n.session, commands::detach{node});
}

void coordinator::leave(const std::string& node, std::uint64_t instance, std::string why) {
  out_.push_back(
      coordinator_effects::send{node, instance, {epoch_, 0, commands::leave{instance, std::move(why)}}});
}

void coordinator::dismiss(const std::string& node, const std::string& why) {
  if (const auto* const n = watch_.find(node)) {
    leave(node, n->instance, why);
    detach(node);
  }
  watch_.gone(node);
}

template<class Command>
void coordinator::send(const std::string& node, cluster::session session, Command what) {
  if (const auto* const n = watch_.find(node, session))
    out_.push_back(coordinator_effects::send{node, n->instance, {epoch_, session, std::move(what)}});
}

}  // namespace millrace::cluster
