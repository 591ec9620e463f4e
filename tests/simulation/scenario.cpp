#include "tests/simulation/scenario.hpp"

#include "tests/simulation/trace_hash.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <random>

namespace millrace::simulation {
namespace {

namespace json = boost::json;
using shape = window_spec::shape;

constexpr event_micros second = 1'000'000;
constexpr event_micros begin = 1'600'000'000 * second;
/// What is found while running lies behind everything else, so that none of it is late at a shard.
constexpr event_micros found_begin = begin + 1'000'000 * second;
/// About what a run takes: faults come all along it.
constexpr std::uint64_t steps_at_least = 200;
constexpr std::uint64_t steps_a_record = 12;

class maker {
public:
  explicit maker(std::uint64_t seed) : random_(seed) { s_.seed = seed; }

  scenario make() {
    s_.csv = one_in(3);
    s_.delay = micros(pick({0, 1, 5, 30}) * second);
    s_.two_sources = one_in(6);
    if (one_in(10))
      s_.max_drift = micros(60 * second);
    if (one_in(12))
      s_.rate = "2000/s";
    s_.select = one_in(3);
    if (!one_in(8))
      make_windows();
    s_.raw_sink = !s_.window || one_in(3);
    s_.snapshot_every = std::array{"20 ms", "5 ms", "200 ms", "off"}[below(4)];
    s_.commit_every = std::array{"10 ms", "0 ms", "200 ms"}[below(3)];
    if (one_in(3))
      s_.retain_memory = fmt::format("{} B", 200 + below(4000));
    if (one_in(2))
      s_.lane_credit = 100 + below(4000);
    s_.chunk_records = 1 + below(24);
    for (int i = 0; i < 4; ++i)
      s_.threads.push_back(1 + below(3));
    for (int i = 0; i < 4; ++i)
      s_.frame_rows.push_back(one_in(2) ? 8192 : 1 + static_cast<std::uint32_t>(below(4)));
    s_.step_time = micros(pick({10, 100, 1000}));
    make_streams();
    make_faults();
    return std::move(s_);
  }

private:
  std::uint64_t below(std::uint64_t n) { return random_() % n; }
  bool one_in(std::uint64_t n) { return below(n) == 0; }
  std::int64_t pick(std::initializer_list<std::int64_t> values) {
    return *(values.begin() + static_cast<std::ptrdiff_t>(below(values.size())));
  }

