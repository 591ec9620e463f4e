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
  c("watermark", "the event time up to which it is complete", p.watermark);
  c("quiet_seconds", "seconds since its last records came; null: none has come in this process",
    p.quiet_seconds);
  c("open", "whether its receivers have said from where they need it", p.is_open);
  c("caught_up", "whether the source has no more of it at present", p.is_caught_up);
  c("idle", "whether windows no longer wait for it (idle_timeout)", p.is_idle);
  c("held_by", "the receiver that gives no credit for it; empty: none", p.held_by);
  c("usual_seconds", "the usual time between its records, a decaying mean; null: not known yet",
    p.usual_seconds);
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
  c("window", "the window that has the key", k.window);
  c("shard", "the number of its shard", k.shard);
  c("records", "about how many records the key had in the last minutes", k.records);
  c("of", "about how many records all keys had", k.of);
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
  c("node", "the node where it runs", l.node);
  c("parser", "the parser whose work it does", l.parser);
  c("source", "the source that it reads", l.source);
  c("records", "records read and processed since this process has it", l.records);
  c("lag", "records that are there, or due by the rate of a generator, and not yet read; null: unknown",
    l.lag);
  c("lag_bytes", "the same in bytes, where the source knows those", l.lag_bytes);
  c("in_flight_bytes", "bytes of frames that receivers have not taken yet", l.in_flight_bytes);
  c("held_by", "the same by receiver, for those that have some", l.held_by);
  c("away", "whether the source does not answer", l.is_away);
  c("waits_for", "the schema registry that it waits for instead of the source, and why; empty: none",
    l.waits_for);
  c("paused", "whether it reads nothing until the topology is resumed", l.is_paused);
  c("chunks", "chunks of records that it has begun", l.chunks);
  c("wait_seconds", "how long chunks waited for their turn, in all", l.wait_seconds);
  c("work_seconds", "how long parsing and the lane's steps took, in all", l.work_seconds);
  c("partitions", "the partitions that it reads", l.partitions);
  c("largest_keys", "the largest keys of the windows that get its records", l.largest_keys);
}

