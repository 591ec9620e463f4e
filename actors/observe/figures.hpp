// The figures that the actors of a topology show at one moment, as a value: taken from their gauges in each
// process, joined over the processes of a cluster, and read by all that answers questions about a running
// topology. Pure.
#pragma once

#include "actors/api/described.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace millrace::observe {

using api::event_time;
using api::json_of;
using api::read_json;

struct partition_figures {
  std::string name;
  event_time watermark;
  std::optional<double> quiet_seconds;
  bool is_open = false;
  bool is_caught_up = false;
  bool is_idle = false;
  std::string held_by;
  std::optional<double> usual_seconds;
  std::optional<std::uint64_t> lag = {};
  friend bool operator==(const partition_figures&, const partition_figures&) = default;
};
void members(auto& c, wire::like<partition_figures> auto& p) {
  c("partition", "its name, as the source has it", p.name);
  c("watermark", "event time up to which it is complete", p.watermark);
  c("quiet_seconds", "since its last records came; null: none has come in this process", p.quiet_seconds);
  c("open", "its receivers have said from where they want it", p.is_open);
  c("caught_up", "the source has no more of it at present", p.is_caught_up);
  c("idle", "windows go on without it (idle_timeout)", p.is_idle);
  c("held_by", "the receiver that gives no credit for it; empty: none", p.held_by);
  c("usual_seconds", "that lie between its records, a decaying mean; null: not known yet", p.usual_seconds);
  c("lag", "records of it that are there, or due, and not yet read; null: unknown", p.lag);
}

/// The records of the largest key of a window among those that a lane has given it in the last minutes.
struct largest_key_figures {
  std::string window;
  std::uint32_t shard = 0;
  std::uint64_t records = 0;
  std::uint64_t of = 0;
  friend bool operator==(const largest_key_figures&, const largest_key_figures&) = default;
};
void members(auto& c, wire::like<largest_key_figures> auto& k) {
  c("window", "that has the key", k.window);
  c("shard", "the number of its shard", k.shard);
  c("records", "of the key in the last minutes, about", k.records);
  c("of", "so many of all keys", k.of);
}

struct lane_figures {
  std::string name;
  std::string node;
  std::string parser;
  std::string source;
  std::uint64_t records = 0;
  std::optional<std::uint64_t> lag;
  std::optional<std::uint64_t> lag_bytes;
  std::uint64_t in_flight_bytes = 0;
  std::map<std::string, std::uint64_t> held_by;
  bool is_away = false;
  std::string waits_for{};
  bool is_paused = false;
  std::uint64_t chunks = 0;
  double wait_seconds = 0;
  double work_seconds = 0;
  std::vector<partition_figures> partitions;
  std::vector<largest_key_figures> largest_keys{};
  friend bool operator==(const lane_figures&, const lane_figures&) = default;
};
void members(auto& c, wire::like<lane_figures> auto& l) {
  c("lane", "its name", l.name);
  c("node", "where it runs", l.node);
  c("parser", "the stage that it parses for", l.parser);
  c("source", "the stage that it reads", l.source);
  c("records", "read and processed since this process has it", l.records);
  c("lag", "records that are there, or due by the rate of a generator, and not yet read; null: unknown",
    l.lag);
  c("lag_bytes", "the same in bytes, where the source knows those", l.lag_bytes);
  c("in_flight_bytes", "of frames that receivers have not taken yet", l.in_flight_bytes);
  c("held_by", "the same by receiver, those with some", l.held_by);
  c("away", "the source does not answer", l.is_away);
  c("waits_for", "a schema registry that it waits for in the place of the source, and why; empty: for none",
    l.waits_for);
  c("paused", "it reads nothing until the topology is resumed", l.is_paused);
  c("chunks", "chunks of records that it has begun", l.chunks);
  c("wait_seconds", "of chunks, from their arrival to their turn, in all", l.wait_seconds);
  c("work_seconds", "parsing and the lane's steps, in all", l.work_seconds);
  c("partitions", "that it reads", l.partitions);
  c("largest_keys", "of the windows that it gives records to", l.largest_keys);
}

