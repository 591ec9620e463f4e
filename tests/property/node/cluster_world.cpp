#include "tests/property/node/cluster_world.hpp"

#include "runtime/messages/plain_message.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/scheduled_actor.hpp>
#include <caf/send.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace millrace::node::trial {
namespace {

constexpr std::chrono::milliseconds a_step{10};

struct ask_now {
  coordinator_actor to;
  std::uint64_t number = 0;
  cluster::request what;
};

}  // namespace

/// Its envelopes go into the world's network.
class trial_transport final : public node_transport {
public:
  trial_transport(cluster_world& all, cluster::process_id mine) : all_(all), mine_(std::move(mine)) {}
  void send(const cluster::process_id& to, std::string bytes) override {
    all_.send(mine_, to, std::move(bytes));
  }

private:
  cluster_world& all_;
  cluster::process_id mine_;
};

class trial_director final : public cluster_director {
public:
  trial_director(cluster_world& all, process& mine) : all_(all), mine_(mine) {}
  void leads(const cluster::epoch& mine, const cluster::control_state& found) override {
    if (!mine_.is_foreign)
      all_.look_on([&] { all_.oracle_.leads(mine); });
    mine_.leads = mine;
    for (const auto& [name, t] : found.topologies)
      changed(name, t);
  }
  void changed(const std::string& topology, const cluster::topology_state& now) override {
    if (now.status == cluster::topology_status::stopping)
      mine_.stopping.insert(topology);
  }
  void removed(const std::string& topology) override { mine_.stopping.erase(topology); }
  void stepped_down(const std::string&) override {
    mine_.leads.reset();
    mine_.stopping.clear();
  }

private:
  cluster_world& all_;
  process& mine_;
};

class trial_lives final : public life_factory {
public:
  trial_lives(cluster_world& all, process& mine) : all_(all), mine_(mine) {}

  void begin(const cluster::actor_id& actor, std::uint64_t generation, const life& now,
             const life_listener& tell) override {
    mine_.tell = tell;
    mine_.lives.push_back({actor, now});
    const cluster::agent_effects::begin effect{actor, generation, now};
    all_.look_on([&] {
      require(!mine_.is_foreign, "a node with another store runs " + actor.name);
      // Restarts are found by their count alone: their session may be over by now.
      if (now.count == 0)
        all_.oracle_.begins(mine_.id.node, all_.sessions_[mine_.id], effect, {}, {});
      else
        all_.oracle_.begins_again(effect);
    });
  }
  void end(const cluster::actor_id& actor, const life& last) override {
    const auto found = std::ranges::find_if(
        mine_.lives, [&](const stand_in& a) { return a.actor == actor && a.now == last; });
    if (found == mine_.lives.end())
      return;
    if (all_.one_in(2))
      return all_.report(mine_, found, life_outcome::ended, {});
    found->is_ended = true;
    found->asleep_until = all_.now_ + all_.up_to(std::chrono::seconds(2));
  }
  void detach(const std::string&) override {}
  void directed_by(const cluster::process_id&, const cluster::epoch&) override {}

private:
  cluster_world& all_;
  process& mine_;
};

cluster_world::cluster_world(std::uint64_t seed)
    : random_(seed), store_(
                         random_,
                         [this](const cluster::change& c) {
                           look_on([&] { oracle_.counts(c, now_.count()); });
                           for (const auto& r : c)
                             if (const auto* const s = std::get_if<cluster::records::session_given>(&r))
                               sessions_[{s->node, s->instance}] = s->session;
                         },
                         [this](const std::string& text) { look_on([&] { require(false, text); }); }),
      foreign_store_(
          random_, [](const cluster::change&) {}, [](const std::string&) {}),
      config_(std::make_unique<test::turn_by_turn>()), system_(std::make_unique<caf::actor_system>(*config_)),
      turns_(test::turns_of(*system_)) {
  const auto asks = [this](caf::event_based_actor* self, int) -> caf::behavior {
    return {[this, self](const ask_now& m) {
      self->request(m.to, std::chrono::minutes(2), ask_cluster{m.what})
          .then(
              [this, n = m.number](const cluster_answered& a) {
                look_on([&] {
                  require(answers_.try_emplace(n, a).second, "a request is answered twice");
                  oracle_.answered(asked_.at(n), {n, a.failure, a.lost});
                });
              },
              [](const caf::error&) {});
    }};
  };
  asker_ = system_->spawn(asks, 0);
}