struct shard_figures {
  std::string name;
  std::string node;
  std::string window;
  event_time watermark;
  event_time fired;
  event_time next_end;
  event_time later_rows;
  std::vector<std::string> waits_for;
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
  c("node", "the node where it runs", s.node);
  c("window", "the window that it is part of", s.window);
  c("watermark", "the event time up to which its input is complete", s.watermark);
  c("fired", "windows up to here have fired", s.fired);
  c("next_end", "the end of the first open window; null: there is none, or rows come at ticks", s.next_end);
  c("later_rows",
    "up to here receivers have rows of a later state, and windows wait for idle partitions, too; null: they "
    "have none",
    s.later_rows);
  c("waits_for", "the idle partitions that have not come there, as PARSER/PARTITION, at most 256",
    s.waits_for);
  c("rows", "rows that it has emitted since its state began", s.rows);
  c("windows_open", "windows with records that have not fired", s.windows_open);
  c("keys", "keys over all its windows or slices", s.keys);
  c("bytes", "about how many bytes its windows take in memory", s.bytes);
  c("retained_bytes", "bytes of output that a receiver has not acknowledged", s.retained_bytes);
  c("spilled_bytes", "how many of these bytes are on disk or in the store", s.spilled_bytes);
  c("held_by", "bytes of its output that each receiver has not acknowledged", s.held_by);
  c("stalled", "whether it takes no input because too much of its output is kept", s.is_stalled);
  c("late_at_shard", "records that came after their window had fired without their partition",
    s.late_at_shard);
  c("snapshot_failures", "snapshots that could not be written", s.snapshot_failures);
  c("records_per_second",
    "records, or rows of a window upstream, that it took a second over the last seconds", s.per_second);
  c("busy", "the share of that time in which it was taking them, 0 to 1", s.busy);
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
  c("rows", "rows that it committed", b.rows);
  c("wait_seconds", "the time from its first row to the start of the commit", b.wait_seconds);
  c("commit_seconds", "how long the commit took", b.commit_seconds);
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
  c("node", "the node where it runs", s.node);
  c("rows", "rows committed since this process has it", s.rows);
  c("commits", "commits since this process has it, also those without rows", s.commits);
  c("refused", "rows that the target refused", s.refused);
  c("reached", "whether the target has ever answered", s.is_reached);
  c("away", "whether the target does not answer", s.is_away);
  c("newest", "the newest commits with rows, at most 100, oldest first", s.newest);
  c("under_way_seconds",
    "how long the present call to the target (its opening, rows, or a commit) has taken so far; null: there "
    "is none",
    s.under_way_seconds);
  c("away_seconds", "for how long the target has not answered; null: it answers", s.away_seconds);
  c("usual_seconds",
    "how long a commit and its rows usually take in the target, a decaying mean; null: there was none yet",
    s.usual_seconds);
  c("pace",
    "usual, slow (the present call takes several times as long as usual) or stalled (many times as long)",
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
  c("dead_letters", "dead letters since this process has the stage", l.dead_letters);
  c("gaps",
    "how often lines of a log were lost before they were read, or may have been, since this process has the "
    "stage",
    l.gaps);
}

struct flow_figures {
  std::uint64_t in = 0;
  std::uint64_t out = 0;
  std::uint64_t filtered = 0;
  friend bool operator==(const flow_figures&, const flow_figures&) = default;
};
void members(auto& c, wire::like<flow_figures> auto& f) {
  c("in", "records or rows that it took since this process has it, counted once they are settled", f.in);
  c("out", "how many of these went on from it, or were taken by a window", f.out);
  c("filtered", "how many of these it filtered out", f.filtered);
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
  c("out", "how many of these went on from it, or were taken by a window", f.out);
  c("late", "how many of these were late", f.late);
  c("dead", "how many of these became dead letters", f.dead);
  c("rows", "rows emitted, for a window of a topology that is over; null: see its shards", f.rows);
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
  c("records_per_second", "records taken from it a second, over the last seconds", s.records_per_second);
  c("wait_seconds", "how long a chunk waited for its turn, over the last seconds", s.wait_seconds);
  c("work_seconds", "how long a chunk then took", s.work_seconds);
  c("spool_full", "whether nothing is received because the spool is full; null: it has no spool",
    s.is_spool_full);
}

/// An actor that has ended processes of nodes.
struct crash_figures {
  std::string stage;
  std::string actor;
  std::string text;
  bool is_waiting = false;
  event_time since = {};
  friend bool operator==(const crash_figures&, const crash_figures&) = default;
};
void members(auto& c, wire::like<crash_figures> auto& x) {
  c("stage", "the stage of the actor", x.stage);
  c("actor", "its name", x.actor);
  c("text", "which node it took down last, at which record, and when it is tried again", x.text);
  c("waiting", "whether it still waits for its next try", x.is_waiting);
  c("since", "when it took down the first node", x.since);
}

/// Actors that no node can have, all for one reason.
struct unplaced_figures {
  std::vector<std::string> stages;
  std::string text;
  std::string remedy;
  event_time since;
  friend bool operator==(const unplaced_figures&, const unplaced_figures&) = default;
};
void members(auto& c, wire::like<unplaced_figures> auto& x) {
  c("stages", "the stages of the actors: parsers, windows and sinks", x.stages);
  c("text", "which actors wait, and for which node", x.text);
  c("remedy", "what would give them a node", x.remedy);
  c("since", "when the node died; null: unknown", x.since);
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
  std::vector<unplaced_figures> not_placed = {};
  std::vector<std::string> missing;
  friend bool operator==(const figures&, const figures&) = default;
};
void members(auto& c, wire::like<figures> auto& f) {
  c("topology", "its name", f.topology);
  c("at", "when the figures were taken, by the clock of the node that was asked", f.at);
  c("running", "whether it has not ended", f.is_running);
  c("state", "its state, as in the list of topologies; empty: this process does not know it", f.state);
  c("failed_stage", "the stage at which it failed; empty: none", f.failed_stage);
  c("ended_at", "when it ended, was stopped or failed; null: it runs", f.ended_at);
  c("sources", "its sources with their rates", f.sources);
  c("lanes", "its lanes, each of which reads some partitions", f.lanes);
  c("shards", "its shards, each of which has some keys of a window", f.shards);
  c("sinks", "its sinks, including the one for dead letters", f.sinks);
  c("losses", "late records, dead letters and gaps, by stage", f.losses);
  c("flow", "records in and out, by stage, since this process has the stage", f.flow);
  c("counted",
    "the same by stage since the state began: the ledgers of its actors, which move with their state from "
    "process to process",
    f.counted);
  c("crashes", "actors that have crashed nodes lately", f.crashes);
  c("not_placed", "actors that wait for a node", f.not_placed);
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
