#include "tests/property/cluster/world.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace millrace::cluster::trial {

world::world(std::uint64_t seed)
    : random_(seed), store_([this](const epoch&, const change& c) { oracle_.counts(c, now_.wall); }) {
  loss_ = std::array{0U, 1U, 5U}[below(3)];
  rate_ = std::array{100'000U, 300U, 100U, 40U}[below(4)];
  for (std::size_t i = 0, n = 2 + below(3); i < n; ++i)
    names_.push_back(std::string(1, static_cast<char>('a' + i)));
  for (const auto& name : names_)
    join(name);
}

void world::run() {
  for (const auto steps = 500 + below(4'000); step_ < steps; ++step_)
    step();
  calm_down();
  for (std::size_t quiet = 0, left = 40'000; quiet < 400; --left, ++step_) {
    require(left > 0, "stuck: " + missing() + "\n" + to_text(oracle_.state()));
    const auto terms = oracle_.state().terms;
    step();
    quiet = missing().empty() && terms == oracle_.state().terms ? quiet + 1 : 0;
  }
  require(store_.read() == oracle_.state(), "control is not what its records add up to");
}

void world::step() {
  now_.running += std::chrono::milliseconds(1 + below(15));
  now_.wall += 10'000;
  if (one_in(400))
    now_.wall += micros(std::chrono::minutes(below(4))).count();
  if (!is_calm_ && one_in(rate_))
    fault();
  if (one_in(30))
    ask();
  if (one_in(5))
    store_.settle(random_);
  beat();
  for (std::size_t i = 0; i < 4; ++i)
    deliver();
  for (auto& p : processes_) {
    if (p.asleep > step_)
      continue;
    stand(p);
    store_step(p);
    clear_step(p);
    act(p);
    direct(p);
  }
  processes_.remove_if([](const process& p) { return p.agent.is_over(); });
  for (const auto& name : names_)
    if (is_calm_ && std::ranges::find(processes_, name, &process::node) == processes_.end())
      join(name);
}

void world::join(const std::string& node) {
  processes_.emplace_back(node, ++instances_, 1 + below(2), now_, last_words_[node]);
}

process* world::find(std::uint64_t instance) {
  const auto found = std::ranges::find(processes_, instance, &process::instance);
  return found == processes_.end() ? nullptr : &*found;
}

process* world::newest_leader() {
  process* found = nullptr;
  for (auto& p : processes_)
    if (p.leads && (found == nullptr || found->leads->mine() < p.leads->mine()))
      found = &p;
  return found;
}

/// Words of coordinators, signs of life of nodes, and time.
void world::beat() {
  for (auto& p : processes_) {
    if (!p.leads || p.asleep > step_ || !one_in(5))
      continue;
    for (auto& q : processes_)
      if (q.asleep <= step_ && are_joined(p, q) && !q.agent.is_over()) {
        q.stands.on_word(p.leads->mine(), now_, jitter());
        if (q.agent.session() == 0 && one_in(10))
          envelopes_.push_back({q.instance, p.instance, q.node, node_event(q.agent.describe())});
        else if (q.agent.session() != 0)
          run(p, p.leads->on_heard(q.node, q.agent.session(), now_));
        if (!p.leads)
          break;
      }
    if (p.leads)
      run(p, p.leads->tick(now_));
  }
}

/// Envelopes between two processes keep their order.
void world::deliver() {
  if (envelopes_.empty())
    return;
  const auto chosen = envelopes_[below(envelopes_.size())];
  const auto first = std::ranges::find_if(
      envelopes_, [&](const envelope& l) { return l.from == chosen.from && l.to == chosen.to; });
  auto* const from = find(first->from);
  auto* const to = find(first->to);
  if (to == nullptr) {
    envelopes_.erase(first);
    return;
  }
  if (to->asleep > step_ || to->is_cut)
    return;
  const auto l = *first;
  envelopes_.erase(first);
  if (const auto* const c = std::get_if<node_command>(&l.what))
    deliver_to(*to, from, *c);
  else
    deliver_to(*to, l.node, std::get<node_event>(l.what));
}

void world::deliver_to(process& p, process* from, const node_command& c) {
  const auto highest = p.agent.highest_epoch();
  auto effects = p.agent.on_command(c);
  // Answers go to the sender of the command.
  for (const auto& o : effects)
    if (const auto* const t = std::get_if<agent_effects::tell>(&o); t != nullptr && from != nullptr)
      envelopes_.push_back({p.instance, from->instance, p.node, t->what});
  std::erase_if(effects,
                [](const agent_effect& o) { return std::holds_alternative<agent_effects::tell>(o); });
  run(p, effects, c.from, highest);
}

void world::deliver_to(process& p, const std::string& node, const node_event& e) {
  if (!p.leads)
    return;
  if (const auto* const r = std::get_if<registration>(&e))
    run(p, p.leads->on_registered(*r, now_));
  else if (const auto* const b = std::get_if<life_began>(&e))
    run(p, p.leads->on_life_began(node, *b, now_));
  else if (const auto* const d = std::get_if<life_ended>(&e))
    run(p, p.leads->on_life_ended(node, *d, now_));
  else
    run(p, p.leads->on_higher_epoch(std::get<epoch_refused>(e).highest, now_));
}

/// A candidate looks, chooses, and some time later tries to open; the store decides.
void world::stand(process& p) {
  if (p.agent.is_over())
    return;
  if (p.opening) {
    if (!one_in(4))
      return;
    const auto mine = *p.opening;
    p.opening.reset();
    if (p.stands.must_give_up(store_.highest()) || below(100) < loss_) {
      p.stands.on_lost(now_, jitter());
      return;
    }
    store_.open(mine);
    if (below(100) < loss_) {  // nobody has heard that it was opened
      p.stands.on_lost(now_, jitter());
      return;
    }
    oracle_.leads(mine);
    p.stands.on_won();
    p.leads.emplace(mine, store_.read(), now_);
    run(p, p.leads->begin("c", 1, now_));
  } else if (p.stands.tick(now_)) {
    p.opening = p.stands.choose(store_.highest(), static_cast<std::uint32_t>(random_()));
  }
}

void world::store_step(process& p) {
  if (!p.store_call || !p.leads || !one_in(3))
    return;
  const auto call = *std::exchange(p.store_call, std::nullopt);
  if (const auto* const a = std::get_if<coordinator_effects::append>(&call))
    run(p, p.leads->on_appended(a->number, store_.append(p.leads->mine(), a->what, random_, loss_), now_));
  else
    run(p, p.leads->on_appended(std::get<coordinator_effects::write_base>(call).number,
                                store_.write_base(p.leads->mine(), p.leads->state()), now_));
}

/// One that was begun goes on under the next coordinator of its process as well.
void world::clear_step(process& p) {
  if (!p.clears || !one_in(20))
    return;
  const auto chains = *std::exchange(p.clears, std::nullopt);
  oracle_.clears(chains);
  if (p.leads)
    run(p, p.leads->on_cleared(chains, is_calm_ || !one_in(3), now_));
}

void world::run(process& p, const coordinator_effect_list& all) {
  for (const auto& d : all) {
    if (std::holds_alternative<coordinator_effects::append>(d) ||
        std::holds_alternative<coordinator_effects::write_base>(d)) {
      require(!p.store_call, "two appends are under way");
      p.store_call = d;
    } else if (const auto* const s = std::get_if<coordinator_effects::send>(&d)) {
      oracle_.sends(s->what);
      for (const auto& q : processes_)
        if (q.node == s->node)  // any process that has the name now
          envelopes_.push_back({p.instance, q.instance, p.node, s->what});
    } else if (const auto* const a = std::get_if<coordinator_effects::answer>(&d)) {
      const auto asked = p.asked.find(a->request);
      require(asked != p.asked.end(), "a request is answered twice");
      oracle_.answered(asked->second, *a);
      p.asked.erase(asked);
    } else if (const auto* const c = std::get_if<coordinator_effects::clear_chains>(&d)) {
      oracle_.clears(c->chains);
      p.clears = c->chains;
    } else if (const auto* const e = std::get_if<coordinator_effects::step_down>(&d)) {
      require(p.asked.empty(), "a request is left without an answer");
      p.stands.on_stepped_down(e->stands_again, now_, jitter());
      p.store_call.reset();
      p.leads.reset();
      return;
    }
  }
}

void world::run(process& p, const agent_effect_list& all, const epoch& obeys, const epoch& highest) {
  for (const auto& o : all)
    if (const auto* const b = std::get_if<agent_effects::begin>(&o)) {
      oracle_.begins(p.node, p.agent.session(), *b, obeys, highest);
      p.actors.push_back({b->actor, b->now});
    } else if (const auto* const e = std::get_if<agent_effects::end>(&o)) {
      end_actor(p, *e);
    }
}

}  // namespace millrace::cluster::trial
