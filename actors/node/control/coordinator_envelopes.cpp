// A coordinator's actor hears of other processes, and is asked.
#include "actors/node/control/coordinator_hands.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <cstdlib>
#include <utility>

namespace millrace::node {
void coordinator_hands::on_envelope(const envelope_came& m) {
  if (const auto* const w = std::get_if<cluster::signs::word>(&m.what))
    on_word(m.from, *w);
  else if (const auto* const h = std::get_if<cluster::signs::heard>(&m.what))
    on_heard(*h);
  else if (const auto* const a = std::get_if<cluster::signs::alive>(&m.what))
    on_alive(m.from, *a);
  else if (const auto* const e = std::get_if<cluster::node_event>(&m.what))
    on_event(m.from, *e);
  else if (const auto* const l = std::get_if<cluster::signs::left>(&m.what); l != nullptr && leads_)
    on_left(m.from, *l);
  else if (const auto* const d = std::get_if<cluster::signs::declined>(&m.what))
    spdlog::warn("node {} does not join: {}", m.from.node, d->why);
}

void coordinator_hands::on_word(const cluster::process_id& from, const cluster::signs::word& w) {
  if (w.of >= candidate_.highest()) {
    leader_ = from.node;
    tell_leader(from.node);
    leads_there_ = from;
    heard_leader_at_ = now().running;
  }
  candidate_.on_word(w.of, now(), jitter(), w.yields && !leaves_);
  if (leads_)
    run(leads_->on_higher_epoch(w.of, now()));
  if (from != options_->mine && w.of == candidate_.highest())
    pass_on(from, w.of);
}

/// A node whose session is over hears so already: it was forgotten, or has said before that it leaves.
void coordinator_hands::on_left(const cluster::process_id& from, const cluster::signs::left& l) {
  const auto n = leads_->state().nodes.find(from.node);
  if (n != leads_->state().nodes.end() && n->second.session == l.session && !n->second.is_over)
    run(leads_->on_node_left(from.node, l.session, now()));
  else if (l.session != session_of(options_->mine))  // else it is an answer
    write(from.node, from.instance, l);
}

void coordinator_hands::on_heard(const cluster::signs::heard& h) {
  candidate_.on_heard(h.of, now(), jitter());
  if (leads_)
    run(leads_->on_higher_epoch(h.of, now()));
}

void coordinator_hands::pass_on(const cluster::process_id& leader, const cluster::epoch& of) {
  if (now().running < passes_on_at_)
    return;
  passes_on_at_ = now().running + options_->silence.heard_every();
  for (const auto& p : linked_)
    if (p != leader)
      write(p.node, p.instance, cluster::signs::heard{of});
}

void coordinator_hands::on_alive(const cluster::process_id& from, const cluster::signs::alive& a) {
  if (!leads_)
    return;
  run(leads_->on_heard(from.node, a.session, now()));
  const auto ahead = cluster::clock_skew(a.word, a.clock, now().wall);
  if (!ahead)
    skewed_.erase(from.node);
  else if (skewed_.insert(from.node).second)
    spdlog::warn("the clock of node {} is {} ms {} that of {}: ticks and idle times are off by as much; let "
                 "NTP set both",
                 from.node, std::abs(ahead->count()) / 1000, ahead->count() > 0 ? "ahead of" : "behind",
                 options_->mine.node);
}

void coordinator_hands::on_event(const cluster::process_id& from, const cluster::node_event& e) {
  if (!leads_)
    return;
  if (const auto* const r = std::get_if<cluster::registration>(&e))
    on_registration(from, *r);
  else if (const auto* const b = std::get_if<cluster::life_began>(&e))
    run(leads_->on_life_began(from.node, *b, now()));
  else if (const auto* const d = std::get_if<cluster::life_ended>(&e))
    run(leads_->on_life_ended(from.node, *d, now()));
  else
    run(leads_->on_higher_epoch(std::get<cluster::epoch_refused>(e).highest, now()));
}

/// A process speaks for itself alone. J3: one that wants a name which another process answers under waits.
void coordinator_hands::on_registration(const cluster::process_id& from, const cluster::registration& r) {
  if (r.node != from.node || r.instance != from.instance)
    return;
  if (r.session == 0) {
    const auto judged = claims_.judge(from, leads_->nodes().find(from.node), now());
    if (judged == cluster::name_claims::judged::refused)
      return write(from.node, from.instance,
                   cluster::node_command{
                       leads_->mine(), 0,
                       cluster::commands::leave{
                           from.instance, fmt::format("another process is node {}, and it answers; give each "
                                                      "node a name of its own",
                                                      from.node)}});
    if (judged == cluster::name_claims::judged::waiting)
      return;
  }
  run(leads_->on_registered(r, now()));
}

cluster::session coordinator_hands::session_of(const cluster::process_id& who) const {
  const auto found = leads_->state().nodes.find(who.node);
  const auto is_it = found != leads_->state().nodes.end() && found->second.instance == who.instance;
  return is_it ? found->second.session : 0;
}

void coordinator_hands::on_up(const link_up& m) {
  linked_.insert(m.with);
  dead_.erase(m.with.node);
  if (leads_there_ && leads_there_->node == m.with.node && leads_there_->instance < m.with.instance)
    on_process_over(*leads_there_);
  if (leads_)
    run(leads_->on_link_up(m.with.node, now()));
}

void coordinator_hands::on_lost(const link_lost& m) {
  linked_.erase(m.with);
  if (leads_)
    run(leads_->on_link_lost(m.with.node, session_of(m.with), now()));
}

void coordinator_hands::on_dead(const process_dead& m) {
  dead_.insert_or_assign(m.who.node, m.who);
  on_process_over(m.who);
  if (const auto session = leads_ ? session_of(m.who) : 0; session != 0)
    run(leads_->on_node_dead(m.who.node, session, now()));
}

void coordinator_hands::on_process_over(const cluster::process_id& who) {
  if (leads_there_ != who)
    return;
  leads_there_.reset();
  tell_lost_leader("its process has ended");
  candidate_.on_over(now(), jitter());
}

void coordinator_hands::on_over(const node_is_over& m) {
  for (auto& [id, to] : asked_)
    to.deliver(cluster_answered{
        outside_error(ec::unavailable, fmt::format("node {} ends: {}", options_->mine.node, m.why)).value(),
        {}});
  asked_.clear();
  if (leads_ && options_->director)
    options_->director->stepped_down(m.why);
  leads_.reset();
  self_->send(keeper_, stop_keeper{});
  self_->quit();
}

namespace {

std::string about_of(const cluster::request& what) {
  return std::visit(
      [](const auto& r) -> std::string {
        if constexpr (requires { r.topology; })
          return r.topology;
        else if constexpr (requires { r.node; })
          return r.node;
        else
          return {};
      },
      what);
}

}  // namespace

coordinator_hands::promise coordinator_hands::on_ask(const ask_cluster& m) {
  auto to = self_->make_response_promise<promise>();
  if (!leads_) {
    to.deliver(cluster_answered{
        outside_error(ec::unavailable, leader_.empty() || leader_ == options_->mine.node
                                           ? "the cluster has no leader yet; ask again"
                                           : fmt::format("node {} does not lead the cluster; ask node {}",
                                                         options_->mine.node, leader_))
            .value(),
        {}});
    return to;
  }
  asked_.emplace(++requests_, to);
  if (!m.through.empty())
    askers_.emplace(requests_, asker{about_of(m.what), m.through, m.change});
  run(leads_->on_request(requests_, m.what, now()));
  return to;
}

cluster_described coordinator_hands::describe() {
  // A leader that is silent for this long leads no more.
  const bool is_heard = now().running - heard_leader_at_ <= options_->silence.unheard_after();
  if (!leads_)
    return {{}, is_heard ? leader_ : std::string(), nullptr, {}, {}, now().wall, known_, options_->is_alone};
  cluster_described out{leads_->mine(),
                        leader_,
                        std::make_shared<const cluster::control_state>(leads_->state()),
                        leads_->waiting(now()),
                        {},
                        now().wall,
                        known_,
                        options_->is_alone};
  for (const auto& [name, _] : leads_->nodes().present())
    out.present.insert(name);
  return out;
}

}  // namespace millrace::node
