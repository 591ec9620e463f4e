#include "tests/simulation/nodes/node_faults.hpp"

#include "runtime/base/shard_name.hpp"

#include <caf/send.hpp>

#include <algorithm>
#include <iterator>

namespace millrace::simulation {
namespace {

using k = fault::kind;
using millis = std::chrono::milliseconds;

constexpr micros leaves_after = millis(1'000);

millis up_to(std::uint64_t size, std::uint64_t most) { return millis(size % most); }

}  // namespace

micros lasting(const fault& f) {
  const auto part = f.size / 8;
  switch (f.size % 3) {
  case 0:
    return up_to(part, 450);
  case 1:
    return millis(450) + up_to(part, 1'400);
  default:
    return millis(2'000) + up_to(part, 5'000);
  }
}

bool may_mean_death(const fault& f) {
  switch (f.what) {
  case k::kill:
  case k::kill_in_file:
    return true;
  case k::node_stands_still:
  case k::way_breaks:
  case k::cut_off:
  case k::store_slow:
    return lasting(f) >= millis(1'500);
  default:
    return false;
  }
}

void node_faults::carry_out(std::uint64_t step) {
  look_for_moments(step);
  while (const auto f = agenda_.take(step)) {
    cluster_.schedule().note(std::string(to_string(f->what)));
    carry_out(*f);
  }
  disk_.look();
}

void node_faults::look_for_moments(std::uint64_t step) {
  if (cluster_.take_restarted())
    agenda_.happened(fault::moment::restarted, step);
  if (logs_.take_made())
    agenda_.happened(fault::moment::made, step);
  if (agenda_.waits_for(fault::moment::committed, step) && targets_.have_all())
    agenda_.happened(fault::moment::committed, step);
}

void node_faults::carry_out(const fault& f) {
  if (f.what == k::source_away && keeps_sources_)
    return;
  made_to_fail_ += makes_actor_fail(f);
  const auto later = [this](micros in, std::function<void()> what) { cluster_.later(in, std::move(what)); };
  if (happens_outside(f, {logs_, targets_, later}) || disk_.carry_out(f))
    return;
  switch (f.what) {
  case k::child_fails:
  case k::restart:
  case k::zombie:
  case k::slow:
  case k::stands_still:
    return on_actor(f);
  case k::writer_dies:
    return end_keeper(f);
  case k::clock_jump:
    cluster_.clock().jumped += static_cast<event_micros>(f.size % 20'000'000) - 10'000'000;
    return;
  case k::stop:
    return actions_.stop();
  case k::pause:
    return actions_.pause();
  case k::remove:
    return actions_.remove();
  default:
    return with_node(f, [this, f](node_process& p) { on_node(f, p); });
  }
}

void node_faults::on_actor(const fault& f) {
  std::vector<std::string> names;
  for (const auto& [name, _] : cluster_.newest())
    names.push_back(name);
  if (names.empty())
    return;
  const auto& name = chosen(names, f);
  if (f.what == k::restart)
    return actions_.restart(lasting_name(name));
  const auto& who = cluster_.newest().at(name).who;
  const auto actor = caf::actor_cast<caf::actor>(who);
  if (!actor)
    return;
  if (f.what == k::child_fails) {
    if (f.damage)
      disk_.damage_before_next(name);
    caf::anon_send(actor, messages::fail_now{"a test said so"});
  } else if (f.what == k::zombie)
    give_up(f, name, who);
  else if (f.what == k::slow)
    cluster_.schedule().slow_down(cluster_.schedule().name_of(who.id()), f.size % 20'000);
  else
    cluster_.hold({who.id()}, millis(100) + up_to(f.size, scenario_.nodes == 1 ? 700 : 2'500));
}

/// Its host takes it for dead; it may get no turn until its next life is well under way. A fault that waits for a new
/// life lets it stand still before that. A sink would claim its target anew: those of other processes are for tests with
/// real servers.
void node_faults::give_up(const fault& f, const std::string& actor, const caf::actor_addr& who) {
  if (actor.find('/') == std::string::npos)
    return;
  const auto die = [this, who] {
    if (const auto* const p = cluster_.owner_of(who.id()))
      caf::anon_send(caf::actor_cast<caf::actor>(p->host), caf::down_msg{who, caf::exit_reason::unknown});
  };
  if (f.size % 4 == 0)
    return die();
  // Actors that have restarted ask it meanwhile: introductions take about this long.
  const auto still = scenario_.step_time *
                     static_cast<std::int64_t>(f.when == fault::moment::restarted ? f.size / 4 % 300 : 0);
  cluster_.schedule().call(who.id(), cluster_.schedule().name_of(who.id()) + ", given up");
  cluster_.hold({who.id()}, still + millis(50) + up_to(f.size / 4, 200));
  cluster_.later(still, die);
}

/// Ends an actor that writes snapshots or values for a plan: all actors of the plan restart.
void node_faults::end_keeper(const fault& f) {
  std::vector<caf::actor> all;
  for (const auto& p : cluster_.processes())
    for (const auto& k : p.keepers)
      if (auto a = caf::actor_cast<caf::actor>(k))
        all.push_back(std::move(a));
  if (all.empty())
    return;
  ++keepers_ended_;
  caf::anon_send_exit(all[f.size % all.size()], caf::exit_reason::unhandled_exception);
}

void node_faults::with_node(const fault& f, std::function<void(node_process& p)> what) {
  auto& all = cluster_.processes();
  if (all.empty())
    return;
  auto& p = *std::next(all.begin(), static_cast<std::ptrdiff_t>(f.who % all.size()));
  if (f.who / 16 % 3 != 0)
    return what(p);
  p.view->ask(api::requests::status{},
              api::reply(alive_, [this, what = std::move(what)](const expected<api::answer>& a) {
                if (!a)
                  return;
                const auto leader = std::get<api::answers::status>(*a).coordinator;
                cluster_.later(micros(0), [this, what, leader] {  // it must not run in a turn of one of its
                                                                  // actors
                  if (auto* const found = cluster_.find(leader))
                    what(*found);
                });
              }));
}

void node_faults::on_node(const fault& f, node_process& p) {
  switch (f.what) {
  case k::kill:
    return kill(f, p);
  case k::kill_in_file:
    p.files->die_in(static_cast<unsigned>(1 + f.size % 20));
    return begin_again(f, p.id.first);
  case k::node_stands_still:
    return cluster_.hold(p, lasting(f));
  case k::way_breaks:
    return break_way(f, p);
  case k::cut_off:
    return cut_off(f, p);
  case k::late_bytes:
    return repeat(f, p.id);
  case k::disk_full:
    return fail_store(f, p);
  case k::store_slow:
    return cluster_.hold(p.at_store, lasting(f));
  case k::drain:
    return drain(f, p);
  default:
    return;
  }
}

// --- deaths

bool node_faults::may_die_for_good() const {
  return !scenario_.pinned && cluster_.processes().size() > 1 &&
         std::ranges::none_of(scenario_.faults, [](const fault& f) { return f.what == k::drain; });
}

void node_faults::kill(const fault& f, node_process& p) {
  const auto node = p.id.first;
  const auto for_good = f.size % 4 == 0 && may_die_for_good();
  cluster_.kill(p, f.size / 4 % 2 == 0);
  if (!for_good)
    begin_again(f, node);
}

void node_faults::begin_again(const fault& f, const std::string& node) {
  cluster_.later(millis(100) + up_to(f.size / 8, 5'000), [this, f, node] {
    const auto* const same = cluster_.find(node);
    if (same == nullptr)
      cluster_.begin(node, f.size / 16 % 3 == 0);
    else if (same->files->is_doomed())
      begin_again(f, node);
  });
}

// --- ways

void node_faults::break_way(const fault& f, node_process& p) {
  auto& all = cluster_.processes();
  const auto& other = *std::next(all.begin(), static_cast<std::ptrdiff_t>(f.who / 64 % all.size()));
  if (&other == &p)
    return;
  auto& network = cluster_.network();
  const auto a = p.id;
  const auto b = other.id;
  const auto how = f.size / 4 % 2 == 0 ? network::trouble::loses : network::trouble::holds_back;
  const bool both_ways = f.size / 8 % 3 == 0;
  network.set_trouble(a, b, how);
  if (both_ways)
    network.set_trouble(b, a, how);
  if (f.size / 32 % 2 == 0)
    network.cut(a, b);
  cluster_.later(lasting(f), [&network, a, b] {
    network.set_trouble(a, b, network::trouble::none);
    network.set_trouble(b, a, network::trouble::none);
  });
}

void node_faults::cut_off(const fault& f, const node_process& p) {
  auto& network = cluster_.network();
  const auto set = [&network, a = p.id](const process_name& b, network::trouble t) {
    network.set_trouble(a, b, t);
    network.set_trouble(b, a, t);
  };
  const auto how = f.size / 4 % 2 == 0 ? network::trouble::loses : network::trouble::holds_back;
  for (const auto& other : cluster_.processes())
    if (&other != &p) {
      set(other.id, how);
      cluster_.later(lasting(f), [set, b = other.id] { set(b, network::trouble::none); });
    }
}

void node_faults::repeat(const fault& f, const process_name& to) {
  for (std::uint64_t i = 0; i <= f.size % 6; ++i)
    cluster_.later(up_to(f.size / 8 * (i + 1), 3'000), [this, to] { cluster_.network().repeat_to(to); });
}

// --- the store, and drains

void node_faults::fail_store(const fault& f, const node_process& p) {
  has_store_failed_ = true;
  p.files->fail_next(static_cast<unsigned>(1 + f.size % 8), static_cast<unsigned>(f.size / 64 % 4));
  for (std::uint64_t i = 1; i <= 8; ++i)
    cluster_.later(up_to(f.size / 8 * i, 4'000), [this, id = p.id] {
      if (auto* const same = cluster_.find(id))
        same->files->settle();
    });
}

void node_faults::drain(const fault& f, node_process& p) {
  p.view->ask(api::requests::drain{p.id.first}, api::reply(alive_, [](const expected<api::answer>&) {}));
  if (f.size % 2 == 0)
    return;
  cluster_.later(leaves_after, [this, f, id = p.id] {
    if (auto* const same = cluster_.find(id)) {
      caf::anon_send(same->group.control.agent, node::leave_cluster{});
      cluster_.later(millis(12'000), [this, f, node = id.first] { begin_again(f, node); });
    }
  });
}

}  // namespace millrace::simulation
