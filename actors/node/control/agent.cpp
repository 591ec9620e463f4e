#include "actors/node/control/agent.hpp"

#include "runtime/base/random.hpp"
#include "runtime/base/shard_name.hpp"
#include "runtime/messages/messages.hpp"

#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace millrace::node {
namespace {

/// A store that is slower than this has not answered; the next word asks again.
constexpr std::chrono::seconds proof_patience{30};
/// A life that has not ended by then is left to the end of the process.
constexpr std::chrono::seconds leave_patience{10};

cluster::life_end end_of(life_outcome how) {
  switch (how) {
  case life_outcome::failed:
    return cluster::life_end::failed;
  case life_outcome::fenced:
    return cluster::life_end::fenced;
  default:
    return cluster::life_end::completed;
  }
}

}  // namespace

agent_hands::agent_hands(whole_agent::pointer self, std::shared_ptr<const node_options> options,
                         control_keeper keeper)
    : self_(self), options_(std::move(options)), keeper_(std::move(keeper)),
      agent_(options_->mine.node, options_->mine.instance, options_->cores, options_->formats,
             options_->last_words),
      random_(options_->seed != 0 ? options_->seed : random_bits()) {}

void agent_hands::on_envelope(const envelope_came& m) {
  if (const auto* const l = std::get_if<cluster::signs::left>(&m.what)) {
    if (leaves_ && l->session == agent_.session())  // the coordinator has recorded it
      end_process();
  } else if (const auto* const w = std::get_if<cluster::signs::word>(&m.what)) {
    on_word(m.from, *w);
  } else if (const auto* const c = std::get_if<cluster::node_command>(&m.what)) {
    on_command(m.from, *c);
  }
}

void agent_hands::on_word(const cluster::process_id& from, const cluster::signs::word& w) {
  const auto highest = std::max(agent_.highest_epoch(), boss_ ? boss_->of : cluster::epoch());
  // A coordinator that was replaced may wake up, and would go on leading until its next append.
  if (w.of < highest)
    return write(from, cluster::node_event(cluster::epoch_refused{highest}));
  obey({from, w.of});
  if (is_proving_)
    return;
  if (agent_.session() != 0)
    write(from, cluster::signs::alive{agent_.session(), w.clock, wall()});
  else if (!leaves_)
    write(from, cluster::node_event(agent_.describe()));
  if (leaves_)  // the process that it told before may lead no more
    end_if_all_have();
}

void agent_hands::obey(const boss& b) {
  if (boss_ && boss_->who == b.who && boss_->of == b.of)
    return;
  boss_ = b;
  if (!leaves_)
    options_->lives->directed_by(b.who, b.of);
}

void agent_hands::on_command(const cluster::process_id& from, const cluster::node_command& c) {
  if (!boss_ || c.from >= boss_->of)
    obey({from, c.from});
  const auto* const w = std::get_if<cluster::commands::welcome>(&c.what);
  if (w != nullptr && w->instance == options_->mine.instance && agent_.session() == 0 && !leaves_)
    return prove_session(from, c, *w);
  run(agent_.on_command(c), {from, c.from});
}

/// J2: the session counts once this process finds it by its own way to the store.
void agent_hands::prove_session(const cluster::process_id& from, const cluster::node_command& c,
                                const cluster::commands::welcome& w) {
  if (std::exchange(is_proving_, true))
    return;
  self_->request(keeper_, proof_patience, look_at_control{})
      .then(
          [this, from, c, w](const control_seen& m) {
            is_proving_ = false;
            if (leaves_)
              return;
            if (m.failure)
              return spdlog::warn("node {} cannot join yet: {}", options_->mine.node, m.failure->message);
            const auto proven =
                cluster::check_session(m.what.state, options_->mine, w.session, options_->store->shown());
            if (!proven) {
              write(from, cluster::signs::declined{proven.error().message});
              return leave(proven.error().message);
            }
            // It may have got a later one since, whose welcome comes.
            if (m.what.state.nodes.at(options_->mine.node).session != w.session)
              return;
            spdlog::log(level_among_nodes(*options_, spdlog::level::info),
                        "node {} has joined the cluster {} under session {}; node {} leads it",
                        options_->mine.node, m.what.state.cluster, w.session, from.node);
            run(agent_.on_command(c), {from, c.from});
          },
          [this](const caf::error&) { is_proving_ = false; });
}