struct shard_figures {
  std::string name;
  std::string node;
  std::string window;
  event_time watermark;
  event_time fired;
  event_time next_end;
  std::uint64_t rows = 0;
  std::uint64_t windows_open = 0;
  std::uint64_t keys = 0;
  std::uint64_t bytes = 0;
  std::uint64_t retained_bytes = 0;
  std::uint64_t spilled_bytes = 0;
  std::map<std::string, std::uint64_t> held_by;
  bool is_stalled = false;
  std::uint64_t late_at_shard = 0;
  std::uint64_t snapshot_failures = 0;
  double per_second = 0;
  double busy = 0;
  friend bool operator==(const shard_figures&, const shard_figures&) = default;
};
void members(auto& c, wire::like<shard_figures> auto& s) {
  c("shard", "its name, WINDOW/NUMBER", s.name);
  c("node", "where it runs", s.node);
  c("window", "the stage that it is of", s.window);
  c("watermark", "event time up to which its input is complete", s.watermark);
  c("fired", "windows up to here have fired", s.fired);
  c("next_end", "of the first window that is open; null: there is none, or rows go by ticks", s.next_end);
  c("rows", "that it has given since its state began", s.rows);
  c("windows_open", "windows with records that have not fired", s.windows_open);
  c("keys", "over all its windows or slices", s.keys);
  c("bytes", "of its windows in memory, about", s.bytes);
  c("retained_bytes", "of output that a receiver has not acknowledged", s.retained_bytes);
  c("spilled_bytes", "of those, on disk or in the store", s.spilled_bytes);
  c("held_by", "bytes of its output that each receiver has not acknowledged", s.held_by);
  c("stalled", "it takes no input because too much of its output is kept", s.is_stalled);
  c("late_at_shard", "records that came after their window had fired without their partition",
    s.late_at_shard);
  c("snapshot_failures", "snapshots that could not be written", s.snapshot_failures);
  c("records_per_second", "that it took over the last seconds: records, or rows of a window upstream",
    s.per_second);
  c("busy", "the share of that time in which it took them, 0 to 1", s.busy);
}

struct commit_figures {
  std::uint64_t batch = 0;
  event_time at;
  std::uint64_t rows = 0;
  double wait_seconds = 0;
  double commit_seconds = 0;
  friend bool operator==(const commit_figures&, const commit_figures&) = default;
};
void members(auto& c, wire::like<commit_figures> auto& b) {
  c("batch", "its number, as the column _batch has it", b.batch);
  c("at", "when it was done, by the clock of its node", b.at);
  c("rows", "that it has committed", b.rows);
  c("wait_seconds", "from its first row to its beginning", b.wait_seconds);
  c("commit_seconds", "what it took", b.commit_seconds);
}

struct sink_figures {
  std::string name;
  std::string node;
  std::uint64_t rows = 0;
  std::uint64_t commits = 0;
  std::uint64_t refused = 0;
  bool is_reached = false;
  bool is_away = false;
  std::vector<commit_figures> newest;
  std::optional<double> under_way_seconds;
  std::optional<double> away_seconds;
  std::optional<double> usual_seconds;
  std::string pace = "usual";
  friend bool operator==(const sink_figures&, const sink_figures&) = default;
};
void members(auto& c, wire::like<sink_figures> auto& s) {
  c("sink", "its name", s.name);
  c("node", "where it runs", s.node);
  c("rows", "committed since this process has it", s.rows);
  c("commits", "since this process has it, those without rows too", s.commits);
  c("refused", "rows that the target refused", s.refused);
  c("reached", "the target has answered once", s.is_reached);
  c("away", "the target does not answer", s.is_away);
  c("newest", "the newest commits with rows, at most 100, oldest first", s.newest);
  c("under_way_seconds",
    "how long the call to the target that is under way has taken so far (its opening, rows, or a commit); "
    "null: none is",
    s.under_way_seconds);
  c("away_seconds", "since when the target does not answer; null: it does", s.away_seconds);
  c("usual_seconds",
    "that a commit and its rows take in the target, a decaying mean; null: none was done yet",
    s.usual_seconds);
  c("pace", "usual; slow or stalled: the call under way takes some times, or many times, what is usual",
    s.pace);
}

struct loss_figures {
  std::uint64_t late = 0;
  std::uint64_t dead_letters = 0;
  std::uint64_t gaps = 0;
  friend bool operator==(const loss_figures&, const loss_figures&) = default;
};
void members(auto& c, wire::like<loss_figures> auto& l) {
  c("late", "late records since this process has the stage", l.late);
  c("dead_letters", "likewise", l.dead_letters);
  c("gaps", "times that lines of a log were lost before they were read, or may have been, likewise", l.gaps);
}