cluster_world::~cluster_world() {
  for (auto& p : processes_)
    kill(p, false);
  bury();
  caf::anon_send_exit(asker_, caf::exit_reason::kill);
  while (turns_.has_job())
    turns_.run_once();
}

process& cluster_world::join(const std::string& node, bool is_foreign) {
  auto& p = processes_.emplace_back();
  p.id = {node, ++instances_};
  p.is_foreign = is_foreign;
  p.skew = up_to(std::chrono::milliseconds(400)) - std::chrono::milliseconds(200);
  node_options o;
  o.mine = p.id;
  o.cluster = "c";
  o.seed = random_();
  o.store = way_to(is_foreign ? foreign_store_ : store_);
  o.transport = std::make_shared<trial_transport>(*this, p.id);
  o.lives = std::make_shared<trial_lives>(*this, p);
  o.director = std::make_shared<trial_director>(*this, p);
  o.on_over = [&p](const std::string& why) { p.over = why; };
  o.clock = [this, &p] { return cluster::moment{now_, (now_ + p.skew).count()}; };
  p.actors = spawn_node(*system_, std::move(o));
  keepers_.insert(p.actors.keeper.id());
  for (const auto id :
       {p.actors.post.id(), p.actors.coordinator.id(), p.actors.agent.id(), p.actors.keeper.id()})
    owner_[id] = &p;
  for (auto& q : processes_)
    if (&q != &p && !q.over) {
      tell_link(p, link_up{q.id}, up_to(std::chrono::milliseconds(300)));
      tell_link(q, link_up{p.id}, up_to(std::chrono::milliseconds(300)));
    }
  return p;
}

void cluster_world::kill(process& p, bool is_noticed) {
  if (std::exchange(p.is_killed, true))
    return;
  p.over = p.over.value_or("it was killed");
  p.lives.clear();
  caf::anon_send_exit(p.actors.post, caf::exit_reason::kill);
  caf::anon_send_exit(p.actors.coordinator, caf::exit_reason::kill);
  caf::anon_send_exit(p.actors.agent, caf::exit_reason::kill);
  caf::anon_send_exit(p.actors.keeper, caf::exit_reason::kill);
  p.asleep_until = p.store_asleep_until = {};
  for (auto& q : processes_)
    if (&q != &p && !q.over) {
      if (is_noticed)
        tell_link(q, process_dead{p.id}, up_to(std::chrono::milliseconds(50)));
      else
        tell_link(q, link_lost{p.id}, up_to(std::chrono::milliseconds(500)));
    }
}

/// Removes processes whose control plane has ended, once all their actors have.
void cluster_world::bury() {
  for (auto p = processes_.begin(); p != processes_.end();) {
    if (!p->over) {
      ++p;
      continue;
    }
    last_over = *p->over;
    kill(*p, true);
    while (std::ranges::any_of(turns_.jobs, [&](auto* job) {
      const auto* const a = dynamic_cast<caf::scheduled_actor*>(job);
      return a != nullptr && owner_.contains(a->id()) && owner_[a->id()] == &*p;
    })) {
      const auto mine = std::ranges::find_if(turns_.jobs, [&](auto* job) {
        const auto* const a = dynamic_cast<caf::scheduled_actor*>(job);
        return a != nullptr && owner_.contains(a->id()) && owner_[a->id()] == &*p;
      });
      std::rotate(turns_.jobs.begin(), mine, mine + 1);
      turns_.run_once();
    }
    std::erase_if(owner_, [&](const auto& o) { return o.second == &*p; });
    p = processes_.erase(p);
  }
}