void agent_hands::on_foreign_store(const store_is_foreign& m) {
  if (agent_.session() != 0 && !options_->is_alone)
    return;
  is_cut_off_ = options_->is_alone;
  leave(m.why);
}

void agent_hands::on_leave(const leave_cluster& m) {
  if (leaves_)
    return;
  const cluster::node_command asked{agent_.highest_epoch(), 0,
                                    cluster::commands::leave{options_->mine.instance, m.why}};
  run(agent_.on_command(asked), boss_.value_or(boss{options_->mine, asked.from}));
}

void agent_hands::run(const cluster::agent_effect_list& all, const boss& asked_by, const std::string& why) {
  for (const auto& o : all) {
    if (const auto* const b = std::get_if<cluster::agent_effects::begin>(&o)) {
      if (b->now.count == 0)
        begin(*b);
      else
        begin_later(*b, why);
    } else if (const auto* const e = std::get_if<cluster::agent_effects::end>(&o)) {
      end(*e);
    } else if (const auto* const t = std::get_if<cluster::agent_effects::tell>(&o)) {
      if (t->to == asked_by.of)
        write(asked_by.who, t->what);
      else if (boss_ && boss_->of >= t->to)
        write(boss_->who, t->what);
    } else if (const auto* const d = std::get_if<cluster::agent_effects::detach>(&o)) {
      options_->lives->detach(d->node);
    } else if (const auto* const l = std::get_if<cluster::agent_effects::leave>(&o)) {
      leave(l->why);
    }
  }
}

void agent_hands::begin(const cluster::agent_effects::begin& o) {
  alive_.emplace(o.actor, o.now);
  if (!waits_.contains(o.actor))
    waits_.emplace(o.actor, random_());
  waits_.at(o.actor).began(options_->clock().running);
  options_->lives->begin(o.actor, o.generation, o.now, caf::actor_cast<life_listener>(self_));
}

void agent_hands::begin_later(const cluster::agent_effects::begin& o, const std::string& why) {
  const auto wait = waits_.at(o.actor).failed(options_->clock().running);
  restarts_[o.actor] = {o.generation, o.now};
  self_->delayed_send(self_, wait, restart_due{o.actor, o.now});
  const auto who = name_in_logs(o.actor.topology, o.actor.name);
  if (why == messages::restart_was_asked)
    spdlog::info("{}", control::restart_line(who, wait));
  else if (!why.empty())
    spdlog::error("{}", control::failure_line(who, why, wait));
  if (!why.empty() && why != messages::restart_was_asked && options_->on_failed_again)
    options_->on_failed_again(o.actor, why);
}

void agent_hands::on_restart(const restart_due& m) {
  const auto found = restarts_.find(m.actor);
  // It may have been ended while it waited.
  if (found == restarts_.end() || found->second.now != m.now)
    return;
  const auto next = found->second;
  restarts_.erase(found);
  begin({m.actor, next.generation, next.now});
}

void agent_hands::end(const cluster::agent_effects::end& o) {
  waits_.erase(o.actor);
  if (restarts_.erase(o.actor) == 0)
    options_->lives->end(o.actor, o.last);
}

agent_hands::lives_begun::const_iterator agent_hands::find_alive(const cluster::actor_id& actor,
                                                                 const life& l) const {
  auto begun = alive_.upper_bound({actor, l});
  if (begun == alive_.begin() || (--begun)->first != actor || begun->second.term != l.term)
    return alive_.end();
  return begun;
}

void agent_hands::on_life_recovered(const life_recovered& m) {
  const auto waits = waits_.find(m.actor);
  if (waits != waits_.end() && find_alive(m.actor, m.now) != alive_.end())
    waits->second.recovered();
}

