#include "tests/simulation/nodes/network.hpp"

#include "runtime/messages/plain_message.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <algorithm>

namespace millrace::simulation {
namespace {

struct deliver_now {};

/// Messages that came to each side and are kept, to come again.
constexpr std::size_t most_seen = 64;
constexpr std::chrono::milliseconds longest_notice{400};

}  // namespace

network::network(caf::actor_system& system, caf::scheduler::test_coordinator& scheduler, std::uint64_t seed,
                 micros mean_delay)
    : scheduler_(scheduler), random_(seed), mean_delay_(mean_delay) {
  const auto behaviour = [this](caf::event_based_actor*, int) -> caf::behavior {
    return {[this](const deliver_now&) { deliver(); }};
  };
  clock_work_ = system.spawn(behaviour, 0);
}

void network::stop() { caf::anon_send_exit(clock_work_, caf::exit_reason::kill); }

void network::listen(const process_name& who, std::uint16_t port) { listening_[port] = who; }

/// A transport's reactions in its turns.
struct transport_turns {
  static link::transport::behavior_type behaviour(link::transport::pointer self, network* all,
                                                  const network::side& me, std::uint64_t number,
                                                  std::uint16_t port) {
    const auto with_end = [=](auto what) {
      if (auto* const mine = all->find(me, number))
        what(*mine);
    };
    return {
        [=](const link::open_way&) { with_end([&](auto& mine) { all->try_open(me, mine, port); }); },
        [=](const link::close_way&) { with_end([&](auto& mine) { all->close(me, mine); }); },
        [=](const link::send_whole& m) {
          with_end([&](auto& mine) { all->send(me, mine, text_of(m.bytes)); });
        },
        [=](const messages::stop&) {
          with_end([&](auto& mine) { all->leave(me, mine); });
          self->quit();
        },
    };
  }
};

link::transport_factory network::transport(const process_name& me, const std::string& peer,
                                           std::uint16_t port) {
  return [this, mine = side(me, peer), port](caf::actor_system& system, link::way_user user) {
    if (const auto before = ends_.find(mine); before != ends_.end())
      leave(mine, before->second);
    const auto number = ++transports_;
    ends_[mine] = {std::move(user), number};
    return system.spawn(transport_turns::behaviour, this, mine, number, port);
  };
}

network::end* network::find(const side& me, std::uint64_t transport) {
  const auto found = ends_.find(me);
  return found != ends_.end() && found->second.transport == transport ? &found->second : nullptr;
}

network::end* network::other_of(const end& e) {
  const auto other = e.way != 0 ? ends_.find(e.other) : ends_.end();
  return other != ends_.end() && other->second.way == e.way ? &other->second : nullptr;
}

void network::die(const process_name& who, bool machine_is_off) {
  (machine_is_off ? off_ : dead_).insert(who);
  for (auto e = ends_.begin(); e != ends_.end();) {
    if (e->first.first != who) {
      ++e;
      continue;
    }
    if (auto* const other = other_of(e->second); other != nullptr && !machine_is_off)
      break_way(*other);
    e = ends_.erase(e);
  }
}

// --- ways

bool network::is_cut(const process_name& a, const process_name& b) const {
  return trouble_of(a, b) != trouble::none || trouble_of(b, a) != trouble::none;
}

network::trouble network::trouble_of(const process_name& from, const process_name& to) const {
  const auto found = troubles_.find({from, to});
  return found == troubles_.end() ? trouble::none : found->second;
}

void network::try_open(const side& me, end& mine, std::uint16_t port) {
  if (mine.way != 0)
    return;  // the peer has opened it meanwhile, and said so
  const auto listener = listening_.find(port);
  if (listener == listening_.end() || dead_.contains(listener->second))
    return arrive(mine, refused{}, some_delay());
  const auto& peer = listener->second;
  const side other(peer, me.first.first);
  const auto theirs = ends_.find(other);
  if (off_.contains(peer) || is_cut(me.first, peer) || theirs == ends_.end())
    return arrive(mine, closed{}, some_delay() * 10);
  if (auto* const old = other_of(theirs->second))  // an earlier process of this node
    break_way(*old);
  mine.way = theirs->second.way = ++ways_;
  mine.other = other;
  theirs->second.other = me;
  arrive(mine, opened{}, some_delay());
  arrive(theirs->second, opened{}, some_delay());
}

/// Breaks the way of this side; a part of what was under way to it arrives.
void network::break_way(end& e) {
  if (e.way == 0)
    return;
  e.way = 0;
  e.held_back.clear();
  const auto under_way =
      std::ranges::find_if(e.arrivals, [](const arrival& a) { return std::holds_alternative<came>(a.what); });
  const auto rest = static_cast<std::uint64_t>(e.arrivals.end() - under_way);
  for (auto lost = random_() % (rest + 1); lost > 0 && std::holds_alternative<came>(e.arrivals.back().what);
       --lost)
    e.arrivals.pop_back();
  arrive(e, closed{}, micros(static_cast<std::int64_t>(random_() % micros(longest_notice).count())));
}

void network::close(const side& me, end& mine) {
  if (mine.way == 0)
    return;
  if (auto* const other = other_of(mine); other != nullptr && !is_cut(me.first, mine.other.first))
    break_way(*other);
  mine.way = 0;
  arrive(mine, closed{}, some_delay());
}

void network::leave(const side& me, const end& mine) {
  if (auto* const other = other_of(mine))
    break_way(*other);
  ends_.erase(me);
}

void network::cut(const process_name& a, const process_name& b) {
  for (const auto& [one, other] : {std::pair(a, b), std::pair(b, a)})
    if (const auto e = ends_.find({one, other.first}); e != ends_.end() && e->second.other.first == other)
      break_way(e->second);
}

// --- bytes

void network::set_trouble(const process_name& from, const process_name& to, trouble t) {
  if (t != trouble::none) {
    troubles_[{from, to}] = t;
    return;
  }
  troubles_.erase({from, to});
  if (const auto e = ends_.find({to, from.first}); e != ends_.end() && e->second.other.first == from)
    for (auto& bytes : std::exchange(e->second.held_back, {}))
      arrive(e->second, came{std::move(bytes)}, some_delay());
}

void network::send(const side& me, const end& mine, std::string bytes) {
  auto* const theirs = other_of(mine);
  if (theirs == nullptr)
    return;
  if (theirs->seen.size() < most_seen)
    theirs->seen.push_back(bytes);
  else
    theirs->seen[random_() % most_seen] = bytes;
  switch (trouble_of(me.first, mine.other.first)) {
  case trouble::loses:
    return;
  case trouble::holds_back:
    theirs->held_back.push_back(std::move(bytes));
    return;
  case trouble::none:
    return arrive(*theirs, came{std::move(bytes)}, some_delay());
  }
}

void network::repeat_to(const process_name& who) {
  std::vector<const end*> with_some;
  for (const auto& [s, e] : ends_)
    if (s.first == who && !e.seen.empty())
      with_some.push_back(&e);
  if (with_some.empty())
    return;
  const auto& e = *with_some[random_() % with_some.size()];
  give(e, came{e.seen[random_() % e.seen.size()]});
}

micros network::some_delay() {
  const auto mean = static_cast<std::uint64_t>(mean_delay_.count());
  return micros(static_cast<std::int64_t>(random_() % (2 * mean + 1)));
}

/// Arrives after what is under way to that side already.
void network::arrive(end& e, news what, micros in) {
  const auto now = scheduler_.clock().now();
  e.last_due = std::max(e.last_due, now + in);
  e.arrivals.push_back({e.last_due, std::move(what)});
  caf::delayed_anon_send(clock_work_, e.last_due - now, deliver_now{});
}

void network::wake_in(micros time) { caf::delayed_anon_send(clock_work_, time, deliver_now{}); }

void network::deliver() {
  const auto now = scheduler_.clock().now();
  for (auto& [_, e] : ends_)
    while (!e.arrivals.empty() && e.arrivals.front().due <= now) {
      give(e, e.arrivals.front().what);
      e.arrivals.pop_front();
    }
}

void network::give(const end& e, const news& what) {
  struct giving {
    const link::way_user& user;
    void operator()(const came& n) const {
      caf::anon_send(user, link::whole_came{link::make_piece(n.bytes)});
    }
    void operator()(const opened&) const { caf::anon_send(user, link::way_opened{}); }
    void operator()(const closed&) const {
      caf::anon_send(user,
                     link::way_closed{outside_error(ec::unavailable, "the simulated way is broken").value()});
    }
    void operator()(const refused&) const { caf::anon_send(user, link::way_refused{}); }
  };
  std::visit(giving{e.user}, what);
}

}  // namespace millrace::simulation