// --- the network

bool cluster_world::is_cut(const process& a, const process& b) const {
  return cut_.contains(std::minmax(a.id, b.id));
}

void cluster_world::cut(const process& a, const process& b) {
  if (&a == &b || !cut_.insert(std::minmax(a.id, b.id)).second)
    return;
  tell_link(a, link_lost{b.id}, up_to(std::chrono::milliseconds(500)));
  tell_link(b, link_lost{a.id}, up_to(std::chrono::milliseconds(500)));
}

/// A link that has lost something ends: both are told, and find each other again.
void cluster_world::heal(const process& a, const process& b) {
  const auto was_deaf = deaf.erase({a.id, b.id}) + deaf.erase({b.id, a.id}) != 0;
  if (cut_.erase(std::minmax(a.id, b.id)) == 0 && !was_deaf)
    return;
  for (const auto& [one, other] : {std::pair(&a, &b), std::pair(&b, &a)}) {
    if (was_deaf)
      tell_link(*one, link_lost{other->id}, up_to(std::chrono::milliseconds(500)));
    tell_link(*one, link_up{other->id}, up_to(std::chrono::milliseconds(300)));
  }
}

/// News of one link keep their order.
void cluster_world::tell_link(const process& to, decltype(parcel::what) what, micros in) {
  const auto& other = std::visit(
      [](const auto& w) -> const cluster::process_id& {
        if constexpr (requires { w.with; })
          return w.with;
        else if constexpr (requires { w.who; })
          return w.who;
        else
          return w.from;
      },
      what);
  auto& last = last_due_[{other, to.id}];
  last = std::max(last, now_ + in);
  parcels_.push_back({other, to.id, what, last});
}

void cluster_world::send(const cluster::process_id& from, const cluster::process_id& to, std::string bytes) {
  if (const auto l = cluster::decode_envelope(bytes))
    if (const auto* const c = std::get_if<cluster::node_command>(&l->what);
        c != nullptr && find(from) != nullptr && !find(from)->is_foreign)
      look_on([&] { oracle_.sends(*c); });
  if (below(1000) < loss)
    deaf.insert({from, to});  // lasts until somebody notices
  if (deaf.contains({from, to}) || cut_.contains(std::minmax(from, to)))
    return;
  const auto arrives = now_ + up_to(std::chrono::milliseconds(one_in(50) ? 200 : 5));
  auto& last = last_due_[{from, to}];
  last = std::max(last, arrives);
  parcels_.push_back({from, to, bytes_arrived{from, bytes}, last});
  // A link keeps the order and loses nothing while it lasts; copies come whenever they like.
  if (below(1000) < again)
    parcels_.push_back({from, to, bytes_arrived{from, bytes}, now_ + up_to(std::chrono::seconds(3))});
  if (below(1000) < late)
    parcels_.push_back({from, to, bytes_arrived{from, bytes}, now_ + up_to(std::chrono::seconds(8))});
}

void cluster_world::deliver() {
  std::deque<parcel> kept;
  for (auto& x : std::exchange(parcels_, {})) {
    if (x.due > now_) {
      kept.push_back(std::move(x));
      continue;
    }
    if (auto* const p = find(x.to); p != nullptr && !p->over)
      std::visit([&](const auto& what) { caf::anon_send(p->actors.post, what); }, x.what);
  }
  parcels_.insert(parcels_.begin(), kept.begin(), kept.end());
}

// --- turns

bool cluster_world::is_asleep(caf::resumable& job) const {
  const auto* const a = dynamic_cast<caf::scheduled_actor*>(&job);
  const auto found = a == nullptr ? owner_.end() : owner_.find(a->id());
  if (found == owner_.end())
    return false;
  const auto& p = *found->second;
  return p.asleep_until > now_ || (p.store_asleep_until > now_ && keepers_.contains(a->id()));
}