struct flow_figures {
  std::uint64_t in = 0;
  std::uint64_t out = 0;
  std::uint64_t filtered = 0;
  friend bool operator==(const flow_figures&, const flow_figures&) = default;
};
void members(auto& c, wire::like<flow_figures> auto& f) {
  c("in", "records or rows that it took since this process has it, counted once they are settled", f.in);
  c("out", "of those: that went on from it, or that a window took", f.out);
  c("filtered", "of those: that it filtered out", f.filtered);
}

struct count_figures {
  std::uint64_t in = 0;
  std::uint64_t out = 0;
  std::uint64_t late = 0;
  std::uint64_t dead = 0;
  std::optional<std::uint64_t> rows = {};
  friend bool operator==(const count_figures&, const count_figures&) = default;
};
void members(auto& c, wire::like<count_figures> auto& f) {
  c("in", "records or rows that it took since the state of the topology began, counted once they are settled",
    f.in);
  c("out", "of those: that went on from it, or that a window took", f.out);
  c("late", "of those: late ones", f.late);
  c("dead", "of those: dead letters", f.dead);
  c("rows", "of a window of a topology that is over: rows that it has given; null: its shards say", f.rows);
}

struct source_figures {
  std::string name;
  double records_per_second = 0;
  double wait_seconds = 0;
  double work_seconds = 0;
  std::optional<bool> is_spool_full;
  friend bool operator==(const source_figures&, const source_figures&) = default;
};
void members(auto& c, wire::like<source_figures> auto& s) {
  c("source", "its name", s.name);
  c("records_per_second", "taken from it over the last seconds", s.records_per_second);
  c("wait_seconds", "of a chunk, from its arrival to its turn, over the last seconds", s.wait_seconds);
  c("work_seconds", "and what it then took", s.work_seconds);
  c("spool_full", "nothing is received because the spool is full; null: it has none", s.is_spool_full);
}

/// An actor that has ended processes of nodes.
struct crash_figures {
  std::string stage;
  std::string actor;
  std::string text;
  bool is_waiting = false;
  friend bool operator==(const crash_figures&, const crash_figures&) = default;
};
void members(auto& c, wire::like<crash_figures> auto& x) {
  c("stage", "whose actor it is", x.stage);
  c("actor", "its name", x.actor);
  c("text", "which node it has taken down last, at which record, and when it is tried again", x.text);
  c("waiting", "it is not tried again yet", x.is_waiting);
}

struct figures {
  std::string topology;
  event_time at;
  bool is_running = false;
  std::string state;
  std::string failed_stage;
  event_time ended_at;
  std::vector<source_figures> sources;
  std::vector<lane_figures> lanes;
  std::vector<shard_figures> shards;
  std::vector<sink_figures> sinks;
  std::map<std::string, loss_figures> losses;
  std::map<std::string, flow_figures> flow;
  std::map<std::string, count_figures> counted = {};
  std::vector<crash_figures> crashes;
  std::vector<std::string> missing;
  friend bool operator==(const figures&, const figures&) = default;
};
void members(auto& c, wire::like<figures> auto& f) {
  c("topology", "its name", f.topology);
  c("at", "when they were taken, by the clock of the node that was asked", f.at);
  c("running", "it has not come to its end", f.is_running);
  c("state", "how it stands, as the list of topologies says it; empty: the process that tells does not know",
    f.state);
  c("failed_stage", "by which it has failed; empty: none", f.failed_stage);
  c("ended_at", "when it has ended, was stopped or has failed; null: it runs", f.ended_at);
  c("sources", "with their rates", f.sources);
  c("lanes", "each reads some partitions", f.lanes);
  c("shards", "each has some keys of a window", f.shards);
  c("sinks", "that of the dead letters among them", f.sinks);
  c("losses", "by stage", f.losses);
  c("flow", "by stage", f.flow);
  c("counted", "by stage; the ledgers of its actors, which go with their state from process to process",
    f.counted);
  c("crashes", "actors that have taken down nodes lately", f.crashes);
  c("missing", "nodes that have actors of it and did not answer", f.missing);
}

/// Adds what another process has of the same topology.
void add(figures& to, figures&& more);

/// The late records and dead letters of a stage, by whichever is further: processes tell them at once, ledgers have those of
/// former processes, too, once they are settled. Gaps are those of processes.
[[nodiscard]] loss_figures losses_of(const figures& f, const std::string& stage);
/// All stages that have lost records.
[[nodiscard]] std::map<std::string, loss_figures> all_losses(const figures& f);
/// The records that a stage took, likewise. `by_processes`: as its lanes have counted them.
[[nodiscard]] std::uint64_t records_of(const figures& f, const std::string& stage,
                                       std::uint64_t by_processes);

}  // namespace millrace::observe
