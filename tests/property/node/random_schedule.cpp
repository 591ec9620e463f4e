#include "tests/property/node/random_schedule.hpp"

#include <caf/send.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace millrace::node::trial {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class schedule {
public:
  explicit schedule(std::uint64_t seed) : w_(seed) {
    for (std::size_t i = 0, n = 2 + w_.below(3); i < n; ++i)
      names_.push_back(std::string(1, static_cast<char>('a' + i)));
    rate_ = std::array{1000U, 100U, 40U, 20U}[w_.below(4)];
    w_.store_.lose(std::array{0U, 2U, 10U}[w_.below(3)]);
    w_.loss = std::array{0U, 0U, 5U}[w_.below(3)];
    w_.again = std::array{0U, 30U}[w_.below(2)];
    w_.late = std::array{0U, 20U}[w_.below(2)];
    w_.failing = std::array{0U, 200U, 50U}[w_.below(3)];
    for (const auto& name : names_)
      w_.join(name);
    has_stranger_ = w_.one_in(6);
  }

  void run() {
    for (auto left = 300 + w_.below(900); left > 0; --left) {
      if (w_.one_in(rate_))
        fault();
      if (w_.one_in(20))
        ask();
      // The cluster is founded first: before that each would take the other for the stranger.
      if (has_stranger_ && !w_.oracle_.state().cluster.empty()) {
        has_stranger_ = false;
        w_.join("x", true);
      }
      notice();
      direct();
      w_.step();
    }
    calm_down();
    std::size_t quiet = 0;
    for (std::size_t left = 8'000; quiet < 250; --left) {
      require(left > 0, "stuck: " + what_is_wrong() + "\n" + to_text(w_.oracle_.state()));
      const auto terms = w_.oracle_.state().terms;
      ask_for_what_is_missing();
      direct();
      w_.step();
      quiet = what_is_wrong().empty() && terms == w_.oracle_.state().terms ? quiet + 1 : 0;
    }
    const auto kept = cluster::sum_up(w_.store_.contents().base, w_.store_.contents().increments);
    require(kept && *kept == w_.oracle_.state(), "control is not what its records add up to");
  }

private:
  process& any() {
    return *std::next(w_.processes_.begin(), static_cast<std::ptrdiff_t>(w_.below(w_.processes_.size())));
  }

  void fault() {
    if (w_.processes_.empty() || w_.one_in(5)) {
      const auto& name = names_[w_.below(names_.size())];
      if (w_.find(name) == nullptr || w_.one_in(10))
        w_.join(name);
      return;
    }
    auto& p = any();
    auto& q = any();
    auto* const boss = w_.newest_leader();
    auto& who = boss != nullptr && w_.one_in(2) ? *boss : p;
    switch (w_.below(10)) {
    case 0:
      return w_.cut(who, q);
    case 1:
    case 2:
      return w_.heal(p, q);
    case 3:
      if (&p != &q)
        w_.deaf.insert({p.id, q.id});
      return;
    case 4:
    case 5:
      who.asleep_until = w_.now_ + w_.up_to(seconds(5));
      return;
    case 6:
      who.store_asleep_until = w_.now_ + w_.up_to(seconds(4));
      return;
    case 7:
      if (w_.one_in(2))
        w_.kill(who, w_.one_in(2));
      return;
    case 8:  // one of its actors fails, and the process with it
      if (w_.one_in(4))
        caf::anon_send_exit(w_.one_in(2) ? caf::actor_cast<caf::actor>(who.actors.post)
                                         : caf::actor_cast<caf::actor>(who.actors.coordinator),
                            caf::exit_reason::kill);
      return;
    default:
      if (w_.one_in(4))
        caf::anon_send(who.actors.agent, leave_cluster{});
    }
  }

  /// A gap, or silence, ends a link some time later.
  void notice() {
    if (!w_.deaf.empty() && w_.one_in(100)) {
      const auto [from, to] = *w_.deaf.begin();
      auto* const p = w_.find(from);
      auto* const q = w_.find(to);
      if (p != nullptr && q != nullptr)
        w_.heal(*p, *q);
      else
        w_.deaf.erase(w_.deaf.begin());
    }
  }

  void ask() {
    auto* const boss = w_.newest_leader();
    auto* const p = boss == nullptr || w_.one_in(10) ? w_.find(names_[w_.below(names_.size())]) : boss;
    if (p == nullptr)
      return;
    const std::string topology = w_.one_in(2) ? "t" : "u";
    const auto is_there = w_.oracle_.state().topologies.contains(topology);
    if (!is_there || w_.one_in(20))
      apply(*p, topology);
    else if (w_.one_in(8))
      w_.ask(*p, cluster::records::stop_asked{topology});
    else if (w_.one_in(2))
      w_.ask(*p, cluster::records::verdict_given{
                     topology, "clicks/0", {0, static_cast<std::int64_t>(w_.below(50))}, "why"});
  }

  void apply(process& p, const std::string& topology) {
    cluster::records::topology_applied r{topology, "plan " + std::to_string(w_.below(3)), 0, {}};
    for (std::size_t i = 0, n = 1 + w_.below(2); i < n; ++i) {
      r.actors.push_back({"lane" + std::to_string(i), cluster::actor_kind::lane, "lanes"});
      r.actors.push_back({"w/" + std::to_string(i), cluster::actor_kind::shard, "w"});
    }
    r.actors.push_back({"file", cluster::actor_kind::sink, "file", true, ""});
    w_.ask(p, r);
  }

  /// A topology that stops has stopped some time later.
  void direct() {
    for (auto& p : w_.processes_)
      for (auto t = p.stopping.begin(); t != p.stopping.end();)
        if (w_.one_in(30)) {
          w_.ask(p, cluster::records::finished{*t});
          t = p.stopping.erase(t);
        } else {
          ++t;
        }
  }

  /// Faults cease: each node has a process from now on, and all that was cut off or stood still goes on.
  void calm_down() {
    w_.store_.lose(0);
    w_.loss = w_.again = w_.late = 0;
    w_.failing = 0;
    for (auto& p : w_.processes_) {
      p.asleep_until = p.store_asleep_until = {};
      for (auto& q : w_.processes_)
        w_.heal(p, q);
    }
    w_.deaf.clear();
  }

  void ask_for_what_is_missing() {
    for (const auto& name : names_)
      if (w_.find(name) == nullptr)
        w_.join(name);
    auto* const boss = w_.newest_leader();
    if (boss != nullptr && w_.one_in(50))
      for (const auto* const topology : {"t", "u"})
        if (!w_.oracle_.state().topologies.contains(topology))
          apply(*boss, topology);
  }

  [[nodiscard]] std::string what_is_wrong() {
    if (w_.oracle_.state().topologies.size() < 2)
      return "a topology is not there";
    for (const auto& [name, t] : w_.oracle_.state().topologies)
      if (t.status == cluster::topology_status::stopping)
        return name + " does not stop";
    return w_.missing();
  }

  cluster_world w_;
  std::vector<std::string> names_;
  std::size_t rate_ = 100;
  bool has_stranger_ = false;  // a node with another store is still to come
};

}  // namespace

void run_random_schedule(std::uint64_t seed) { schedule(seed).run(); }

}  // namespace millrace::node::trial
