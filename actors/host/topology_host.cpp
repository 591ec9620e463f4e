#include "actors/host/topology_host.hpp"

#include "actors/host/plan_on_node.hpp"
#include "actors/host/remote_ends.hpp"
#include "runtime/control/any_actor.hpp"
#include "runtime/control/spawn.hpp"
#include "runtime/control/topology_message_format.hpp"

#include <caf/send.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <variant>
#include <vector>

namespace millrace::host {
namespace {

using control::any_actor;
using control::as;
using control::with_living;

/// A former life that was told to end commits, and then makes room for its successor in this process.
constexpr std::chrono::seconds former_patience{10};
/// A topology that has ended, or runs elsewhere, keeps no threads here for longer.
constexpr std::chrono::seconds idle_patience{10};

struct living {
  plan_on_node* plan = nullptr;
  life now;
  node::life_listener tell;
  any_actor handle = {};  // none: it is being prepared
  std::optional<error> refused = {};
  bool has_stopped = false;
  cluster::epoch stopped_by = {};  // under which it was told to stop last

  [[nodiscard]] bool is_made() const { return !std::holds_alternative<std::monostate>(handle); }
};

class hosting {
public:
  hosting(topology_host::pointer self, host_options options) : self_(self), options_(std::move(options)) {
    self_->set_down_handler([this](const caf::down_msg& m) { on_down(m); });
  }

