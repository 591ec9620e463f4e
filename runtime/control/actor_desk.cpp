#include "runtime/control/actor_desk.hpp"

#include "runtime/delivery/giving_up.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace millrace::control {

namespace {

/// Says what an introduction is about: another order about the same takes its place.
struct subject {
  std::optional<introduction> operator()(const director_effects::tell_receiver& o) const {
    return introduction{"receiver", o.receiver, o.index};
  }
  std::optional<introduction> operator()(const director_effects::tell_sender& o) const {
    return introduction{"sender", o.log, 0};
  }
  std::optional<introduction> operator()(const director_effects::tell_dead_letter_sink& o) const {
    return introduction{"dead letters", o.sink, 0};
  }
  std::optional<introduction> operator()(const auto&) const { return std::nullopt; }
};

}  // namespace

actor_desk::actor_desk(std::string topology, std::map<std::string, bool> fails_on_error)
    : topology_(std::move(topology)), fails_on_error_(std::move(fails_on_error)) {}

actor_desk::living* actor_desk::present(const std::string& actor, const life& l) {
  const auto at = living_.find(actor);
  return at != living_.end() && at->second.now.term == l.term ? &at->second : nullptr;
}

// --- lives

desk_effect_list actor_desk::begin(const std::string& actor, std::uint64_t generation, const life& next) {
  auto& life = living_[actor] = {generation, next};
  prepare_life asks{topology_, actor, next};
  if (const auto lane = fails_on_error_.find(actor); lane != fails_on_error_.end()) {
    const auto& failing = failing_[actor];
    auto verdicts = delivery::verdicts_on(failing, !lane->second);
    if (!verdicts)
      return {desk_effects::give_up{actor, next, std::move(verdicts.error())}};
    if (lane->second) {
      life.ends_at = std::move(*verdicts);
    } else {
      asks.give_up = std::move(*verdicts);
      asks.settled = failing.settled();
    }
  }
  life.asks = asks;
  return {desk_effects::say{std::move(asks)}};
}

desk_effect_list actor_desk::began(const std::string& actor, const life& now) {
  auto* const l = present(actor, now);
  if (l == nullptr || l->now != now)
    return {};
  l->is_there = true;
  return {desk_effects::say{actor_began{topology_, actor, now}}};
}

desk_effect_list actor_desk::end(const std::string& actor, incarnation term) {
  const auto at = living_.find(actor);
  if (at == living_.end() || at->second.now.term > term)
    return {};
  const auto last = living_.extract(at).mapped();
  return last.is_there ? desk_effect_list{desk_effects::say{actor_over{topology_, actor, last.now}}}
                       : desk_effect_list{};
}

void actor_desk::forget_introductions(const std::string& node) {
  for (auto& [_, l] : living_)
    std::erase_if(l.introduced, [&](const auto& i) { return i.second.node == node; });
}

// --- the director

desk_effect_list actor_desk::on_message(const to_node_of_actors& m) {
  if (const auto* const told = std::get_if<actor_told>(&m))
    return on_order(*told);
  return on_prepared(std::get<life_prepared>(m));
}

desk_effect_list actor_desk::on_prepared(const life_prepared& m) {
  auto* const l = present(m.actor, m.next);
  if (l == nullptr || !l->asks || l->now != m.next)
    return {};
  desk_effect_list all;
  if (!l->asks->give_up.empty())
    all.emplace_back(desk_effects::recovered{m.actor, m.next});
  desk_effects::spawn out{m, l->generation};
  if (fails_on_error_.contains(m.actor)) {
    auto& failing = failing_[m.actor];
    for (const auto& v : l->asks->give_up)
      failing.give_up(v.log, v.at);
    for (const auto& a : m.crashed)
      failing.suspect(a);
    std::ranges::move(l->ends_at, std::back_inserter(out.with.verdicts));
    out.failing = failing;
  }
  l->asks.reset();
  all.emplace_back(std::move(out));
  return all;
}

desk_effect_list actor_desk::on_order(const actor_told& m) {
  auto* const l = present(receiver_of(m.what), m.to);
  if (l == nullptr || l->asks)
    return {};
  // A new director introduces everybody once more; who is told of a receiver again would ask it again.
  if (const auto about = std::visit(subject{}, m.what)) {
    const auto [known, is_new] = l->introduced.try_emplace(*about, m);
    if (!is_new && known->second == m)
      return {};
    known->second = m;
  }
  return {desk_effects::deliver{m.node, m.what}};
}

desk_effect_list actor_desk::on_new_director() const {
  desk_effect_list out;
  for (const auto& [actor, l] : living_) {
    if (l.asks)
      out.emplace_back(desk_effects::say{*l.asks});
    if (l.is_there)
      out.emplace_back(desk_effects::say{actor_began{topology_, actor, l.now}});
    for (const auto& [kind, news] : l.said)
      out.emplace_back(desk_effects::say{actor_said{topology_, news}});
  }
  return out;
}

// --- news of actors

desk_effect_list actor_desk::on_news(const actor_news& n) {
  const auto& [actor, of] = sender_of(n);
  auto* const l = present(actor, of);
  if (l == nullptr || !is_of(of, l->now))
    return {};
  // Partitions are said again with each look, and a report is asked for again.
  if (!std::holds_alternative<messages::partition_found>(n) &&
      !std::holds_alternative<messages::report_part>(n))
    l->said.insert_or_assign(n.index(), n);
  return {desk_effects::say{actor_said{topology_, n}}};
}

void actor_desk::on_attempt_failed(const messages::attempt_failed& m) {
  const auto* const l = present(m.actor, m.life);
  if (l == nullptr || !is_of(m.life, l->now))
    return;
  auto& failing = failing_[m.actor];
  failing.settle(m.settled);
  failing.failed(m.what, m.error);
}

void actor_desk::on_went_well(const messages::attempt_went_well& m) {
  const auto* const l = present(m.actor, m.life);
  if (l != nullptr && is_of(m.life, l->now))
    failing_[m.actor].went_well(m.log, m.from);
}

}  // namespace millrace::control
