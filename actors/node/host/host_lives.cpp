// Lives begin and end on this node: those that it is told to begin, their plans, and what ends them.
#include "actors/node/host/hosted_topologies.hpp"
#include "runtime/control/actor_error.hpp"

#include <caf/send.hpp>

#include <algorithm>
#include <chrono>
#include <set>
#include <utility>

namespace millrace::host {

using control::any_actor;
using control::with_living;

namespace {

/// A former life that was told to end commits, and then makes room for its successor in this process.
constexpr std::chrono::seconds former_patience{10};
/// A topology that has ended, or runs elsewhere, keeps no threads here for longer.
constexpr std::chrono::seconds idle_patience{10};

}  // namespace

// --- lives

void hosted_topologies::on_begin(const begin_here& m) {
  if (const auto former = former_.find(m.actor); former != former_.end()) {
    // It still has the file that its successor would open.
    former->second.next = m;
    return;
  }
  begin(m);
}

void hosted_topologies::on_end(const end_here& m) {
  if (const auto former = former_.find(m.actor);
      former != former_.end() && former->second.next && former->second.next->now.term <= m.last.term) {
    tell_over(m.actor, former->second.next->now, former->second.next->tell, node::life_outcome::ended);
    former->second.next.reset();
  }
  const auto at = lives_.find(m.actor);
  if (at == lives_.end() || at->second.now.term > m.last.term)
    return;
  auto l = std::move(at->second);
  close(m.actor, l);
  lives_.erase(at);
  if (!l.is_made()) {
    tell_over(m.actor, l.now, l.tell, node::life_outcome::ended);
    make_shards(*l.plan);
  } else {
    with_living(l.handle, [&](const auto& h) { self_->send(h, messages::stop{}); });
    end_former(m.actor);
    former_[m.actor] = {control::address_of(l.handle), l.now, l.tell, l.plan, std::nullopt};
    self_->delayed_send(self_, former_patience, former_life_is_due{m.actor, l.now});
  }
  drop_old_plans();
}

void hosted_topologies::on_former_due(const former_life_is_due& m) {
  if (const auto former = former_.find(m.actor); former != former_.end() && former->second.last == m.last)
    end_former(m.actor);
}

void hosted_topologies::on_idle(const nothing_runs& m) {
  if (m.number == changes_)
    plans_.clear();
}

void hosted_topologies::on_stop() {
  for (auto& [actor, l] : lives_)
    with_living(l.handle, [&](const auto& h) { self_->send(h, messages::stop{}); });
  lives_.clear();
  plans_.clear();
  self_->quit();
}

// --- beginning

void hosted_topologies::begin(const begin_here& m) {
  auto plan = plan_of(m.generation);
  if (!plan) {
    const auto how = plan.error().retry ? node::life_outcome::failed_again : node::life_outcome::failed;
    if (how == node::life_outcome::failed)
      spdlog::error("{} does not begin: {}", shown(m.actor), plan.error().message);
    return tell_over(m.actor, m.now, m.tell, how, {}, plan.error().message);
  }
  spdlog::debug("{}: life {}.{} is placed here", shown(m.actor), m.now.term, m.now.count);
  lives_[m.actor] = {*plan, m.now, m.tell};
  drop_old_plans();
  run(**plan, (*plan)->desk.begin(m.actor, m.generation, m.now));
}

void hosted_topologies::end_former(const std::string& actor) {
  const auto found = former_.extract(actor);
  if (found.empty())
    return;
  const auto& former = found.mapped();
  has_ended(actor, "it has no place here any more");
  tell_over(actor, former.last, former.tell, node::life_outcome::ended);
  if (former.next)
    begin(*former.next);
  drop_old_plans();
}

expected<plan_on_node*> hosted_topologies::plan_of(std::uint64_t generation) {
  if (const auto p = plans_.find(generation); p != plans_.end())
    return p->second.get();
  ASSIGN_OR_RETURN(auto opened, open_plan(self_->system(), options_, generation));
  auto& p = plans_[generation] = std::move(opened);
  self_->monitor(p->keepers.snapshots);
  self_->monitor(p->keepers.values);
  return p.get();
}

void hosted_topologies::drop_old_plans() {
  std::set<const plan_on_node*> used;
  for (const auto& [_, l] : lives_)
    used.insert(l.plan);
  for (const auto& [_, f] : former_)
    used.insert(f.plan);
  for (auto p = plans_.begin(); p != plans_.end();)
    p = p->first != plans_.rbegin()->first && !used.contains(p->second.get()) ? plans_.erase(p)
                                                                              : std::next(p);
  wait_if_idle();
}

void hosted_topologies::wait_if_idle() {
  ++changes_;
  if (lives_.empty() && former_.empty() && !plans_.empty())
    self_->delayed_send(self_, idle_patience, nothing_runs{changes_});
}

void hosted_topologies::make_shards(plan_on_node& plan) {
  const auto is_collected = [&](const std::string& actor) {
    return std::ranges::any_of(plan.prepared_shards, [&](const auto& a) { return a.with.actor == actor; });
  };
  for (const auto& [actor, l] : lives_)
    if (l.plan == &plan && plan.shards.contains(actor) && !l.is_made() && !is_collected(actor))
      return;
  make(plan, std::exchange(plan.prepared_shards, {}));
}

void hosted_topologies::make(plan_on_node& plan, std::vector<control::desk_effects::spawn> all) {
  std::erase_if(all, [&](const control::desk_effects::spawn& a) {
    const auto at = lives_.find(a.with.actor);
    return at == lives_.end() || at->second.plan != &plan || at->second.now != a.with.next;
  });
  auto made = make_actors(self_->system(), plan, all, self_);
  for (std::size_t i = 0; i < all.size(); ++i)
    begin_life(plan, all[i], std::move(made[i]));
}

void hosted_topologies::begin_life(plan_on_node& plan, const control::desk_effects::spawn& a,
                                   expected<any_actor> made) {
  if (!made)
    return could_not_begin(a.with.actor, in_own_words(made.error()));
  auto& l = lives_.at(a.with.actor);
  l.handle = std::move(*made);
  with_living(l.handle, [&](const auto& h) { self_->monitor(h); });
  if (const auto& present = plan.factory->gauges().present)
    present->began(a.with.actor);
  if (options_.on_begun)
    options_.on_begun(a.with.actor, a.with.next, control::address_of(l.handle));
  for (const auto& e : ends_of(plan, a.with.actor))
    self_->send(options_.board, end_is_up{{e.edge, e.end, a.with.next, e.window}, e.is_from});
  spdlog::log(among_nodes(spdlog::level::info), "{} begins on node {} under life {}.{}", shown(a.with.actor),
              options_.node, a.with.next.term, a.with.next.count);
  run(plan, plan.desk.began(a.with.actor, a.with.next));
}

void hosted_topologies::could_not_begin(const std::string& actor, const error& why) {
  const auto how = why.code == ec::fenced ? node::life_outcome::fenced
                   : why.retry            ? node::life_outcome::failed_again
                                          : node::life_outcome::failed;
  if (how != node::life_outcome::failed_again)
    spdlog::error("{} does not begin: {}", shown(actor), why.message);
  if (how == node::life_outcome::failed || (how == node::life_outcome::fenced && options_.lone))
    return fail(actor, why);
  end_life(actor, how, why.message);
}

/// `why` may be of the life that ends here, so it is a copy.
void hosted_topologies::fail(const std::string& actor, error why) {
  self_->send(options_.board,
              send_to_director{control::actor_failed{options_.topology, actor, lives_.at(actor).now, why}});
  end_life(actor, node::life_outcome::completed, why.message);
}

// --- ending

void hosted_topologies::on_down(const caf::down_msg& m) {
  for (const auto& [actor, former] : former_)
    if (former.address == m.source)
      return end_former(std::string(actor));
  for (const auto& [actor, l] : lives_)
    if (control::address_of(l.handle) == m.source) {
      const auto how = l.refused       ? node::life_outcome::fenced
                       : l.has_stopped ? node::life_outcome::completed
                                       : node::life_outcome::failed_again;
      const auto why = l.refused           ? l.refused->message
                       : l.failure.empty() ? control::words_of(m.reason)
                                           : l.failure;
      // Nobody else may use what this process alone has, so nobody raises the life to get it back.
      if (l.refused && options_.lone)
        return fail(std::string(actor), *l.refused);
      if (l.has_stopped && !l.refused)
        has_ended(actor, "it was told to stop");
      return end_life(std::string(actor), how, why);
    }
  for (const auto& [_, p] : plans_)
    if (p->keepers.snapshots.address() == m.source || p->keepers.values.address() == m.source)
      return lose_keeper(*p);
}

void hosted_topologies::lose_keeper(plan_on_node& plan) {
  plan.prepared_shards.clear();
  std::vector<std::string> all;
  for (const auto& [actor, l] : lives_)
    if (l.plan == &plan)
      all.push_back(actor);
  for (const auto& actor : all) {
    with_living(lives_.at(actor).handle, [&](const auto& h) { self_->send_exit(h, caf::exit_reason::kill); });
    end_life(actor, node::life_outcome::failed_again, "the thread that writes to the store has failed");
  }
  plans_.erase(plan.generation);
}

void hosted_topologies::end_life(const std::string& actor, node::life_outcome how, const std::string& why) {
  auto l = std::move(lives_.at(actor));
  if (how == node::life_outcome::failed_again)
    l.plan->factory->gauges().restarts->note(actor);
  close(actor, l);
  lives_.erase(actor);
  tell_over(actor, last_of(actor, l), l.tell, how, {}, why, l.stopped_by);
  if (!l.is_made())
    make_shards(*l.plan);
  wait_if_idle();
}

life hosted_topologies::last_of(const std::string& actor, const hosted_life& l) {
  const auto& sinks = l.plan->factory->gauges().sinks;
  const auto sink = sinks.find(actor);
  const auto newest = sink == sinks.end() ? life() : life_of(sink->second->life);
  return control::is_of(newest, l.now) ? newest : l.now;
}

void hosted_topologies::close(const std::string& actor, const hosted_life& l) {
  for (const auto& e : ends_of(*l.plan, actor))
    self_->send(options_.board, end_is_down{{e.edge, l.now}, e.is_from});
  if (const auto& present = l.plan->factory->gauges().present)
    present->ended(actor);
  run(remote_.forget_all_of(actor));
  run(*l.plan, l.plan->desk.end(actor, l.now.term));
}

void hosted_topologies::tell_over(const std::string& actor, const life& last, const node::life_listener& tell,
                                  node::life_outcome how, const life& by, const std::string& why,
                                  const cluster::epoch& asked_by) {
  self_->send(tell, node::life_over{{options_.topology, actor}, last, how, by, why, asked_by});
}

}  // namespace millrace::host