  // --- lives
  void on_begin(const begin_here& m) {
    if (const auto former = former_.find(m.actor); former != former_.end()) {
      // It still has the file that its successor would open.
      former->second.next = m;
      return;
    }
    begin(m);
  }
  void on_end(const end_here& m) {
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
  void on_former_due(const former_life_is_due& m) {
    if (const auto former = former_.find(m.actor); former != former_.end() && former->second.last == m.last)
      end_former(m.actor);
  }

  // --- the director
  /// A director that was replaced may go on for a while. What it has stopped, the present one would wait for.
  void on_order(const std::string& from, const control::to_node_of_actors& m) {
    if (from != director_.node)
      return;
    const auto& actor = std::holds_alternative<control::actor_told>(m)
                            ? control::receiver_of(std::get<control::actor_told>(m).what)
                            : std::get<control::life_prepared>(m).actor;
    if (const auto at = lives_.find(actor); at != lives_.end())
      carry_out(*at->second.plan, at->second.plan->desk.on_message(m));
  }
  void on_new_director(const directed_by& now) {
    director_ = now;
    for (const auto& [_, p] : plans_)
      carry_out(*p, p->desk.on_new_director());
  }

  // --- what actors say
  void on_news(const std::string& actor, const control::actor_news& n) {
    if (const auto at = lives_.find(actor); at != lives_.end())
      carry_out(*at->second.plan, at->second.plan->desk.on_news(n));
  }
  void on_attempt_failed(const messages::attempt_failed& m) {
    if (const auto at = lives_.find(m.actor); at != lives_.end())
      at->second.plan->desk.on_attempt_failed(m);
  }
  void on_went_well(const messages::attempt_went_well& m) {
    if (const auto at = lives_.find(m.actor); at != lives_.end())
      at->second.plan->desk.on_went_well(m);
  }
  void on_fenced(const messages::fenced& m) {
    if (auto* const l = present(m.actor, m.life))
      l->refused = m.why;
  }
  void on_stopped(const messages::stopped& m) {
    if (auto* const l = present(m.actor, m.life))
      l->has_stopped = true;
    on_news(m.actor, m);
  }

  // --- links
  void on_edge(const edge_news& m) {
    if (const auto* const up = std::get_if<link::stand_in_up>(&m.what))
      say(remote_.up(m.peer, *up));
    else if (const auto* const down = std::get_if<link::stand_in_down>(&m.what))
      say(remote_.down(m.peer, *down));
    else if (const auto* const lost = std::get_if<link::message_lost>(&m.what))
      on_message_lost(*lost);
  }
  void on_standing(const peer_standing& m) { say(remote_.standing(m.peer, m.is_alive)); }
  void on_unlinked(const std::string& peer) {
    say(remote_.unlinked(peer));
    for (const auto& [_, p] : plans_)
      p->desk.is_void(peer);
  }

  void on_idle(const nothing_runs& m) {
    if (m.number == changes_)
      plans_.clear();
  }

  void on_stop() {
    for (auto& [actor, l] : lives_)
      with_living(l.handle, [&](const auto& h) { self_->send(h, messages::stop{}); });
    lives_.clear();
    plans_.clear();
    self_->quit();
  }

private:
  struct former_life {
    caf::actor_addr address;
    life last;
    node::life_listener tell;
    const plan_on_node* plan = nullptr;  // whose keepers it commits by
    std::optional<begin_here> next;      // begins when this one has ended
  };

  // --- beginning
  void begin(const begin_here& m) {
    auto plan = plan_of(m.generation);
    if (!plan) {
      const auto how = plan.error().retry ? node::life_outcome::failed_again : node::life_outcome::failed;
      if (how == node::life_outcome::failed)
        spdlog::error("{} does not begin: {}", m.actor, plan.error().message);
      return tell_over(m.actor, m.now, m.tell, how, {}, plan.error().message);
    }
    spdlog::debug("{}: life {}.{} is placed here", m.actor, m.now.term, m.now.count);
    lives_[m.actor] = {*plan, m.now, m.tell};
    drop_old_plans();
    carry_out(**plan, (*plan)->desk.begin(m.actor, m.generation, m.now));
  }
  /// It has ended, or has had its time.
  void end_former(const std::string& actor) {
    const auto found = former_.extract(actor);
    if (found.empty())
      return;
    const auto& former = found.mapped();
    tell_over(actor, former.last, former.tell, node::life_outcome::ended);
    if (former.next)
      begin(*former.next);
    drop_old_plans();
  }
  expected<plan_on_node*> plan_of(std::uint64_t generation) {
    if (const auto p = plans_.find(generation); p != plans_.end())
      return p->second.get();
    auto opened = open_plan(self_->system(), options_, generation);
    if (!opened)
      return unexpected(opened.error());
    auto& p = plans_[generation] = std::move(*opened);
    self_->monitor(p->keepers.snapshots);
    self_->monitor(p->keepers.values);
    return p.get();
  }
  /// The newest one stays; of the others those that nothing runs by.
  void drop_old_plans() {
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
  /// A plan that nothing runs by for a while goes; the next life has it read again.
  void wait_if_idle() {
    ++changes_;
    if (lives_.empty() && former_.empty() && !plans_.empty())
      self_->delayed_send(self_, idle_patience, nothing_runs{changes_});
  }

  /// Makes the shards that wait once none of the plan's is still to be prepared: each reads its snapshots first. One
  /// that begins again alone waits for nobody.
  void make_shards(plan_on_node& plan) {
    const auto is_collected = [&](const std::string& actor) {
      return std::ranges::any_of(plan.prepared_shards, [&](const auto& a) { return a.with.actor == actor; });
    };
    for (const auto& [actor, l] : lives_)
      if (l.plan == &plan && plan.shards.contains(actor) && !l.is_made() && !is_collected(actor))
        return;
    make(plan, std::exchange(plan.prepared_shards, {}));
  }
  /// Side by side; they begin in order.
  void make(plan_on_node& plan, std::vector<control::acts::spawn> all) {
    std::erase_if(all, [&](const control::acts::spawn& a) {
      const auto at = lives_.find(a.with.actor);
      return at == lives_.end() || at->second.plan != &plan || at->second.now != a.with.next;
    });
    auto made = make_actors(self_->system(), plan, all, self_);
    for (std::size_t i = 0; i < all.size(); ++i)
      begin_life(plan, all[i], std::move(made[i]));
  }
  void begin_life(plan_on_node& plan, const control::acts::spawn& a, expected<any_actor> made) {
    if (!made)
      return could_not_begin(a.with.actor, made.error());
    auto& l = lives_.at(a.with.actor);
    l.handle = std::move(*made);
    with_living(l.handle, [&](const auto& h) { self_->monitor(h); });
    if (const auto& present = plan.factory->gauges().present)
      present->began(a.with.actor);
    if (options_.on_begun)
      options_.on_begun(a.with.actor, a.with.next, control::address_of(l.handle));
    for (const auto& e : ends_of(plan, a.with.actor))
      self_->send(options_.board, end_is_up{{e.edge, e.end, a.with.next, e.window}, e.is_from});
    spdlog::debug("{}: life {}.{} begins", a.with.actor, a.with.next.term, a.with.next.count);
    carry_out(plan, plan.desk.began(a.with.actor, a.with.next));
  }
  void could_not_begin(const std::string& actor, const error& why) {
    const auto how = why.code == ec::fenced ? node::life_outcome::fenced
                     : why.retry            ? node::life_outcome::failed_again
                                            : node::life_outcome::failed;
    if (how != node::life_outcome::failed_again)
      spdlog::error("{} does not begin: {}", actor, why.message);
    if (how == node::life_outcome::failed || (how == node::life_outcome::fenced && options_.lone))
      return fail(actor, why);
    end_life(actor, how, why.message);
  }
  /// No further life would do better. The director ends the topology in order; whoever takes the director's place has the
  /// actor begin again, and hears the same.
  void fail(const std::string& actor, const error& why) {
    const control::actor_failed what{options_.topology, actor, lives_.at(actor).now, why};
    self_->send(options_.board, send_to_director{control::encode_to_director(what)});
    end_life(actor, node::life_outcome::completed, why.message);
  }

  // --- ending
  void on_down(const caf::down_msg& m) {
    for (const auto& [actor, former] : former_)
      if (former.address == m.source)
        return end_former(std::string(actor));
    for (const auto& [actor, l] : lives_)
      if (control::address_of(l.handle) == m.source) {
        const auto how = l.refused       ? node::life_outcome::fenced
                         : l.has_stopped ? node::life_outcome::completed
                                         : node::life_outcome::failed_again;
        const auto why = l.refused ? l.refused->message : self_->system().render(m.reason);
        // Nobody else may use what this process alone has, so nobody raises the life to get it back.
        if (l.refused && options_.lone)
          return fail(std::string(actor), *l.refused);
        return end_life(std::string(actor), how, why);
      }
    for (const auto& [_, p] : plans_)
      if (p->keepers.snapshots.address() == m.source || p->keepers.values.address() == m.source)
        return lose_keeper(*p);
  }
  /// Nothing would become durable any more: every life of the plan begins anew with new keepers.
  void lose_keeper(plan_on_node& plan) {
    plan.prepared_shards.clear();
    std::vector<std::string> all;
    for (const auto& [actor, l] : lives_)
      if (l.plan == &plan)
        all.push_back(actor);
    for (const auto& actor : all) {
      with_living(lives_.at(actor).handle,
                  [&](const auto& h) { self_->send_exit(h, caf::exit_reason::kill); });
      end_life(actor, node::life_outcome::failed_again, "the thread that writes to the store has failed");
    }
    plans_.erase(plan.generation);
  }
  void end_life(const std::string& actor, node::life_outcome how, const std::string& why) {
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
  /// The count that the life has come to: the next one's is above that.
  static life last_of(const std::string& actor, const living& l) {
    const auto& sinks = l.plan->factory->gauges().sinks;
    const auto sink = sinks.find(actor);
    const auto newest = sink == sinks.end() ? life() : life_of(sink->second->life);
    return control::is_of(newest, l.now) ? newest : l.now;
  }
  /// Nobody is introduced to it any more, and it to nobody.
  void close(const std::string& actor, const living& l) {
    for (const auto& e : ends_of(*l.plan, actor))
      self_->send(options_.board, end_is_down{{e.edge, l.now}, e.is_from});
    if (const auto& present = l.plan->factory->gauges().present)
      present->ended(actor);
    say(remote_.forget_all_of(actor));
    carry_out(*l.plan, l.plan->desk.end(actor, l.now.term));
  }
  void tell_over(const std::string& actor, const life& last, const node::life_listener& tell,
                 node::life_outcome how, const life& by = {}, const std::string& why = {},
                 const cluster::epoch& asked_by = {}) {
    self_->send(tell, node::life_over{{options_.topology, actor}, last, how, by, why, asked_by});
  }

  living* present(const std::string& actor, const life& l) {
    const auto at = lives_.find(actor);
    return at != lives_.end() && control::is_of(l, at->second.now) ? &at->second : nullptr;
  }

  std::vector<end_of_edge> ends_of(const plan_on_node& plan, const std::string& actor) const {
    const auto at = lives_.find(actor);
    return at == lives_.end() ? std::vector<end_of_edge>() : host::ends_of(plan, actor, at->second.handle);
  }

  // --- what the desk says
  void carry_out(plan_on_node& plan, control::act_list all) {
    for (auto& a : all)
      std::visit([&](auto& x) { act(plan, x); }, a);
  }
  void act(plan_on_node&, const control::acts::say& a) {
    self_->send(options_.board, send_to_director{control::encode_to_director(a.what)});
  }
  void act(plan_on_node&, const control::acts::recovered& a) {
    if (const auto* const l = present(a.actor, a.now))
      self_->send(l->tell, node::life_recovered{{options_.topology, a.actor}, a.now});
  }
  void act(plan_on_node& plan, const control::acts::spawn& a) {
    if (!plan.shards.contains(a.with.actor))
      return make(plan, {a});
    plan.prepared_shards.push_back(a);
    make_shards(plan);
  }
  void act(plan_on_node& plan, const control::acts::give_up& a) {
    if (present(a.actor, a.last) == nullptr)
      return;
    auto why = a.why;
    why.stage = plan.factory->lane_options_of(a.actor).plan->parser->name;
    fail(a.actor, why);
  }
  void act(plan_on_node& plan, const control::acts::deliver& a) {
    std::visit([&](const auto& order) { deliver(plan, a.node, order); }, a.what);
  }

  // --- orders
  template<class Message>
  void tell(const std::string& actor, Message m) {
    const auto at = lives_.find(actor);
    if (at == lives_.end())
      return;
    with_living(at->second.handle, [&]<class Handle>(const Handle& h) {
      if constexpr (messages::takes<Handle, Message>)
        self_->send(h, std::move(m));
    });
  }
  /// Null where it does not live here under that term.
  template<class Interface>
  Interface local(const std::string& actor, const life& l) {
    auto* const found = present(actor, l);
    return found == nullptr ? Interface() : as<Interface>(found->handle);
  }

  void deliver(plan_on_node& plan, const std::string& node, const control::orders::tell_receiver& o) {
    if (!o.lives) {
      spdlog::debug("{}: {} does not live", o.to, o.receiver);
      forget(plan, {o.to, o.receiver});
      return tell(o.to, messages::receiver_down{o.index, o.life});
    }
    introduce(plan, {o.to, o.receiver}, {node, o.to, o.index, {}, o.life});
  }
  void deliver(plan_on_node& plan, const std::string& node, const control::orders::tell_dead_letter_sink& o) {
    introduce(plan, {o.to, o.sink}, {node, o.to, 0, {}, o.life});
  }
  void deliver(plan_on_node& plan, const std::string& node, const control::orders::tell_sender& o) {
    introduce(plan, {o.sender, o.to}, {node, o.to, 0, o.log, o.life});
  }
  void deliver(plan_on_node&, const std::string&, const control::orders::tell_log& o) {
    tell(o.to, messages::log_found{o.log, o.start});
  }
  void deliver(plan_on_node&, const std::string&, const control::orders::tell_partition& o) {
    tell(o.to, messages::partition_started{o.partition, o.reader});
  }
  void deliver(plan_on_node&, const std::string&, const control::orders::tell_slowest& o) {
    tell(o.to, messages::others_stand_at{o.slowest});
  }
  void deliver(plan_on_node&, const std::string&, const control::orders::tell_paused& o) {
    tell(o.to, messages::set_paused{o.is_paused});
  }
  void deliver(plan_on_node&, const std::string&, const control::orders::restart& o) {
    tell(o.who, messages::fail_now{std::string(messages::restart_was_asked)});
  }
  void deliver(plan_on_node&, const std::string&, const control::orders::collect& o) {
    tell(o.from, messages::collect_report{});
  }
  void deliver(plan_on_node&, const std::string&, const control::orders::stop& o) {
    if (const auto at = lives_.find(o.who); at != lives_.end())
      at->second.stopped_by = director_.of;
    tell(o.who, messages::stop{});
  }

  void introduce(plan_on_node& plan, const link::edge_name& edge, introduced who) {
    forget(plan, edge);
    const auto& other = who.to == edge.from ? edge.to : edge.from;
    spdlog::debug("{}: meets life {}.{} of {} on node {}", who.to, who.remote.term, who.remote.count, other,
                  who.node);
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
      say(remote_.introduce(*number, std::move(who)));
  }
  void forget(const plan_on_node& plan, const link::edge_name& edge) {
    if (const auto number = plan.edges.number_of(edge))
      say(remote_.forget(*number));
  }

  // --- lives elsewhere
  void say(told_list all) {
    for (auto& t : all)
      std::visit([&](auto& x) { say(x); }, t);
  }
  void say(told_actor& t) {
    std::visit([&](auto& what) { tell(t.to, std::move(what)); }, t.what);
  }
  void say(introduce_remote& m) { self_->send(options_.board, std::move(m)); }
  void say(forget_remote& m) { self_->send(options_.board, std::move(m)); }

  void on_message_lost(const link::message_lost& m) {
    for (const auto& [_, p] : plans_)
      for (const auto& [name, number] : p->edges.all())
        if (number == m.edge)
          if (const auto from = lives_.find(name.from); from != lives_.end())
            on_news(name.from, messages::stage_failed{name.from, from->second.now, m.why});
  }

  topology_host::pointer self_;
  host_options options_;
  std::map<std::uint64_t, std::unique_ptr<plan_on_node>> plans_;  // by generation
  directed_by director_;
  std::map<std::string, living> lives_;
  std::map<std::string, former_life> former_;
  remote_ends remote_;
  std::uint64_t changes_ = 0;  // of what lives here
};

topology_host::behavior_type host_behaviour(topology_host::pointer self,
                                            const std::shared_ptr<host_options>& options) {
  const auto state = std::make_shared<hosting>(self, std::move(*options));
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
