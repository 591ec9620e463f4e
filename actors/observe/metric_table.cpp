#include "actors/observe/metric_table.hpp"

#include "runtime/base/page_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace millrace::observe {
namespace {

using enum metric_type;

constexpr std::array table{
    // --- topologies
    metric{"millrace_running", gauge, "0 or 1", "topology",
           "1 while this process has actors of the topology, and it has not ended"},
    metric{"millrace_trouble", gauge, "0 or 1", "topology, stage, code",
           "1 for each trouble of the topology in this process (docs/operations.md lists the codes); absent "
           "while it is healthy. `millrace list` shows the same"},
    metric{"millrace_topology_info", gauge, "1", "topology, title",
           "1 with the title of the topology, where it has one"},
    metric{"millrace_topology_state", gauge, "0 or 1", "topology, state",
           "1 for the state of the topology (running, drained, ended, stopped, failed), 0 for the others. "
           "The node that leads the cluster has it, for all topologies"},
    metric{"millrace_node_state", gauge, "0 or 1", "node, state",
           "1 for the state of the node (up, silent, draining, drained, flapping, left), 0 for the others. "
           "The node that leads the cluster has it, for all nodes; it is absent while no node leads"},
    metric{"millrace_state_folder_bytes", gauge, "bytes", "topology", "Size of the state folder on disk"},
    metric{"millrace_coordinator_heard", gauge, "0 or 1", "node",
           "0 while the node hears from no coordinator: nobody leads the cluster, or the node cannot reach "
           "who does"},
    // --- sources
    metric{"millrace_input_records_per_second", gauge, "records/s", "topology, source",
           "Records taken from a source, over the last seconds"},
    metric{"millrace_pending_records", gauge, "records", "topology, source",
           "Records that are there, or due by a generator's rate, and not yet read"},
    metric{"millrace_pending_bytes", gauge, "bytes", "topology, source",
           "Bytes of files and of the spool that are there and not yet read"},
    metric{"millrace_source_connections_total", counter, "connections", "topology, source",
           "Connections that a source has made"},
    metric{"millrace_source_received_total", counter, "records", "topology, source",
           "Records received into the spool"},
    metric{"millrace_source_received_bytes_total", counter, "bytes", "topology, source",
           "Bytes of records received into the spool"},
    metric{"millrace_source_cut_records_total", counter, "records", "topology, source",
           "Records that were cut off by the end of a connection, or too long"},
    metric{"millrace_spool_bytes", gauge, "bytes", "topology, source",
           "Size of received records in the state folder"},
    metric{"millrace_spool_full", gauge, "0 or 1", "topology, source",
           "1 while a source is not read because its spool is full"},
    // --- lanes
    metric{"millrace_records_total", counter, "records", "topology, lane",
           "Records read and processed by a lane"},
    metric{"millrace_bytes_total", counter, "bytes", "topology, lane",
           "Bytes of records that a lane has begun: decompressed, without keys and headers, in files with "
           "the line ends. Records that are read again count again"},
    metric{"millrace_watermark_seconds", gauge, "seconds since 1970", "topology, lane",
           "Event time up to which a lane is complete, by those of its partitions that are not idle; it is "
           "absent before its first record, while all of them are idle (`idle_timeout`) and after their end"},
    metric{"millrace_partition_watermark_seconds", gauge, "seconds since 1970", "topology, lane, partition",
           "Event time up to which a partition is complete; it is absent before its first record and after "
           "its end"},
    metric{"millrace_partition_quiet_seconds", gauge, "seconds", "topology, lane, partition",
           "Time since the last records of a partition came; absent before the first"},
    metric{"millrace_lag_records", gauge, "records", "topology, lane",
           "Records that are there, or due by a generator's rate, and not yet read"},
    metric{"millrace_in_flight_bytes", gauge, "bytes", "topology, lane",
           "Bytes of frames that receivers have not taken yet"},
    metric{"millrace_source_away", gauge, "0 or 1", "topology, lane", "1 while the source does not answer"},
    metric{"millrace_chunks_total", counter, "chunks", "topology, lane",
           "Chunks of records that a lane has begun"},
    metric{"millrace_chunk_wait_seconds_total", counter, "seconds", "topology, lane",
           "Time from a chunk's arrival to its turn"},
    metric{"millrace_chunk_work_seconds_total", counter, "seconds", "topology, lane",
           "Time that parsing and the lane's steps took"},
    // --- stages
    metric{"millrace_stage_in_total", counter, "records", "topology, stage",
           "Records that came to a stage since this process started. Records that an actor takes again after "
           "a restart count again; the report has the exact counts"},
    metric{"millrace_stage_out_total", counter, "records", "topology, stage",
           "Records of millrace_stage_in_total that went on from the stage, or that a window took"},
    metric{"millrace_stage_filtered_total", counter, "records", "topology, stage",
           "Records of millrace_stage_in_total that the stage filtered out"},
    metric{"millrace_stage_late_total", counter, "records", "topology, stage",
           "Records of millrace_stage_in_total that came too late for every window"},
    metric{"millrace_stage_dead_total", counter, "records", "topology, stage",
           "Records of millrace_stage_in_total that became dead letters. in = out + filtered + late + dead; "
           "anything else is a bug of millrace"},
    metric{"millrace_late_records_total", counter, "records", "topology, stage",
           "Late records of a window, since this process started"},
    metric{"millrace_dead_letters_total", counter, "dead letters", "topology, stage",
           "Dead letters of a stage, since this process started"},
    metric{"millrace_log_gaps_total", counter, "times", "topology, stage",
           "How often lines of a source's log were lost before they were read, or may have been (a file that "
           "was cut off or deleted), since this process started; the log of the process names each gap"},
    metric{"millrace_restarts_total", counter, "restarts", "topology, stage, actor",
           "Lanes, shards and sinks that failed and restarted, since this process started. A node counts "
           "those that restarted there; an actor that moves to another node does not count"},
    // --- shards
    metric{"millrace_window_rows_total", counter, "rows", "topology, shard",
           "Rows that a shard has emitted since this process started. Rows that it emits again after a "
           "restart count again"},
    metric{"millrace_windows_open", gauge, "windows", "topology, shard",
           "Windows with records that have not fired"},
    metric{"millrace_keys", gauge, "keys", "topology, shard", "Keys over all slices of a shard"},
    metric{"millrace_state_bytes", gauge, "bytes", "topology, shard", "Size of window state in memory"},
    metric{"millrace_retained_bytes", gauge, "bytes", "topology, shard",
           "Output that a sink has not committed yet"},
    metric{"millrace_spilled_bytes", gauge, "bytes", "topology, shard",
           "The part of that output that is in the state folder"},
    metric{"millrace_held_bytes", gauge, "bytes", "topology, shard, sink",
           "Output of a shard that this sink has not committed yet"},
    metric{"millrace_stalled", gauge, "0 or 1", "topology, shard",
           "1 while a shard takes no input because too much of its output is kept"},
    metric{"millrace_late_at_shard_total", counter, "records", "topology, shard",
           "Records that came after their window had fired without their partition, since this process "
           "started. Records that a shard takes again after a restart count again"},
    metric{"millrace_shard_records_total", counter, "records", "topology, shard",
           "Records, or rows of a window upstream, that a shard took, since this process started"},
    metric{
        "millrace_shard_work_seconds_total", counter, "seconds", "topology, shard",
        "How long the shard worked to take them; the rate of this metric is how busy the shard is, 0 to 1"},
    metric{"millrace_snapshot_failures_total", counter, "snapshots", "topology, shard",
           "Snapshots that could not be written"},
    metric{"millrace_snapshots_passed_over_total", counter, "files", "topology, shard",
           "Damaged snapshot files that were skipped when a shard was restored"},
    metric{"millrace_snapshot_pause_seconds", histogram, "seconds", "topology, shard",
           "How long a shard took no input while it prepared a snapshot"},
    metric{"millrace_snapshot_seconds", histogram, "seconds", "topology, shard",
           "Time from the start of a snapshot until it was durable; failed snapshots are not in it"},
    metric{
        "millrace_snapshot_time_seconds", gauge, "seconds since 1970", "topology, shard",
        "When the newest snapshot of this process became durable. A shard without changes takes no snapshot"},
    metric{"millrace_snapshot_bytes", gauge, "bytes", "topology, shard",
           "Size of that snapshot, which has what changed since the one before"},
    // --- sinks
    metric{"millrace_sink_rows_total", counter, "rows", "topology, sink",
           "Rows committed since this process started"},
    metric{"millrace_sink_bytes_total", counter, "bytes", "topology, sink",
           "Bytes of these rows in memory, as they came to the sink; their size in the target differs"},
    metric{"millrace_sink_commits_total", counter, "commits", "topology, sink",
           "Commits since this process started"},
    metric{"millrace_sink_row_commits_total", counter, "commits", "topology, sink",
           "Commits with rows since this process started"},
    metric{"millrace_sink_wait_seconds_total", counter, "seconds", "topology, sink",
           "Time from a batch's first row to the start of its commit"},
    metric{"millrace_sink_commit_seconds_total", counter, "seconds", "topology, sink",
           "How long commits with rows took"},
    metric{"millrace_sink_commit_duration_seconds", histogram, "seconds", "topology, sink",
           "How long commits with rows took, as a histogram"},
    metric{"millrace_latency_seconds", histogram, "seconds", "topology, sink",
           "End-to-end latency: from the event time that a commit with rows has reached to the end of the "
           "commit. This event time is a partition's watermark, or the time up to which a shard's windows "
           "have fired (with updates, its tick); so watermark_delay is part of the latency. It is observed "
           "once for each partition or shard that the commit advances"},
    metric{"millrace_sink_batch", gauge, "number", "topology, sink",
           "Number of the newest commit with rows (_batch); with updates, one tick"},
    metric{"millrace_sink_batch_rows", gauge, "rows", "topology, sink", "Its rows"},
    metric{"millrace_sink_batch_seconds", gauge, "seconds", "topology, sink", "How long its commit took"},
    metric{"millrace_sink_refused_total", counter, "rows", "topology, sink", "Rows that the target refused"},
    metric{"millrace_sink_away", gauge, "0 or 1", "topology, sink", "1 while the target does not answer"},
    metric{"millrace_sink_under_way_seconds", gauge, "seconds", "topology, sink",
           "How long the present call to the target (its opening, rows, or a commit) has taken so far; 0 "
           "where there is none. What comes to the sink meanwhile waits at least that long"},
    metric{"millrace_sink_usual_seconds", gauge, "seconds", "topology, sink",
           "How long a commit and its rows usually take in the target, a decaying mean; absent before the "
           "first"},
    metric{"millrace_sink_slow", gauge, "0 or 1", "topology, sink",
           "1 while the present call has taken more than three times as long as usual, and more than 6 s"},
    metric{"millrace_sink_stalled", gauge, "0 or 1", "topology, sink",
           "1 while the present call has taken more than fifteen times as long as usual, and more than 30 s"},
    // --- the process
    metric{"millrace_build_info", gauge, "1", "version", "1; the label `version` is the version that runs"},
    metric{"process_cpu_seconds_total", counter, "seconds", "", "CPU time of the process, user and system"},
    metric{"process_resident_memory_bytes", gauge, "bytes", "", "Resident memory of the process"},
    metric{"process_anonymous_memory_bytes", gauge, "bytes", "",
           "Resident memory that belongs to no file: malloc's, stacks"},
    metric{"process_malloc_used_bytes", gauge, "bytes", "", "Memory in blocks that malloc has given out"},
    metric{"process_malloc_held_bytes", gauge, "bytes", "",
           "Resident memory of malloc: used blocks, and memory kept for later ones"},
    metric{"process_virtual_memory_bytes", gauge, "bytes", "", "Virtual memory of the process"},
    metric{"process_open_fds", gauge, "descriptors", "", "Open file descriptors of the process"},
    metric{"process_max_fds", gauge, "descriptors", "", "How many file descriptors may be open"},
    metric{"process_threads", gauge, "threads", "", "Threads of the process"},
    metric{"process_start_time_seconds", gauge, "seconds since 1970", "", "When the process started"},
};

std::string_view to_string(metric_type t) {
  switch (t) {
  case counter:
    return "counter";
  case gauge:
    return "gauge";
  default:
    return "histogram";
  }
}

}  // namespace

