#include "actors/observe/silence.hpp"

#include "actors/observe/explainer.hpp"
#include "actors/observe/later_rows.hpp"
#include "actors/observe/topology_walk.hpp"
#include "actors/observe/troubles.hpp"
#include "config/core_options.hpp"
#include "runtime/base/shard_name.hpp"

#include <algorithm>

namespace millrace::observe {
namespace {

/// A partition is quiet so long after its last records, and gives for so long after them. Neither for those between.
constexpr micros quiet_after = std::chrono::seconds(2);
constexpr micros gives_lately = std::chrono::seconds(10);

const config::parser_plan& plan_of(const config::topology& t, const std::string& parser) {
  return std::get<config::parser_plan>(t.find(parser)->plan);
}

bool is_bounded(const config::topology& t, const std::string& source) {
  const auto* const s = t.find(source);
  return s == nullptr || config::traits_of(*s).bounded;
}

/// The left rows of such a join have an end each, the right ones none.
bool is_by_time(const config::stage& s) {
  return s.kind == config::stage_kind::join &&
         std::get<config::window_plan>(s.plan).definition.kind == window::shape::interval;
}

/// Adds the parsers upstream of these, over windows.
void add_parsers(std::set<std::string>& to, const config::topology& t, const feeders& from) {
  to.insert(from.parsers.begin(), from.parsers.end());
  for (const auto& window : from.windows)
    add_parsers(to, t, feeders_of(t, *t.find(window)));
}

class reader {
public:
  /// `waits`: windows wait for what gives no records. `is_right`: the last rows of a join may wait for what is idle.
  reader(read_partitions& to, event_micros wall, bool waits, bool is_right)
      : to_(to), wall_(wall), waits_(waits), is_right_(is_right) {}

  void add(const lane::partition_gauges& p, bool is_read) {
    if (p.watermark == end_of_time) {
      ++to_.ended;
      return;
    }
    const auto last = p.last_record.load();
    const auto quiet = last == 0 ? std::nullopt : std::optional(std::max(micros(0), micros(wall_ - last)));
    const event_time at{p.watermark};
    const auto seconds = [](micros m) { return static_cast<double>(m.count()) / 1e6; };
    const auto note = [&] {
      to_.behind.push_back({p.name, at, quiet ? std::optional(seconds(*quiet)) : std::nullopt,
                            seconds(p.gap.mean().value_or(micros(0))), p.is_idle});
    };
    if (p.is_idle) {
      ++to_.idle;
      if (is_right_)
        note();
      return;
    }
    ++to_.open;
    to_.furthest = std::max(to_.furthest, at);
    if (quiet && *quiet < gives_lately)
      to_.furthest_giving = std::max(to_.furthest_giving, at);
    if (!waits_ || !is_read || !p.is_open || !p.is_caught_up || p.held_by >= 0 ||
        (quiet && *quiet < quiet_after))
      return;
    ++to_.quiet;
    note();
  }

private:
  read_partitions& to_;
  event_micros wall_;
  bool waits_;
  bool is_right_;
};

void keep_furthest_behind(std::vector<quiet_partition>& all) {
  const auto first = [](const auto& a, const auto& b) {
    return std::tuple(a.watermark, a.name.size(), a.name) < std::tuple(b.watermark, b.name.size(), b.name);
  };
  std::ranges::sort(all, first);
  if (all.size() > most_quiet)
    all.resize(most_quiet);
}

}  // namespace

silence silence_of(const config::topology& t, const deployment::pipeline_gauges& gauges, event_micros wall) {
  silence out;
  std::set<std::string> feeding;
  std::set<std::string> right;
  for (const auto& s : t.stages) {
    if (!config::has_shards(s.kind))
      continue;
    const auto from = feeders_of(t, s).parsers;
    feeding.insert(from.begin(), from.end());
    std::set<std::string> left;
    if (is_by_time(s)) {
      add_parsers(left, t, feeders_of(t, s, config::side::left));
      const auto others = feeders_of(t, s, config::side::right).parsers;
      right.insert(others.begin(), others.end());
    }
    unfired_window open{
        t.name, s.name, {from.begin(), from.end()}, {left.begin(), left.end()}, {end_of_time}};
    std::set<std::string> waits_for;
    for (const auto& [name, g] : gauges.shards) {
      const event_time next{g->next_end};
      if (!has_here(gauges, name) || next.at == no_watermark || stage_of_actor(lasting_name(name)) != s.name)
        continue;
      const auto fires_at = plus(next, std::get<config::window_plan>(s.plan).definition.allowed_lateness);
      const auto later = g->later.now();
      open.fires_at = std::min(open.fires_at, fires_at);
      open.later_rows = std::max(open.later_rows, event_time{later.up_to});
      if (fires_at.at <= g->watermark)
        for (const auto& log : later.waits_for)
          waits_for.insert(partition_of_log(t, log));
    }
    open.record_for = record_for(t, s, open.later_rows);
    open.waits_for.assign(waits_for.begin(), waits_for.end());
    if (open.fires_at.at != end_of_time)
      out.open.push_back(std::move(open));
  }
  for (const auto& parser : feeding) {
    const auto& plan = plan_of(t, parser);
    std::map<std::string, read_partitions> by_source;
    for (const auto& [name, g] : gauges.lanes) {
      if (g->parser != parser || !has_here(gauges, name))
        continue;
      auto& to = by_source[g->source];
      reader r(to, wall, !plan.idle_timeout && !is_bounded(t, g->source), right.contains(parser));
      const bool is_read = !g->away && !g->awaited->now() && !g->is_paused;
      for (const auto& p : g->partitions())
        r.add(*p, is_read);
    }
    for (auto& [source, r] : by_source) {
      r.topology = t.name;
      r.parser = parser;
      r.source = source;
      r.is_decided = !plan.idle_timeout && config::is_written(t.find(parser)->options, "idle_timeout");
      keep_furthest_behind(r.behind);
      out.read.push_back(std::move(r));
    }
  }
  return out;
}

}  // namespace millrace::observe