void cluster_world::give_turns() {
  auto& jobs = turns_.jobs;
  for (auto left = one_in(8) ? below(10) : std::size_t{400}; left > 0 && !jobs.empty(); --left) {
    const auto at = jobs.begin() + static_cast<std::ptrdiff_t>(below(jobs.size()));
    std::rotate(jobs.begin(), at, at + 1);
    const auto awake = std::ranges::find_if(jobs, [this](auto* job) { return !is_asleep(*job); });
    if (awake == jobs.end())
      return;
    std::rotate(jobs.begin(), awake, awake + 1);
    turns_.run_once();
  }
}

void cluster_world::step() {
  now_ += a_step;
  turns_.advance_time(a_step);
  deliver();
  give_turns();
  if (one_in(5))
    store_.settle();
  for (auto& p : processes_)
    if (p.asleep_until <= now_ && !p.over)
      act(p);
  bury();
  if (wrong_)
    throw wrong{*wrong_};
}

void cluster_world::pass(std::chrono::milliseconds time) {
  for (const auto end = now_ + time; now_ < end;)
    step();
}

// --- lives

void cluster_world::report(process& p, std::list<stand_in>::iterator at, life_outcome how, const life& by) {
  const auto a = *at;
  p.lives.erase(at);
  caf::anon_send(p.tell, life_over{a.actor, a.now, how, by, "it cannot go on"});
}

/// One life of the process opens its chain, finds itself fenced, or ends.
void cluster_world::act(process& p) {
  if (p.lives.empty())
    return;
  const auto at = std::next(p.lives.begin(), static_cast<std::ptrdiff_t>(below(p.lives.size())));
  if (at->asleep_until > now_)
    return;
  auto& opened = opened_[at->actor];
  if (at->now < opened) {
    report(p, at, life_outcome::fenced, one_in(2) ? opened : life());
  } else if (!at->is_open) {
    look_on([&] { oracle_.opens(at->actor, at->now); });
    opened = at->now;
    at->is_open = true;
  } else if (at->is_ended) {
    report(p, at, life_outcome::ended, {});
  } else if (failing != 0 && one_in(failing)) {
    report(p, at, one_in(20) ? life_outcome::failed : life_outcome::failed_again, {});
  }
}

void cluster_world::ask(process& p, cluster::request what) {
  asked_.emplace(++requests_, what);
  caf::anon_send(asker_, ask_now{p.actors.coordinator, requests_, std::move(what)});
}

// --- looking

process* cluster_world::find(const cluster::process_id& id) {
  const auto found = std::ranges::find(processes_, id, &process::id);
  return found == processes_.end() ? nullptr : &*found;
}

process* cluster_world::find(const std::string& node) {
  const auto found =
      std::ranges::find_if(processes_, [&](const process& p) { return p.id.node == node && !p.over; });
  return found == processes_.end() ? nullptr : &*found;
}

process* cluster_world::newest_leader() {
  process* found = nullptr;
  for (auto& p : processes_)
    if (p.leads && !p.over && !p.is_foreign && (found == nullptr || *found->leads < *p.leads))
      found = &p;
  return found;
}

std::string cluster_world::missing() {
  if (newest_leader() == nullptr)
    return "nobody leads";
  std::set<cluster::actor_id> wanted;
  for (const auto& [topology, t] : oracle_.state().topologies)
    for (const auto& [name, a] : t.actors)
      if (t.is_active())
        wanted.insert({topology, name});
  for (const auto& p : processes_)
    for (const auto& r : p.lives) {
      const auto* const a = oracle_.state().find(r.actor);
      const auto is_right =
          a != nullptr && a->at && a->at->session == sessions_[p.id] && a->at->term == r.now.term;
      if (!is_right || !r.is_open || r.is_ended || wanted.erase(r.actor) == 0)
        return fmt::format("{} life {}.{} runs on {}.{}", r.actor.name, r.now.term, r.now.count, p.id.node,
                           p.id.instance);
    }
  return wanted.empty() ? "" : fmt::format("{} does not run", wanted.begin()->name);
}

}  // namespace millrace::node::trial
