// Each process tells of its lanes and shards what shows whether windows wait for partitions without records (silence_watch). Pure.
#pragma once

#include "actors/api/described.hpp"
#include "actors/deployment/pipeline.hpp"
#include "config/plan.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace millrace::observe {

using api::event_time;

/// A partition that has given nothing for a moment, and of which the source has no more.
struct quiet_partition {
  std::string name;
  event_time watermark;
  std::optional<double> quiet_seconds;
  double usual_seconds = 0;
  bool is_idle = false;
  /// It has given records, in this process or in an earlier one.
  [[nodiscard]] bool has_given() const { return quiet_seconds || watermark.at != no_watermark; }
  friend bool operator==(const quiet_partition&, const quiet_partition&) = default;
};
void members(auto& c, wire::like<quiet_partition> auto& p) {
  c("partition", "its name, as the source has it", p.name);
  c("watermark", "the event time up to which it is complete", p.watermark);
  c("quiet_seconds", "seconds since its last records came; null: none has come in this process",
    p.quiet_seconds);
  c("usual_seconds", "the usual time between its records, a decaying mean; 0: not known yet",
    p.usual_seconds);
  c("idle", "whether windows no longer wait for it (idle_timeout); only for the right sides of joins by time",
    p.is_idle);
}

/// A process tells at most so many quiet partitions of a parser, those that are furthest behind.
inline constexpr std::size_t most_quiet = 256;

/// The partitions that a process reads for one parser that feeds windows.
struct read_partitions {
  std::string topology;
  std::string parser;
  std::string source;
  bool is_decided = false;
  std::uint64_t open = 0;
  std::uint64_t idle = 0;
  std::uint64_t ended = 0;
  event_time furthest;
  event_time furthest_giving;
  std::uint64_t quiet = 0;
  std::vector<quiet_partition> behind;
  friend bool operator==(const read_partitions&, const read_partitions&) = default;
};
void members(auto& c, wire::like<read_partitions> auto& r) {
  c("topology", "its name", r.topology);
  c("parser", "the stage that parses them", r.parser);
  c("source", "the stage that reads them", r.source);
  c("decided", "whether its \"idle_timeout\" is written as \"off\" in the topology", r.is_decided);
  c("open", "how many of them are neither idle nor at their end", r.open);
  c("idle", "how many of them are idle", r.idle);
  c("ended", "how many of them have ended", r.ended);
  c("furthest", "the greatest watermark of those that are neither; null: they have none", r.furthest);
  c("furthest_giving",
    "the greatest watermark of those that gave records in the last seconds; null: they have none",
    r.furthest_giving);
  c("quiet", "how many give no records at the moment, because their source has no more of them", r.quiet);
  c("behind",
    "those that are quiet (of right sides of joins by time also idle ones) and furthest behind, at most 256",
    r.behind);
}

/// A window whose shards in one process have records that have not fired.
struct unfired_window {
  std::string topology;
  std::string window;
  std::vector<std::string> parsers;
  std::vector<std::string> left;
  event_time fires_at;
  event_time later_rows{};
  event_time record_for{};
  std::vector<std::string> waits_for{};
  friend bool operator==(const unfired_window&, const unfired_window&) = default;
};
void members(auto& c, wire::like<unfired_window> auto& w) {
  c("topology", "its name", w.topology);
  c("window", "the stage", w.window);
  c("parsers", "the parsers that feed it", w.parsers);
  c("left", "for a join by time: the parsers upstream of its left side, whose rows wait; else none", w.left);
  c("fires_at", "the watermark that fires the first of them", w.fires_at);
  c("later_rows", "receivers have rows of a later state up to here; null: they have none", w.later_rows);
  c("record_for", "a record of this time has a partition come there", w.record_for);
  c("waits_for",
    "the idle partitions that have not come there, as PARTITION of SOURCE, where a window would fire without "
    "them; at most 256 a shard",
    w.waits_for);
}

struct silence {
  std::vector<read_partitions> read;
  std::vector<unfired_window> open;
  friend bool operator==(const silence&, const silence&) = default;
};
void members(auto& c, wire::like<silence> auto& s) {
  c("read", "the partitions that are read here, by parser", s.read);
  c("open", "the windows that have records here", s.open);
}

/// This shows of a topology at one moment, of actors that live here. `wall`: the time of day.
[[nodiscard]] silence silence_of(const config::topology& t, const deployment::pipeline_gauges& gauges,
                                 event_micros wall);

}  // namespace millrace::observe
