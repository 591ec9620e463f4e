#include "actors/observe/metrics.hpp"

#include "actors/observe/metric_families.hpp"
#include "actors/observe/process_figures.hpp"
#include "runtime/base/allocator.hpp"
#include "runtime/base/shard_name.hpp"
#include "runtime/base/version.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <tuple>

namespace millrace::observe {
namespace {

using values = std::vector<std::string>;
const values none;
using families = metric_families;

void add_flow(families& all, const running_topology& t) {
  for (const auto& [name, f] : t.flow.sources()) {
    if (!t.is_read_here(name))
      continue;
    all.add("millrace_input_records_per_second", name, f.records_per_second);
    if (f.pending)
      all.add("millrace_pending_records", name, static_cast<double>(*f.pending));
    if (f.pending_bytes)
      all.add("millrace_pending_bytes", name, static_cast<double>(*f.pending_bytes));
  }
}

/// Each actor gets its counter before its first restart, so that a rate has a zero to grow from.
void add_restarts(families& all, const deployment::pipeline_gauges& gauges) {
  const auto counted = gauges.restarts->all();
  const auto add = [&](const auto& actors) {
    for (const auto& [actor, _] : actors) {
      const auto at = counted.find(actor);
      all.add("millrace_restarts_total", values{actor.substr(0, actor.find('/')), lasting_name(actor)},
              at == counted.end() ? 0.0 : static_cast<double>(at->second));
    }
  };
  add(gauges.lanes);
  add(gauges.shards);
  add(gauges.sinks);
}

void add_process(families& all) {
  all.add("millrace_build_info", values{std::string(version)}, 1);
  const auto m = figures_of_malloc();
  all.add("process_malloc_used_bytes", none, static_cast<double>(m.used_bytes));
  all.add("process_malloc_held_bytes", none, static_cast<double>(m.held_bytes));
  const auto p = figures_of_process();
  if (!p)
    return;
  all.add("process_cpu_seconds_total", none, p->cpu_seconds);
  all.add("process_resident_memory_bytes", none, static_cast<double>(p->resident_bytes));
  all.add("process_anonymous_memory_bytes", none, static_cast<double>(p->anonymous_bytes));
  all.add("process_virtual_memory_bytes", none, static_cast<double>(p->virtual_bytes));
  all.add("process_open_fds", none, static_cast<double>(p->open_files));
  all.add("process_max_fds", none, static_cast<double>(p->most_files));
  all.add("process_threads", none, static_cast<double>(p->threads));
  all.add("process_start_time_seconds", none, p->start_seconds);
}

void add_partitions(families& all, const std::string& lane, const lane::lane_gauges& g) {
  const auto now = system_clock().now();
  for (const auto& p : g.partitions()) {
    const auto watermark = p->watermark.load();
    if (watermark != no_watermark && watermark != end_of_time)
      all.add("millrace_partition_watermark_seconds", values{lane, p->name},
              static_cast<double>(watermark) / 1e6);
    if (const auto last = p->last_record.load(); last != 0)
      all.add("millrace_partition_quiet_seconds", values{lane, p->name},
              std::max(0.0, static_cast<double>(now - last) / 1e6));
  }
}

void add_pace(families& all, const std::string& sink, const sink::sink_gauges& g) {
  const auto now = flow_meter::clock::now();
  const auto age = g.call.age(now).value_or(micros(0));
  const auto of_sink = g.pace_at(now);
  all.add("millrace_sink_under_way_seconds", sink, static_cast<double>(age.count()) / 1e6);
  if (const auto usual = g.in_target.mean())
    all.add("millrace_sink_usual_seconds", sink, static_cast<double>(usual->count()) / 1e6);
  all.add("millrace_sink_slow", sink, of_sink != pace::usual);
  all.add("millrace_sink_stalled", sink, of_sink == pace::stalled);
}

/// Counts stay where they were counted, until the topology is past there (running.hpp). The state of an actor
/// is shown only where it lives: its last word here would hold for ever. The same holds for feeds, shards and
/// sinks.
void add_lane(families& all, const std::string& name, const lane::lane_gauges& g, bool is_here) {
  all.add("millrace_records_total", name, g.records);
  all.add("millrace_chunks_total", name, g.chunks);
  all.add("millrace_bytes_total", name, g.chunk_bytes);
  all.add("millrace_chunk_wait_seconds_total", name, static_cast<double>(g.wait_micros) / 1e6);
  all.add("millrace_chunk_work_seconds_total", name, static_cast<double>(g.work_micros) / 1e6);
  if (!is_here)
    return;
  if (!g.is_idle && g.watermark != no_watermark && g.watermark != end_of_time)
    all.add("millrace_watermark_seconds", name, static_cast<double>(g.watermark) / 1e6);
  add_partitions(all, name, g);
  if (const auto lag = g.lag_at(lane::due_gauge::clock::now()); lag >= 0 && !g.away)
    all.add("millrace_lag_records", name, lag);
  all.add("millrace_in_flight_bytes", name, g.in_flight_bytes);
  all.add("millrace_source_away", name, g.away);
}

void add_feed(families& all, const std::string& name, const source::feed_gauges& g, bool is_here) {
  all.add("millrace_source_connections_total", name, g.connections);
  all.add("millrace_source_received_total", name, g.records);
  all.add("millrace_source_received_bytes_total", name, g.bytes);
  all.add("millrace_source_cut_records_total", name, g.cut_records);
  if (!is_here)
    return;
  all.add("millrace_spool_bytes", name, g.spool_bytes);
  all.add("millrace_spool_full", name, g.spool_full);
}

void add_shard(families& all, const std::string& name, const shard::shard_gauges& g, bool is_here) {
  all.add("millrace_window_rows_total", name, g.rows_gained);
  all.add("millrace_late_at_shard_total", name, g.late_gained);
  all.add("millrace_shard_records_total", name, g.taken);
  all.add("millrace_shard_work_seconds_total", name, static_cast<double>(g.work_micros) / 1e6);
  all.add("millrace_snapshot_failures_total", name, g.snapshot_failures);
  all.add("millrace_snapshots_passed_over_total", name, g.snapshots_passed_over);
  all.add("millrace_snapshot_pause_seconds", name, g.snapshot_pauses);
  all.add("millrace_snapshot_seconds", name, g.snapshot_times);
  if (!is_here)
    return;
  all.add("millrace_windows_open", name, g.windows_open);
  all.add("millrace_keys", name, g.keys);
  all.add("millrace_state_bytes", name, g.bytes);
  all.add("millrace_retained_bytes", name, g.retained_bytes);
  all.add("millrace_spilled_bytes", name, g.spilled_bytes);
  for (const auto& [sink, bytes] : g.held_by)
    all.add("millrace_held_bytes", values{name, lasting_name(sink)}, static_cast<double>(bytes));
  all.add("millrace_stalled", name, g.stalled);
  if (g.snapshot_at != 0) {
    all.add("millrace_snapshot_time_seconds", name, static_cast<double>(g.snapshot_at) / 1e6);
    all.add("millrace_snapshot_bytes", name, g.snapshot_bytes);
  }
}

void add_sink(families& all, const std::string& name, const sink::sink_gauges& g, bool is_here) {
  all.add("millrace_sink_rows_total", name, g.rows);
  all.add("millrace_sink_bytes_total", name, g.bytes);
  all.add("millrace_sink_commits_total", name, g.commits);
  all.add("millrace_sink_row_commits_total", name, g.row_commits);
  all.add("millrace_sink_wait_seconds_total", name, static_cast<double>(g.wait_micros) / 1e6);
  all.add("millrace_sink_commit_seconds_total", name, static_cast<double>(g.commit_micros) / 1e6);
  all.add("millrace_sink_commit_duration_seconds", name, g.commit_times);
  all.add("millrace_latency_seconds", name, g.latency);
  all.add("millrace_sink_refused_total", name, g.rejected);
  if (!is_here)
    return;
  all.add("millrace_sink_batch", name, g.batch);
  all.add("millrace_sink_batch_rows", name, g.last_rows);
  all.add("millrace_sink_batch_seconds", name, static_cast<double>(g.last_micros) / 1e6);
  all.add("millrace_sink_away", name, g.away);
  add_pace(all, name, g);
}

/// One of the states is 1, the others are 0: a rule that asks for one sees it begin and end.
template<class State>
void add_state(families& all, const std::string& metric, const values& of, State now) {
  for (const auto word : api::words_of(State())) {
    auto labels = of;
    labels.emplace_back(word);
    all.add(metric, labels, word == api::to_string(now) ? 1 : 0);
  }
}

void add_cluster(families& all, const cluster_standing& c) {
  if (!c.node.empty())
    all.add("millrace_coordinator_heard", c.node, c.hears_coordinator);
  for (const auto& t : c.topologies.all) {
    all.of(t.name);
    add_state(all, "millrace_topology_state", {}, t.state);
  }
  for (const auto& n : c.nodes.all)
    add_state(all, "millrace_node_state", {n.name}, n.state);
}

/// The leader knows troubles of its own, and a run's list has those of its process: each is one series.
void add_troubles(families& all, const std::vector<running_topology>& here, const cluster_standing& cluster) {
  std::set<std::tuple<std::string, std::string, api::trouble_code>> found;
  for (const auto& t : here)
    if (t.runs_here())
      for (const auto& x : t.troubles.all())
        found.emplace(t.topology->name, x.stage, x.code);
  for (const auto& t : cluster.topologies.all)
    for (const auto& x : t.troubles)
      found.emplace(t.name, x.stage, x.code);
  for (const auto& [topology, stage, code] : found) {
    all.of(topology);
    all.add("millrace_trouble", values{stage, std::string(api::to_string(code))}, 1);
  }
}

void add_stages(families& all, const deployment::pipeline_gauges& gauges) {
  for (const auto& [stage, c] : gauges.flow->all()) {
    if (stage.find('.') != std::string::npos)
      continue;  // no stage, but an entry beside those (delivery::ledger)
    all.add("millrace_stage_in_total", stage, c.in);
    all.add("millrace_stage_out_total", stage, c.out);
    all.add("millrace_stage_filtered_total", stage, c.filtered);
    all.add("millrace_stage_late_total", stage, c.late);
    all.add("millrace_stage_dead_total", stage, c.dead);
  }
}

/// A counter that begins with its first loss has nothing to grow from: no rule would see that one.
void add_losses(families& all, const running_topology& t) {
  auto losses = t.gauges.losses->all();
  for (const auto& s : t.topology->stages)
    losses.try_emplace(s.name);
  for (const auto& [stage, lost] : losses) {
    const auto* const s = t.topology->find(stage);
    if (s != nullptr && s->kind == config::stage_kind::source) {
      all.add("millrace_log_gaps_total", stage, lost.gaps);
      continue;
    }
    all.add("millrace_late_records_total", stage, lost.late);
    all.add("millrace_dead_letters_total", stage, lost.dead_letters);
  }
}

void add_topology(families& all, const running_topology& t) {
  const auto& gauges = t.gauges;
  all.of(t.topology->name);
  all.add("millrace_running", none, t.runs_here() ? 1 : 0);
  if (t.state_bytes)
    all.add("millrace_state_folder_bytes", none, static_cast<double>(t.state_bytes()));
  if (t.is_past)
    return;
  if (!t.topology->title.empty())
    all.add("millrace_topology_info", values{t.topology->title}, 1);
  add_flow(all, t);
  for (const auto& [name, g] : gauges.lanes)
    add_lane(all, name, *g, t.lives_here(name));
  for (const auto& [name, g] : gauges.feeds->gauges())
    add_feed(all, name, *g, t.is_read_here(name));
  for (const auto& [actor, g] : gauges.shards)
    add_shard(all, lasting_name(actor), *g, t.lives_here(actor));
  for (const auto& [name, g] : gauges.sinks)
    add_sink(all, name, *g, t.lives_here(name));
  add_stages(all, gauges);
  add_restarts(all, gauges);
  add_losses(all, t);
}

}  // namespace

std::string metrics_text(const std::vector<running_topology>& all, const cluster_standing& cluster) {
  families out;
  add_cluster(out, cluster);
  for (const auto& t : all)
    if (t.is_prepared)
      add_topology(out, t);
  add_troubles(out, all, cluster);
  add_process(out);
  return out.text();
}

}  // namespace millrace::observe