void agent_hands::on_life_over(const life_over& m) {
  const auto begun = find_alive(m.actor, m.last);
  if (begun == alive_.end())
    return;
  alive_.erase(begun);
  if (leaves_)
    return end_if_all_have();
  const boss asked_by = boss_.value_or(boss{});
  // The present director knows of no stop by an earlier one, and waits for the actor: it restarts.
  const bool was_stopped_before =
      m.how == life_outcome::completed && m.asked_by.term != 0 && m.asked_by < asked_by.of;
  if (m.how == life_outcome::failed_again || m.how == life_outcome::ended || was_stopped_before)
    run(agent_.on_failure(m.actor, m.last), asked_by,
        m.how == life_outcome::failed_again ? m.why : std::string());
  else
    run(agent_.on_end(m.actor, m.last, end_of(m.how), m.refused_by, m.why), asked_by);
}

void agent_hands::leave(const std::string& why) {
  if (leaves_)
    return;
  leaves_ = *why_over_ = why;
  spdlog::log(level_among_nodes(*options_, spdlog::level::info), "node {} leaves the cluster: {}",
              options_->mine.node, why);
  restarts_.clear();
  self_->send(others_.coordinator, node_leaves{});
  self_->delayed_send(self_, leave_patience, end_is_due{});
  end_if_all_have();
}

void agent_hands::on_nobody_leads() {
  is_cut_off_ = true;
  end_if_all_have();
}

/// The process ends in order: the coordinator records that the session is over before the process ends.
void agent_hands::end_if_all_have() {
  if (!alive_.empty())
    return;
  const cluster::signs::left what{agent_.session()};
  if (agent_.session() == 0 || !boss_ || is_cut_off_)
    end_process();
  else if (boss_->who == options_->mine)  // the post would bring it here, too, and it would look like the
                                          // answer
    self_->send(others_.coordinator, envelope_came{options_->mine, what});
  else
    write(boss_->who, what);
}

void agent_hands::end_process() {
  if (std::exchange(is_over_, true))
    return;
  self_->send(others_.coordinator, node_is_over{*leaves_});
  self_->send_exit(others_.post, caf::exit_reason::user_shutdown);
  self_->send(keeper_, stop_keeper{});
  self_->quit();
}

void agent_hands::on_lost_colleague(const std::string& why) {
  if (is_over_)
    return;
  for (const auto& [actor, now] : alive_)
    options_->lives->end(actor, now);
  leaves_ = *why_over_ = why;
  end_process();
}

void agent_hands::write(const cluster::process_id& to, envelope_content what) {
  self_->send(others_.post, post_envelope{to.node, to.instance, std::move(what)});
}

namespace {

whole_agent::behavior_type agent_behaviour(whole_agent::stateful_pointer<std::optional<agent_hands>> self,
                                           const std::shared_ptr<const node_options>& options,
                                           const control_keeper& keeper) {
  auto* const hands = &self->state.emplace(self, options, keeper);
  self->set_down_handler(
      [hands](caf::down_msg&) { hands->on_lost_colleague("a part of its control plane has failed"); });
  self->attach_functor([options, why = hands->why_over()](const caf::error&) {
    if (options->on_over)
      options->on_over(*why);
  });
  self->monitor(keeper);
  return {
      [=](const meet_others& m) {
        self->monitor(m.post);
        self->monitor(m.coordinator);
        hands->meet(m);
      },
      [=](const envelope_came& m) { hands->on_envelope(m); },
      [=](const life_over& m) { hands->on_life_over(m); },
      [=](const life_recovered& m) { hands->on_life_recovered(m); },
      [=](const detach_node& m) { hands->on_detach(m); },
      [=](const store_is_foreign& m) { hands->on_foreign_store(m); },
      [=](const leave_cluster& m) { hands->on_leave(m); },
      [=](const nobody_leads&) { hands->on_nobody_leads(); },
      [=](const restart_due& m) { hands->on_restart(m); },
      [=](const end_is_due&) { hands->on_end_due(); },
  };
}

}  // namespace

whole_agent spawn_agent(caf::actor_system& system, std::shared_ptr<const node_options> options,
                        control_keeper keeper) {
  return system.spawn(agent_behaviour, std::move(options), std::move(keeper));
}

}  // namespace millrace::node