std::span<const metric> metrics() { return table; }

const metric* find_metric(std::string_view name) {
  const auto* const at =
      std::find_if(table.begin(), table.end(), [&](const metric& m) { return m.name == name; });
  return at == table.end() ? nullptr : at;
}

std::string metrics_page() {
  std::string out =
      "# Metrics\n\n"
      "<!-- Written by `millrace reference docs`. -->\n\n"
      "A node and `millrace run --http` serve these metrics at `/metrics`, in Prometheus's text format. A "
      "node "
      "shows the actors that run in its process. It also keeps the counts of actors that ran there, until "
      "their topology has had no actor there for two minutes, so that the last counts are scraped. When the "
      "topology begins there again, they start from 0, which `rate` takes for a reset. "
      "`millrace_topology_state` stays as long as `millrace list` shows the topology; `millrace_running` "
      "becomes 0 at once. A histogram has the usual `_bucket`, `_sum` and `_count`. "
      "[Operations](operations.md#dashboard-and-alerts) describes the dashboard and the alert rules that use "
      "these metrics.\n\n"
      "| metric | type | unit | labels | meaning |\n|---|---|---|---|---|\n";
  for (const auto& m : table)
    out += fmt::format("| `{}` | {} | {} | {} | {} |\n", m.name, to_string(m.type), m.unit, m.labels, m.help);
  return wrapped_page(out);
}

}  // namespace millrace::observe
