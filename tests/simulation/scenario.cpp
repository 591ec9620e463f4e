#include "tests/simulation/scenario.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <random>

namespace millrace::simulation {
namespace {

using shape = window_spec::shape;

constexpr event_micros second = 1'000'000;
constexpr event_micros begin = 1'600'000'000 * second;
/// Partitions found while running begin after everything else, so that none of them is late at a shard.
constexpr event_micros found_begin = begin + 1'000'000 * second;
/// Steps that a run takes at least, and for each record: faults come all along it.
constexpr std::uint64_t steps_at_least = 200;
constexpr std::uint64_t steps_a_record = 12;

class maker {
public:
  explicit maker(std::uint64_t seed) : random_(seed) { s_.seed = seed; }

  scenario make() {
    s_.about = draw_theme();
    s_.csv = one_in(3);
    s_.delay = micros(pick({0, 1, 5, 30}) * second);
    s_.two_sources = !is_loose_theme() && one_in(4);
    if (one_in(10))
      s_.max_drift = micros(60 * second);
    if (one_in(12))
      s_.rate = "2000/s";
    s_.select = one_in(3);
    const bool windows = !one_in(8);
    if (windows || (s_.about != theme::any && s_.about != theme::ending))
      make_windows();
    s_.raw_sink = !s_.window || one_in(3);
    s_.snapshot_every = std::array{"20 ms", "5 ms", "200 ms", "off"}[below(4)];
    s_.commit_every = std::array{"10 ms", "0 ms", "200 ms"}[below(3)];
    if (one_in(3))
      s_.retain_memory = fmt::format("{} B", 8 * (200 + below(4000)));
    if (one_in(2))
      s_.lane_credit = 100 + below(4000);
    s_.chunk_records = 1 + below(24);
    s_.threads = 1 + below(3);
    for (int i = 0; i < 4; ++i)
      s_.frame_rows.push_back(one_in(2) ? 8192 : 1 + static_cast<std::uint32_t>(below(4)));
    s_.step_time = micros(pick({10, 100, 1000}));
    adapt();
    make_streams();
    make_faults();
    s_.parse_helpers = below(4);
    make_elements();
    make_join();
    return std::move(s_);
  }

private:
  // One draw in an expression, unless the language orders them: every compiler has to draw the same.
  std::uint64_t below(std::uint64_t n) { return random_() % n; }
  bool one_in(std::uint64_t n) { return below(n) == 0; }
  std::int64_t pick(std::initializer_list<std::int64_t> values) {
    return *(values.begin() + static_cast<std::ptrdiff_t>(below(values.size())));
  }

  theme draw_theme() {
    // A theme that needs more circumstances to meet has a larger share.
    static constexpr std::array shares{std::pair(theme::any, 8U),     std::pair(theme::series, 3U),
                                       std::pair(theme::zombies, 3U), std::pair(theme::found, 2U),
                                       std::pair(theme::idle, 2U),    std::pair(theme::ending, 1U)};
    auto n = below(19);
    for (const auto& [about, share] : shares) {
      if (n < share)
        return about;
      n -= share;
    }
    return theme::any;
  }

  void make_windows() {
    auto& w = s_.window.emplace();
    w = window();
    const bool series = s_.about == theme::series;
    while (is_loose_theme() ? w.what != shape::tumbling
                            : series && !(w.on_grid() && w.keyed && w.size >= micros(30 * second)))
      w = window();
    static const std::vector<std::string> all{"s", "lo", "hi", "f", "l", "d"};
    for (const auto& a : all)
      if (one_in(s_.two_sources && (a == "f" || a == "l") ? 1 : 3))
        w.aggregates.push_back(a);
    if (is_loose_theme() || series)
      ;  // its firing is all that it sends
    else if (w.what != shape::session && !(w.what == shape::global && w.size.count() != 0) && one_in(3))
      w.every = micros(pick({5, 20, 100}) * 1000);
    else if (one_in(4))
      w.least_count = 2;
    if (!is_loose_theme() && one_in(4))
      w.least_value = 2;
    if (!(w.what == shape::global && w.size.count() == 0) && one_in(3))
      w.lateness = micros(pick({1, 10}) * second);
    s_.late_sink = one_in(2);
    s_.second_sink = one_in(2);
    const bool simple = w.what == shape::tumbling && !w.every && !w.least_count && !w.least_value;
    s_.loose = is_loose_theme() || (simple && !series && one_in(2));
    if (s_.about == theme::idle || (s_.loose && one_in(2)))
      s_.idle_timeout = micros(pick({20, 200}) * 1000);
    if (s_.loose)
      return;
    if (s_.seed % 4 == 1 && !series)
      make_taken_back();
    if (series || (w.what != shape::global && !w.every && one_in(2)))
      make_series();
    const bool updates = w.every || (s_.behind && s_.behind->every);
    s_.ordered = !updates && one_in(3);
    s_.refuses = !updates && one_in(4);
  }

