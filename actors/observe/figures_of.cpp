#include "actors/observe/figures_of.hpp"

#include "runtime/base/shard_name.hpp"

#include <algorithm>

namespace millrace::observe {
namespace {

double seconds(std::uint64_t micros) { return static_cast<double>(micros) / 1e6; }

std::optional<double> seconds(std::optional<micros> d) {
  return d ? std::optional(static_cast<double>(d->count()) / 1e6) : std::nullopt;
}

std::optional<std::uint64_t> known(std::int64_t n) {
  return n < 0 ? std::nullopt : std::optional(static_cast<std::uint64_t>(n));
}

partition_figures figures_of(const lane::partition_gauges& g, const std::vector<std::string>& receivers,
                             std::int64_t lag, event_micros now) {
  partition_figures out;
  out.name = g.name;
  out.watermark = {g.watermark};
  if (const auto last = g.last_record.load(); last != 0)
    out.quiet_seconds = std::max(0.0, static_cast<double>(now - last) / 1e6);
  out.is_open = g.is_open;
  out.is_caught_up = g.is_caught_up;
  out.is_idle = g.is_idle;
  const auto held_by = g.held_by.load();
  if (held_by >= 0 && static_cast<std::size_t>(held_by) < receivers.size())
    out.held_by = lasting_name(receivers[static_cast<std::size_t>(held_by)]);
  out.usual_seconds = seconds(g.gap.mean());
  out.lag = known(lag);
  return out;
}

lane_figures figures_of(const std::string& name, const lane::lane_gauges& g, event_micros now) {
  lane_figures out;
  out.name = name;
  out.parser = g.parser;
  out.source = g.source;
  out.records = g.records;
  const auto lag = g.lag_at(lane::due_gauge::clock::now());
  if (!g.away) {  // else nobody knows what has come meanwhile
    out.lag = known(lag);
    out.lag_bytes = known(g.lag_bytes);
  }
  out.in_flight_bytes = g.in_flight_bytes;
  for (std::size_t r = 0; r < g.held.size(); ++r)
    if (const auto bytes = g.held[r].load(); bytes != 0)
      out.held_by[lasting_name(g.receivers[r])] += bytes;
  out.is_away = g.away;
  if (const auto awaited = g.awaited->now()) {
    out.is_away = true;
    out.waits_for = awaited->what + ": " + awaited->why;
  }
  out.is_paused = g.is_paused;
  out.chunks = g.chunks;
  out.wait_seconds = seconds(g.wait_micros);
  out.work_seconds = seconds(g.work_micros);
  for (const auto& p : g.partitions())
    out.partitions.push_back(figures_of(*p, g.receivers,
                                        g.away                             ? -1
                                        : g.due.a_second > 0 && p->lag > 0 ? lag
                                                                           : p->lag.load(),
                                        now));
  for (const auto& [window, keys] : g.hot_keys)
    if (const auto top = keys.top(); top.records != 0)
      out.largest_keys.push_back({window, top.shard, top.records, top.of});
  return out;
}

shard_figures figures_of(const std::string& name, const shard::shard_gauges& g) {
  shard_figures out;
  out.name = lasting_name(name);
  if (const auto parsed = parse_shard_name(name))
    out.window = parsed->window;
  out.watermark = {g.watermark};
  out.fired = {g.fired};
  out.next_end = {g.next_end};
  auto later = g.later.now();
  out.later_rows = {later.up_to};
  out.waits_for = std::move(later.waits_for);
  out.rows = g.rows;
  out.windows_open = g.windows_open;
  out.keys = g.keys;
  out.bytes = g.bytes;
  out.retained_bytes = g.retained_bytes;
  out.spilled_bytes = g.spilled_bytes;
  for (const auto& [receiver, bytes] : g.held_by)
    out.held_by[lasting_name(receiver)] = bytes;
  out.is_stalled = g.stalled;
  out.late_at_shard = g.late_at_shard;
  out.snapshot_failures = g.snapshot_failures;
  return out;
}

sink_figures figures_of(const std::string& name, const sink::sink_gauges& g,
                        flow_meter::clock::time_point steady) {
  sink_figures out;
  out.name = name;
  out.rows = g.rows;
  out.commits = g.commits;
  out.refused = g.rejected;
  out.is_reached = g.reached;
  out.is_away = g.away;
  for (const auto& c : g.history.all())
    out.newest.push_back({c.batch, {c.at}, c.rows, seconds(c.wait_micros), seconds(c.commit_micros)});
  out.under_way_seconds = seconds(g.call.age(steady));
  out.usual_seconds = seconds(g.in_target.mean());
  out.pace = to_string(g.pace_at(steady));
  return out;
}

}  // namespace

figures figures_of(const running_topology& t, const std::string& node, event_micros now,
                   flow_meter::clock::time_point steady) {
  figures out;
  out.topology = t.topology->name;
  out.at = {now};
  out.is_running = t.runs;
  const auto feeds = t.gauges.feeds->gauges();
  for (const auto& [name, flow] : t.flow.sources()) {
    source_figures s{name, flow.records_per_second, flow.wait_seconds, flow.work_seconds, {}};
    if (const auto feed = feeds.find(name); feed != feeds.end())
      s.is_spool_full = feed->second->spool_full;
    out.sources.push_back(std::move(s));
  }
  const auto at_node = [&](auto f) {
    f.node = node;
    return f;
  };
  for (const auto& [name, g] : t.gauges.lanes)
    out.lanes.push_back(at_node(figures_of(name, *g, now)));
  for (const auto& [name, g] : t.gauges.shards) {
    auto one = at_node(figures_of(name, *g));
    if (const auto flow = t.flow.shards().find(name); flow != t.flow.shards().end()) {
      one.per_second = flow->second.records_per_second;
      one.busy = flow->second.busy;
    }
    out.shards.push_back(std::move(one));
  }
  for (const auto& [name, g] : t.gauges.sinks)
    out.sinks.push_back(at_node(figures_of(name, *g, steady)));
  for (const auto& x : t.troubles.all())
    if (x.code == trouble_code::target_away || x.code == trouble_code::target_unreached)
      for (auto& s : out.sinks)
        if (s.name == x.stage)
          s.away_seconds = static_cast<double>(std::max<event_micros>(0, now - x.since.at)) / 1e6;
  for (const auto& [stage, lost] : t.gauges.losses->all())
    out.losses[stage] = {lost.late, lost.dead_letters, lost.gaps};
  for (const auto& [stage, c] : t.gauges.flow->all())
    if (stage.find('.') == std::string::npos)  // else no stage, but an entry beside those (delivery::ledger)
      out.flow[stage] = {c.in, c.out, c.filtered};
  const auto standing = t.gauges.flow->standing([&](const auto& actor) { return has_here(t.gauges, actor); });
  for (const auto& [stage, c] : standing.stages())
    if (stage.find('.') == std::string::npos)
      out.counted[stage] = {c.in, c.out, c.late, c.dead};
  return out;
}

}  // namespace millrace::observe