  void make_windows() {
    auto& w = s_.window.emplace();
    w = window();
    static const std::vector<std::string> all{"s", "lo", "hi", "f", "l", "d"};
    for (const auto& a : all)
      if (one_in(3))
        w.aggregates.push_back(a);
    if (w.what != shape::session && !(w.what == shape::global && w.size.count() != 0) && one_in(3))
      w.every = micros(pick({5, 20, 100}) * 1000);
    else if (one_in(4))
      w.least_count = 2;
    if (one_in(4))
      w.least_value = 2;
    if (!(w.what == shape::global && w.size.count() == 0) && one_in(3))
      w.lateness = micros(pick({1, 10}) * second);
    s_.late_sink = one_in(2);
    s_.second_sink = one_in(2);
    const bool simple = w.what == shape::tumbling && !w.every && !w.least_count && !w.least_value;
    s_.loose = simple && one_in(2);
    if (s_.loose && one_in(2))
      s_.idle_timeout = micros(pick({20, 200}) * 1000);
    if (s_.loose)
      return;
    if (w.what != shape::global && !w.every && one_in(2))
      make_series();
    const bool updates = w.every || (s_.behind && s_.behind->every);
    s_.ordered = !updates && one_in(3);
    s_.refuses = !updates && one_in(4);
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

  void make_streams() {
    const auto partitions = 1 + below(4);
    const bool poison = one_in(10);
    for (std::uint64_t i = 0; i < partitions; ++i) {
      stream p;
      p.source = s_.two_sources && i % 2 == 1 ? "other" : "clicks";
      p.partition = std::to_string(s_.two_sources ? i / 2 : i);
      p.found_later = i > 0 && !s_.two_sources && one_in(s_.loose ? 2 : 5);
      fill(p, poison && one_in(2));
      s_.streams.push_back(std::move(p));
    }
    if (s_.two_sources && partitions == 1) {
      stream p{.source = "other", .partition = "0", .clicks = {}, .found_later = false};
      fill(p, false);
      s_.streams.push_back(std::move(p));
    }
  }

  void fill(stream& p, bool poison) {
    const auto first = p.found_later && !s_.loose ? found_begin : begin;
    auto time = first + static_cast<event_micros>(below(100)) * second;
    const auto poisoned = below(60);
    const auto n = static_cast<std::uint64_t>(pick({0, 5, 40, 120}));
    for (std::uint64_t i = 0; i < n; ++i) {
      time += pick({0, 1, 1, 1, 2, 40}) * second / pick({1, 2, 7});
      click c;
      c.at = time;
      if (one_in(4) && time - 60 * second > first)
        c.at -= static_cast<event_micros>(below(50) * second);
      if (!one_in(8))
        c.user = fmt::format("u{}", below(6));
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
    const auto n = one_in(10) ? 0 : 1 + below(12);
    for (std::uint64_t i = 0; i < n; ++i) {
      fault f;
      using k = fault::kind;
      f.what =
          std::array{k::child_fails,    k::child_fails, k::child_fails, k::child_fails, k::source_throws,
                     k::writer_throws,  k::source_away, k::sink_away,   k::sink_away,   k::commit_unknown,
                     k::commit_unknown, k::zombie,      k::zombie,      k::slow,        k::slow,
                     k::disk_full,      k::clock_jump,  k::writer_dies, k::stop,        k::kill,
                     k::kill,           k::power_loss,  k::kill_in_file}[below(23)];
      f.step = below(steps_at_least + steps_a_record * s_.records());
      f.who = random_();
      f.size = random_();
      const bool dies = f.what == k::kill || f.what == k::power_loss || f.what == k::kill_in_file;
      f.damage = (dies && one_in(3)) || (f.what == k::child_fails && one_in(2));
      s_.faults.push_back(f);
    }
    std::stable_sort(s_.faults.begin(), s_.faults.end(),
                     [](const fault& a, const fault& b) { return a.step < b.step; });
  }

  std::mt19937_64 random_;
  scenario s_;
};

std::string duration(micros d) { return fmt::format("{} us", d.count()); }

std::string aggregate_text(const std::string& name) {
  static const std::vector<std::pair<std::string, std::string>> all{
      {"s", "sum(v)"},  {"lo", "min(v)"},           {"hi", "max(v)"}, {"f", "first(v)"},
      {"l", "last(v)"}, {"d", "count(distinct v)"}, {"t", "sum(n)"},  {"x", "last(n)"},
  };
  return std::find_if(all.begin(), all.end(), [&](const auto& a) { return a.first == name; })->second;
}

json::object window_object(const window_spec& w, const scenario& s, std::string_view from) {
  json::object o;
  switch (w.what) {
  case shape::tumbling:
    o["window"] = "tumbling";
    o["size"] = duration(w.size);
    break;
  case shape::sliding:
    o["window"] = "sliding";
    o["size"] = duration(w.size);
    o["slide"] = duration(w.slide);
    break;
  case shape::session:
    o["window"] = "session";
    o["gap"] = duration(w.size);
    break;
  case shape::global:
    o["window"] = "global";
    if (w.size.count() != 0)
      o["state_ttl"] = duration(w.size);
    break;
  }
  o["from"] = from;
  if (w.keyed)
    o["key"] = json::array{"u"};
  json::object aggregates{{"n", "count(*)"}};
  for (const auto& name : w.aggregates)
    aggregates[name] = aggregate_text(name);
  o["aggregates"] = std::move(aggregates);
  o["shards"] = w.shards;
  if (w.lateness.count() != 0)
    o["allowed_lateness"] = duration(w.lateness);
  if (w.least_value)
    o["where"] = fmt::format("v >= {} or v is null", *w.least_value);
  if (w.least_count)
    o["having"] = fmt::format("n >= {}", *w.least_count);
  if (w.every) {
    o["emit"] = "updates";
    o["every"] = duration(*w.every);
  }
  if (s.retain_memory)
    o["retain_memory"] = *s.retain_memory;
  return o;
}

json::object sink_object(std::string_view name, std::string_view from) {
  return {{"sink", "sql"}, {"from", from}, {"connection", "sqlite3:///nowhere"}, {"table", name}};
}

json::object source_object(const scenario& s, std::string_view topic) {
  json::object o{
      {"source", "kafka"}, {"brokers", "nowhere:9092"}, {"topic", topic}, {"discover_every", "50 ms"}};
  if (s.max_drift)
    o["max_drift"] = duration(*s.max_drift);
  if (s.rate)
    o["rate"] = *s.rate;
  return o;
}

/// Sinks of the last window, or of updates.
void add_result_sinks(json::object& stages, const scenario& s) {
  const auto& last = s.behind ? *s.behind : *s.window;
  const std::string_view from = s.behind ? "behind" : "window";
  auto rows = sink_object("rows", from);
  if (last.every)
    rows["columns"] = {{"*", true}, {"batch", "_batch"}};
  else if (s.ordered)
    rows["order_by"] = "n desc";
  stages["rows"] = std::move(rows);
  if (!s.second_sink)
    return;
  auto more = sink_object("more", from);
  if (last.every)
    more["columns"] = {{"*", true}, {"batch", "_batch"}};
  else
    more["where"] = "n >= 2";
  stages["more"] = std::move(more);
}

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

std::string_view to_string(fault::kind k) {
  static constexpr std::array names{
      "child fails",          "source throws", "writer throws", "source away", "sink away",
      "commit unknown",       "zombie",        "slow",          "disk full",   "clock jump",
      "snapshot writer dies", "stop",          "kill",          "power loss",  "kill in file"};
  return names[static_cast<std::size_t>(k)];
}

scenario make_scenario(std::uint64_t seed) { return maker(seed).make(); }

std::string record_text(const scenario& s, const click& c) {
  if (c.what == click::kind::malformed)
    return s.csv ? "not a click" : R"({"u": )";
  const auto user = c.what == click::kind::poison ? std::optional<std::string>("poison") : c.user;
  const auto value = c.value ? std::to_string(*c.value) : std::string(s.csv ? "" : "null");
  if (s.csv)
    return fmt::format("{},{},{}", user.value_or(""), value, c.at / 1000);
  return fmt::format(R"({{"u":{},"v":{},"at":{}}})", user ? "\"" + *user + "\"" : "null", value, c.at / 1000);
}

bool is_refused(std::string_view row) { return (hash_on(empty_hash, row) >> 20) % 7 == 0; }

std::string topology_text(const scenario& s) {
  json::object stages;
  stages["clicks"] = source_object(s, "clicks");
  json::array sources{"clicks"};
  if (s.two_sources) {
    stages["other"] = source_object(s, "other");
    sources.emplace_back("other");
  }
  json::object parsed{
      {"parser", s.csv ? "csv" : "json"},
      {"from", sources},
      {"schema", {{"u", "text"}, {"v", "bigint"}, {"at", {{"type", "timestamp"}, {"format", "epoch_ms"}}}}},
      {"event_time", "at"},
      {"watermark_delay", duration(s.delay)}};
  if (s.idle_timeout)
    parsed["idle_timeout"] = duration(*s.idle_timeout);
  stages["parsed"] = std::move(parsed);
  std::string from = "parsed";
  if (s.select) {
    stages["chosen"] = {{"transform", "select"},
                        {"from", "parsed"},
                        {"where", "v is null or v <> 0"},
                        {"columns", {{"u", "u"}, {"v", "v + 1"}}}};
    from = "chosen";
  }
  if (s.window) {
    stages["window"] = window_object(*s.window, s, from);
    if (s.behind)
      stages["behind"] = window_object(*s.behind, s, "window");
    add_result_sinks(stages, s);
    if (s.late_sink) {
      auto late = sink_object("late", "window.late");
      late["columns"] = {{"u", "u"}, {"v", "v"}};
      stages["late"] = std::move(late);
    }
  }
  if (s.raw_sink) {
    auto raw = sink_object("raw", "parsed");
    raw["columns"] = {{"u", "u"}, {"v", "v"}, {"partition", "_partition"}, {"position", "_position"}};
    stages["raw"] = std::move(raw);
  }
  json::object dead = sink_object("dead", "");
  dead.erase("from");
  return json::serialize(json::object{{"millrace", 1},
                                      {"topology", "simulated"},
                                      {"snapshot_every", s.snapshot_every},
                                      {"commit_every", s.commit_every},
                                      {"dead_letters", dead},
                                      {"stages", stages}});
}

}  // namespace millrace::simulation
