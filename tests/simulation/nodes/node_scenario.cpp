#include "tests/simulation/nodes/node_scenario.hpp"

#include "tests/simulation/nodes/node_faults.hpp"

#include <algorithm>
#include <array>
#include <random>

namespace millrace::simulation {
namespace {

using k = fault::kind;

/// Steps that a run takes beside those for its records: faults come all along it.
constexpr std::uint64_t steps_at_least = 3'000;
/// A topology is given up with the third under one actor.
constexpr int most_deaths = 2;

class node_maker {
public:
  explicit node_maker(std::uint64_t seed) : random_(seed * 977 + 5), s_(make_scenario(seed)) {}

  scenario make() {
    s_.faults.clear();
    s_.nodes = 2 + below(3);
    s_.pinned = one_in(4);
    s_.grows_one_in = std::array{8, 32, 64}[below(3)];
    // Links and control planes take some thousand steps for a second.
    s_.step_time = micros(std::array{3, 10, 30}[below(3)]);
    s_.network_delay = micros(std::array{20, 200, 2000}[below(3)]);
    make_faults();
    return std::move(s_);
  }

private:
  void make_faults() {
    static constexpr std::array kinds{
        k::kill,        k::kill,        k::kill,        k::kill_in_file,  k::node_stands_still,
        k::way_breaks,  k::way_breaks,  k::way_breaks,  k::cut_off,       k::cut_off,
        k::late_bytes,  k::disk_full,   k::disk_full,   k::store_slow,    k::drain,
        k::stop,        k::child_fails, k::child_fails, k::source_throws, k::writer_throws,
        k::source_away, k::sink_away,   k::slow,        k::stands_still,  k::commit_unknown,
        k::clock_jump};
    add_pairs();
    for (auto n = one_in(10) ? 0 : 1 + below(8); n > 0; --n)
      add(kinds[below(kinds.size())], any_step());
    for (const auto& f : actions_of_people(s_.seed, steps_at_least + s_.records() * s_.grows_one_in))
      s_.faults.push_back(f);
    add_removal();
    std::ranges::stable_sort(s_.faults, {}, &fault::step);
  }

  /// Chosen by numbers of its own: the other faults of a seed are the same with it and without.
  void add_removal() {
    std::mt19937_64 random(s_.seed * 2'862'933'555'777'941'757 + 13);
    if (random() % 8 != 0)
      return;
    auto& f = s_.faults.emplace_back();
    f.what = k::remove;
    f.step = random() % (steps_at_least + s_.records() * s_.grows_one_in);
    if (random() % 2 == 0 && deaths_ > 0)  // the leader dies about the time at which the chains go
      s_.faults.push_back({.what = k::kill,
                           .step = f.step + random() % 3'000,
                           .who = 48 * (random() % 1'000),
                           .size = random()});
  }

  /// Faults that show together, or at a moment, more than alone.
  void add_pairs() {
    using m = fault::moment;
    const auto step = any_step();
    switch (below(8)) {
    case 0:  // two nodes at once
      add(k::kill, step);
      add(k::kill, step + below(3));
      return;
    case 1:  // actors find new places meanwhile
      add(k::kill, step);
      add(one_in(2) ? k::kill : k::cut_off, step, m::restarted);
      return;
    case 2:  // the run ends meanwhile
      add(one_in(2) ? k::kill : k::kill_in_file, 0, m::committed);
      return;
    case 3:
      add(one_in(2) ? k::way_breaks : k::store_slow, 0, m::committed);
      add(k::child_fails, 0, m::committed);
      return;
    case 4:  // partitions are found meanwhile
      add(one_in(2) ? k::kill : k::child_fails, 0, m::made);
      return;
    case 5:  // a node that was cut off is heard again by somebody new
      add(k::cut_off, step);
      add(k::kill, step + below(2'000));
      return;
    case 6:  // shards go on under the terms that they have
      for (auto n = 2 + below(4); n > 0; --n)
        add(k::child_fails, any_step(), m::none, fault::group::shards);
      return;
    default:
      return;
    }
  }

  void add(k what, std::uint64_t step, fault::moment when = fault::moment::none,
           fault::group of = fault::group::any) {
    if (what == k::drain && s_.pinned)
      return;  // an actor with its disk there would have no place
    fault f;
    f.what = what;
    f.of = of;
    f.step = step;
    f.when = when;
    f.after = when == fault::moment::none ? 0 : below(200);
    f.who = random_();
    f.size = random_();
    if (may_mean_death(f) && deaths_-- <= 0)
      return;
    s_.faults.push_back(f);
  }
  std::uint64_t any_step() { return below(steps_at_least + s_.records() * s_.grows_one_in); }

  std::uint64_t below(std::uint64_t n) { return random_() % n; }
  bool one_in(std::uint64_t n) { return below(n) == 0; }

  std::mt19937_64 random_;
  scenario s_;
  int deaths_ = most_deaths;
};

}  // namespace

scenario make_node_scenario(std::uint64_t seed) { return node_maker(seed).make(); }

}  // namespace millrace::simulation
