#include "actors/node/host/topology_host.hpp"

#include "actors/node/host/hosted_topologies.hpp"
#include "runtime/control/spawn.hpp"

#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>

#include <optional>
#include <utility>
#include <variant>

namespace millrace::host {

// --- the director

void hosted_topologies::on_order(const std::string& from, const control::to_node_of_actors& m) {
  if (from != director_.node)
    return;
  const auto& actor = std::holds_alternative<control::actor_told>(m)
                          ? control::receiver_of(std::get<control::actor_told>(m).what)
                          : std::get<control::life_prepared>(m).actor;
  if (const auto at = lives_.find(actor); at != lives_.end())
    run(*at->second.plan, at->second.plan->desk.on_message(m));
}

void hosted_topologies::on_new_director(const directed_by& now) {
  director_ = now;
  for (const auto& [_, p] : plans_)
    run(*p, p->desk.on_new_director());
}

// --- news of actors

void hosted_topologies::on_news(const std::string& actor, const control::actor_news& n) {
  const auto at = lives_.find(actor);
  if (at == lives_.end())
    return;
  auto news = n;
  if (auto* const failed = std::get_if<messages::stage_failed>(&news);
      failed != nullptr && present(actor, failed->life) != nullptr) {
    failed->why = in_own_words(std::move(failed->why));
    at->second.failure = failed->why.message;
    cannot_go_on(actor, failed->why);
  }
  run(*at->second.plan, at->second.plan->desk.on_news(news));
}

void hosted_topologies::on_attempt_failed(const messages::attempt_failed& m) {
  if (const auto at = lives_.find(m.actor); at != lives_.end())
    at->second.plan->desk.on_attempt_failed(m);
}

void hosted_topologies::on_went_well(const messages::attempt_went_well& m) {
  if (const auto at = lives_.find(m.actor); at != lives_.end())
    at->second.plan->desk.on_went_well(m);
}

void hosted_topologies::run(plan_on_node&, const control::desk_effects::recovered& a) {
  if (const auto* const l = present(a.actor, a.now))
    self_->send(l->tell, node::life_recovered{{options_.topology, a.actor}, a.now});
}

void hosted_topologies::on_fenced(const messages::fenced& m) {
  if (auto* const l = present(m.actor, m.life))
    l->refused = in_own_words(m.why);
}

void hosted_topologies::on_stopped(const messages::stopped& m) {
  if (auto* const l = present(m.actor, m.life))
    l->has_stopped = true;
  on_news(m.actor, m);
}

// --- links

void hosted_topologies::on_edge(const edge_news& m) {
  if (const auto* const up = std::get_if<link::stand_in_up>(&m.what))
    run(remote_.up(m.peer, *up));
  else if (const auto* const down = std::get_if<link::stand_in_down>(&m.what))
    run(remote_.down(m.peer, *down));
  else if (const auto* const lost = std::get_if<link::message_lost>(&m.what))
    on_message_lost(*lost);
}

void hosted_topologies::on_unlinked(const std::string& peer) {
  run(remote_.unlinked(peer));
  for (const auto& [_, p] : plans_)
    p->desk.forget_introductions(peer);
}

hosted_life* hosted_topologies::present(const std::string& actor, const life& l) {
  const auto at = lives_.find(actor);
  return at != lives_.end() && control::is_of(l, at->second.now) ? &at->second : nullptr;
}

std::vector<end_of_edge> hosted_topologies::ends_of(const plan_on_node& plan,
                                                    const std::string& actor) const {
  const auto at = lives_.find(actor);
  return at == lives_.end() ? std::vector<end_of_edge>() : host::ends_of(plan, actor, at->second.handle);
}

// --- effects of the desk

void hosted_topologies::run(plan_on_node& plan, control::desk_effect_list all) {
  for (auto& a : all)
    std::visit([&](auto& x) { run(plan, x); }, a);
}

void hosted_topologies::run(plan_on_node&, const control::desk_effects::say& a) {
  self_->send(options_.board, send_to_director{a.what});
}

void hosted_topologies::run(plan_on_node& plan, const control::desk_effects::spawn& a) {
  if (!plan.shards.contains(a.with.actor))
    return make(plan, {a});
  plan.prepared_shards.push_back(a);
  make_shards(plan);
}

void hosted_topologies::run(plan_on_node& plan, const control::desk_effects::give_up& a) {
  if (present(a.actor, a.last) == nullptr)
    return;
  auto why = a.why;
  why.stage = plan.factory->lane_options_of(a.actor).plan->parser->name;
  cannot_go_on(a.actor, why);
  fail(a.actor, why);
}

void hosted_topologies::run(plan_on_node& plan, const control::desk_effects::deliver& a) {
  for (auto& d : effects_of(a.node, a.what))
    std::visit([&](auto& x) { run(plan, x); }, d);
}

void hosted_topologies::run(plan_on_node&, order_effects::tell& d) {
  if (std::holds_alternative<messages::stop>(d.what))
    if (const auto at = lives_.find(d.to); at != lives_.end())
      at->second.stopped_by = director_.of;
  std::visit([&](auto& what) { tell(d.to, std::move(what)); }, d.what);
}

void hosted_topologies::run(plan_on_node& plan, const order_effects::forget& d) {
  spdlog::debug("{}: {} does not live", shown(d.edge.from), lasting_name(d.edge.to));
  forget(plan, d.edge);
}

void hosted_topologies::introduce(plan_on_node& plan, const link::edge_name& edge, introduced who) {
  forget(plan, edge);
  const auto& other = who.to == edge.from ? edge.to : edge.from;
  spdlog::debug("{}: meets life {}.{} of {} on node {}", shown(who.to), who.remote.term, who.remote.count,
                lasting_name(other), who.node);
  if (who.node == options_.node) {
    if (who.log) {
      if (const auto sender = local<messages::output_sender>(other, who.remote))
        tell(who.to, messages::sender_up{*who.log, sender, who.remote});
    } else if (const auto receiver = local<messages::frame_receiver>(other, who.remote)) {
      tell(who.to, messages::receiver_up{who.index, receiver, who.remote});
    }
    return;
  }
  if (const auto number = plan.edges.number_of(edge))
    run(remote_.introduce(*number, std::move(who)));
}

void hosted_topologies::forget(const plan_on_node& plan, const link::edge_name& edge) {
  if (const auto number = plan.edges.number_of(edge))
    run(remote_.forget(*number));
}

// --- lives elsewhere

void hosted_topologies::run(remote_effect_list all) {
  for (auto& t : all)
    std::visit([&](auto& x) { run(x); }, t);
}

void hosted_topologies::run(told_actor& t) {
  std::visit([&](auto& what) { tell(t.to, std::move(what)); }, t.what);
}

void hosted_topologies::on_message_lost(const link::message_lost& m) {
  for (const auto& [_, p] : plans_)
    for (const auto& [name, number] : p->edges.all())
      if (number == m.edge)
        if (const auto from = lives_.find(name.from); from != lives_.end())
          on_news(name.from, messages::stage_failed{name.from, from->second.now, m.why});
}

namespace {

topology_host::behavior_type
host_behaviour(topology_host::stateful_pointer<std::optional<hosted_topologies>> self,
               const std::shared_ptr<host_options>& options) {
  auto* const state = &self->state.emplace(self, std::move(*options));
  return {
      [=](const messages::partition_found& m) { state->on_news(m.lane, m); },
      [=](const messages::stands_at& m) { state->on_news(m.actor, m); },
      [=](const messages::attempt_failed& m) { state->on_attempt_failed(m); },
      [=](const messages::attempt_went_well& m) { state->on_went_well(m); },
      [=](const messages::completed& m) { state->on_news(m.actor, m); },
      [=](const messages::stage_failed& m) { state->on_news(m.actor, m); },
      [=](const messages::fenced& m) { state->on_fenced(m); },
      [=](const messages::stopped& m) { state->on_stopped(m); },
      [=](const messages::report_part& m) { state->on_news(m.actor, m); },
      [=](const begin_here& m) { state->on_begin(m); },
      [=](const end_here& m) { state->on_end(m); },
      [=](const order_came& m) { state->on_order(m.from, m.what); },
      [=](const director_is_new& m) { state->on_new_director(m.now); },
      [=](const edge_news& m) { state->on_edge(m); },
      [=](const peer_standing& m) { state->on_standing(m); },
      [=](const peer_unlinked& m) { state->on_unlinked(m.peer); },
      [=](const former_life_is_due& m) { state->on_former_due(m); },
      [=](const nothing_runs& m) { state->on_idle(m); },
      [=](const messages::stop&) { state->on_stop(); },
  };
}

}  // namespace

topology_host spawn_host(caf::actor_system& system, host_options options) {
  return control::spawn_blocking(system, host_behaviour, std::make_shared<host_options>(std::move(options)));
}

}  // namespace millrace::host