  /// Draws nothing, so that the other seeds' scenarios stay as they are.
  void make_taken_back() {
    auto& w = *s_.window;
    if (w.what == shape::global && w.size.count() != 0)
      return;  // keys that are forgotten have several rows under one name
    if (!w.every)
      w.every = micros(20'000);
    w.least_count.reset();
    if (w.what != shape::session || s_.seed % 8 == 1)
      w.most_count = 4;
  }

  /// Draws nothing, so that the other seeds' scenarios stay as they are.
  void make_join() {
    const auto n = s_.seed / 5;
    if (s_.seed % 5 != 3 || s_.loose || s_.idle_timeout)
      return;
    auto& j = s_.join.emplace();
    j.how = std::array{"inner", "left", "right", "full"}[n / 2 % 4];
    j.window.what = n % 3 == 0 ? shape::sliding : shape::tumbling;
    j.window.slide = micros((n % 4 == 0 ? 1 : 5) * second);
    j.window.size = j.window.slide * (n % 3 == 0 ? 3 : 1);
    j.window.shards = 1 + static_cast<unsigned>(n % 3);
    j.is_interval = n % 2 == 1;
    if (!j.is_interval)
      return;
    constexpr std::array<std::pair<int, int>, 4> reaches{{{4, 3}, {0, 6}, {8, -3}, {-2, 6}}};
    const auto [before, after] = reaches[n / 2 % reaches.size()];
    j.how = std::array{"inner", "left", "anti"}[n % 3];
    j.before = micros(before * second);
    j.after = micros(after * second);
    j.is_dedup = n % 8 == 5;
    if (j.is_dedup) {
      j.how = "anti";
      j.before = micros((n % 5 + 1) * 2 * second);
      j.after = {};
    }
    j.is_as_of = n % 4 == 3;
    if (!j.is_as_of)
      return;
    j.how = n % 8 == 3 ? "inner" : "left";
    j.before = micros((n % 5) * 4 * second);
    j.after = {};
  }

  void make_series() {
    auto& b = s_.behind.emplace();
    b = window();
    b.keyed = s_.window->keyed && one_in(2);
    b.aggregates = {"t", "x"};
    if (b.what == shape::session || (b.what == shape::global && b.size.count() != 0))
      return;
    if (one_in(4))
      b.every = micros(pick({20, 100}) * 1000);
  }

  window_spec window() {
    window_spec w;
    w.what = std::array{shape::tumbling, shape::tumbling, shape::sliding,
                        shape::sliding,  shape::session,  shape::global}[below(6)];
    w.keyed = !one_in(5);
    w.shards = 1 + static_cast<unsigned>(below(4));
    switch (w.what) {
    case shape::tumbling:
      w.size = w.slide = micros(pick({1, 7, 60}) * second);
      break;
    case shape::sliding:
      w.slide = micros(pick({1, 5, 10}) * second);
      w.size = w.slide * pick({2, 3, 6});
      break;
    case shape::session:
      w.size = micros(pick({3, 20}) * second);
      break;
    case shape::global:
      if (one_in(3))
        w.size = micros(20 * second);
      break;
    }
    return w;
  }

  /// These themes are about what is late at a shard.
  [[nodiscard]] bool is_loose_theme() const { return s_.about == theme::found || s_.about == theme::idle; }

  /// The circumstances that a theme needs.
  void adapt() {
    if (s_.about == theme::series) {
      s_.window->shards = 1 + static_cast<unsigned>(below(2));
      s_.behind->shards = 1 + static_cast<unsigned>(below(2));
      s_.retain_memory = fmt::format("{} B", 8 * s_.window->shards * (400 + below(3000)));
      // First lives cut finely, those after them coarsely.
      s_.frame_rows = {1, 1 + static_cast<std::uint32_t>(below(2)), 1, 2, 8192, 3, 8192, 5};
    }
    if (s_.about == theme::series || is_loose_theme())
      s_.snapshot_every = one_in(s_.about == theme::series ? 4 : 2) ? "200 ms" : "off";
    if (is_loose_theme())
      s_.commit_every = one_in(2) ? "0 ms" : "10 ms";
    if (s_.about == theme::zombies)
      s_.snapshot_every = one_in(2) ? "5 ms" : "20 ms";
  }

  void make_streams() {
    const auto partitions = is_loose_theme() ? 2 + below(3) : 1 + below(4);
    const bool poison = one_in(10);
    for (std::uint64_t i = 0; i < partitions; ++i) {
      stream p;
      p.source = s_.two_sources && i % 2 == 1 ? "other" : "clicks";
      p.partition = std::to_string(s_.two_sources ? i / 2 : i);
      // At most one partition is found, unless the oracle is loose: one of two may be read before the other
      // has joined, which makes the other late.
      const bool found =
          std::any_of(s_.streams.begin(), s_.streams.end(), [](const stream& x) { return x.found_later; });
      p.found_later = i > 0 && !s_.two_sources && (s_.loose ? one_in(2) : one_in(5) && !found);
      fill(p, poison && one_in(2));
      if (s_.about == theme::found && p.found_later)
        p.made_after = below(1 + s_.records());
      if (s_.about == theme::idle && !p.clicks.empty())
        for (auto n = below(3); n > 0; --n)
          p.rests.push_back(below(p.clicks.size()));
      std::sort(p.rests.begin(), p.rests.end());
      s_.streams.push_back(std::move(p));
    }
    if (s_.two_sources && partitions == 1) {
      stream p;
      p.source = "other";
      p.partition = "0";
      fill(p, false);
      s_.streams.push_back(std::move(p));
    }
  }

  /// Its own random numbers, so that the other scenarios stay as they are.
  void make_elements() {
    std::mt19937_64 random(s_.seed * 2'862'933'555'777'941'757 + 3);
    s_.unnests = !s_.csv && random() % 4 == 0;
    if (!s_.unnests)
      return;
    for (auto& p : s_.streams)
      for (auto& c : p.clicks)
        for (auto n = random() % 4; n > 0; --n) {
          auto e = c;
          e.elements.clear();
          e.at += static_cast<event_micros>(random() % 100) * second / 2;
          if (random() % 2 == 0)
            e.user = fmt::format("u{}", random() % 6);
          if (random() % 25 == 0)
            e.what = click::kind::malformed;
          c.elements.push_back(std::move(e));
        }
  }

  void fill(stream& p, bool poison) {
    const auto first = p.found_later && !s_.loose ? found_begin : begin;
    auto time = first + static_cast<event_micros>(below(100)) * second;
    const auto poisoned = below(60);
    const auto n =
        static_cast<std::uint64_t>(s_.about == theme::series ? pick({40, 120}) : pick({0, 5, 40, 120}));
    for (std::uint64_t i = 0; i < n; ++i) {
      const auto seconds = pick({0, 1, 1, 1, 2, 40});
      time += seconds * second / pick({1, 2, 7});
      click c;
      c.at = s_.two_sources ? time - time % second : time;  // many of them tie then
      if (one_in(4) && time - 60 * second > first)
        c.at -= static_cast<event_micros>(below(50) * second);
      if (!one_in(8))
        c.user = fmt::format("u{}", below(s_.about == theme::series ? 24 : 6));
      if (!one_in(8))
        c.value = static_cast<std::int64_t>(below(12)) - 3;
      if (one_in(25))
        c.what = click::kind::malformed;
      if (poison && i == poisoned)
        c.what = click::kind::poison;
      p.clicks.push_back(std::move(c));
    }
  }

  void make_faults() {
    add_faults_of_theme();
    add_pairs();
    const auto n = one_in(10) ? 0 : 1 + below(s_.about == theme::any || s_.about == theme::ending ? 12 : 4);
    for (std::uint64_t i = 0; i < n; ++i) {
      fault f;
      using k = fault::kind;
      f.what =
          std::array{k::child_fails,    k::child_fails, k::child_fails, k::child_fails, k::source_throws,
                     k::writer_throws,  k::source_away, k::sink_away,   k::sink_away,   k::commit_unknown,
                     k::commit_unknown, k::zombie,      k::zombie,      k::slow,        k::stands_still,
                     k::disk_full,      k::clock_jump,  k::writer_dies, k::stop,        k::kill,
                     k::kill,           k::power_loss,  k::kill_in_file}[below(23)];
      f.step = any_step();
      f.who = random_();
      f.size = random_();
      const bool dies = f.what == k::kill || f.what == k::power_loss || f.what == k::kill_in_file;
      f.damage = (dies && one_in(3)) || (f.what == k::child_fails && one_in(2));
      s_.faults.push_back(f);
    }
    for (const auto& f : actions_of_people(s_.seed, steps_at_least + steps_a_record * s_.records()))
      s_.faults.push_back(f);
    std::stable_sort(s_.faults.begin(), s_.faults.end(),
                     [](const fault& a, const fault& b) { return a.step < b.step; });
  }

  std::uint64_t any_step() { return below(steps_at_least + steps_a_record * s_.records()); }

  fault& add(fault::kind what, std::uint64_t step, fault::group of) {
    fault f;
    f.what = what;
    f.step = step;
    f.of = of;
    f.who = random_();
    f.size = random_();
    return s_.faults.emplace_back(f);
  }
  void add_one_of(std::initializer_list<fault::kind> kinds, fault::group of) {
    const auto what = *(kinds.begin() + static_cast<std::ptrdiff_t>(below(kinds.size())));
    add(what, any_step(), of);
  }
  /// Adds a fault at the first of these moments after the step.
  fault& add(fault::kind what, std::uint64_t step, fault::group of, fault::moment when,
             std::uint64_t most_after) {
    auto& f = add(what, step, of);
    f.when = when;
    f.after = below(most_after);
    return f;
  }

  /// Faults that show only together, or with what the topology has, for any theme.
  void add_pairs() {
    using k = fault::kind;
    using g = fault::group;
    if (one_in(3))  // a receiver that restarts is read for
      add(k::source_throws, any_step(), g::any, fault::moment::restarted, 150);
    if (s_.snapshot_every == "off") {
      // Decisions are not durable then, and nothing else writes them.
      for (auto n = below(4); n > 0; --n)
        add(k::disk_full, any_step(), g::any);
    } else if (one_in(4)) {
      const auto step = add(k::disk_full, any_step(), g::any).step;
      add(k::child_fails, step + 50 + below(300), g::shards);
    }
    if (s_.window && s_.window->every && one_in(2))
      add(k::clock_jump, any_step(), g::any);
  }

  void add_faults_of_theme() {
    using k = fault::kind;
    using g = fault::group;
    using m = fault::moment;
    switch (s_.about) {
    case theme::any:
      return;
    case theme::series:
      for (auto n = 3 + below(4); n > 0; --n) {
        const auto step = any_step();
        for (unsigned i = 0; i < s_.behind->shards; ++i)
          add(k::stands_still, step, g::downstream_shards).who = i;
        add(k::child_fails, step + 50 + below(350), g::front_shards);
      }
      return;
    case theme::zombies:
      for (auto n = 1 + below(3); n > 0; --n) {
        const auto step = one_in(3) ? below(40) : any_step();
        const auto kind = below(4);
        if (kind == 0) {
          add(k::child_fails, step, g::lanes);
          add(k::zombie, step, g::shards, m::restarted, 8);
        } else if (kind == 1) {  // an actor that asked a sink that is away speaks late
          add(k::sink_away, step, g::any);
          add(k::child_fails, step + below(60), g::no_lanes);
          add(k::zombie, step, g::lanes, m::restarted, 8);
        } else if (kind == 2) {  // an actor that was to get output again speaks late
          add(k::child_fails, step, g::front_shards);
          add(k::zombie, step, g::downstream_shards, m::restarted, 8);
        } else {
          const auto who = add(k::zombie, step, g::shards).who;
          add(k::child_fails, step, g::shards, m::restarted, 200).who = who;
        }
      }
      return;
    case theme::found:
      for (auto n = 1 + below(3); n > 0; --n) {
        const auto step = one_in(2) ? 0 : any_step();
        if (one_in(2))
          add(k::kill, step, g::any, m::made, 100);
        else
          for (unsigned i = 0; i < s_.window->shards; ++i)
            add(k::child_fails, step, g::front_shards, m::made, 100).who = i;
      }
      return;
    case theme::idle:
      for (auto n = 2 + below(4); n > 0; --n)
        add_one_of({k::kill, k::power_loss, k::child_fails, k::child_fails}, g::front_shards);
      return;
    case theme::ending:
      for (auto n = 1 + below(2); n > 0; --n)
        add(k::child_fails, 0, g::no_lanes, m::committed, 4);
      return;
    }
  }

  std::mt19937_64 random_;
  scenario s_;
};

}  // namespace

std::size_t scenario::records() const {
  std::size_t n = 0;
  for (const auto& p : streams)
    n += p.clicks.size();
  return n;
}

bool scenario::has_poison() const {
  return std::any_of(streams.begin(), streams.end(), [](const stream& p) {
    return std::any_of(p.clicks.begin(), p.clicks.end(),
                       [](const click& c) { return c.what == click::kind::poison; });
  });
}

std::vector<fault> actions_of_people(std::uint64_t seed, std::uint64_t steps) {
  std::mt19937_64 random(seed * 6'364'136'223'846'793'005 + 11);
  std::vector<fault> out;
  if (random() % 4 != 0)
    return out;
  for (auto n = 1 + random() % 3; n > 0; --n) {
    auto& f = out.emplace_back();
    f.what = random() % 2 == 0 ? fault::kind::pause : fault::kind::restart;
    f.step = random() % steps;
    f.who = random();
    f.size = random();
  }
  return out;
}

scenario make_scenario(std::uint64_t seed) { return maker(seed).make(); }

}  // namespace millrace::simulation
