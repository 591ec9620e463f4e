// Finds the partitions without records for which windows wait, and the sources of which no partition gives records any more. Each
// process tells what its lanes and shards show; whoever leads, and each run, looks at all of that about once a second, and so
// the log, the list, pages and metrics say the same. Pure.
#pragma once

#include "actors/api/answers.hpp"
#include "actors/api/described.hpp"
#include "actors/deployment/pipeline.hpp"
#include "config/plan.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace millrace::observe {

using api::event_time;
using api::answers::trouble;

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
  c("watermark", "event time up to which it is complete", p.watermark);
  c("quiet_seconds", "since its last records came; null: none has come in this process", p.quiet_seconds);
  c("usual_seconds", "that lie between its records, a decaying mean; 0: not known yet", p.usual_seconds);
  c("idle", "windows go on without it (idle_timeout); told of the right sides of joins by time alone",
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
  c("decided", "its \"idle_timeout\" is written out as \"off\"", r.is_decided);
  c("open", "so many of them are neither idle nor at their end", r.open);
  c("idle", "so many are idle", r.idle);
  c("ended", "so many have come to their end", r.ended);
  c("furthest", "the greatest watermark of those that are neither; null: they have none", r.furthest);
  c("furthest_giving", "likewise of those that gave records in the last seconds", r.furthest_giving);
  c("quiet", "so many give nothing just now, and their source has no more of them", r.quiet);
  c("behind", "those of them that are furthest behind, at most 256", r.behind);
}

/// A window whose shards in one process have records that have not fired.
struct unfired_window {
  std::string topology;
  std::string window;
  std::vector<std::string> parsers;
  std::vector<std::string> left;
  event_time fires_at;
  friend bool operator==(const unfired_window&, const unfired_window&) = default;
};
void members(auto& c, wire::like<unfired_window> auto& w) {
  c("topology", "its name", w.topology);
  c("window", "the stage", w.window);
  c("parsers", "that feed it", w.parsers);
  c("left", "of a join by time: the parsers upstream of its left side, whose rows wait; else none", w.left);
  c("fires_at", "the watermark that fires the first of them", w.fires_at);
}

struct silence {
  std::vector<read_partitions> read;
  std::vector<unfired_window> open;
  friend bool operator==(const silence&, const silence&) = default;
};
void members(auto& c, wire::like<silence> auto& s) {
  c("read", "partitions that are read here, by parser", s.read);
  c("open", "windows that have records here", s.open);
}

/// This shows of a topology at one moment, of actors that live here. `wall`: the time of day.
[[nodiscard]] silence silence_of(const config::topology& t, const deployment::pipeline_gauges& gauges,
                                 event_micros wall);

/// A topology, a parser of it, and a source that this reads.
using feed = std::tuple<std::string, std::string, std::string>;
using quiet_partition_of = std::pair<feed, std::string>;

/// Remembers how long windows have waited for each partition. A partition that has never given records is a trouble when windows have
/// waited for it for `limit`, one that has given some when others have gone on for `limit` without it, and for some times its usual
/// pause. So neither a source that has stopped as a whole nor one that begins is a trouble. A left side that has ended counts as others
/// that go on: the last rows of a join by time wait for the right side alone, be it idle.
class silence_watch {
public:
  using clock = std::chrono::steady_clock;
  struct notice {
    std::string text;
    bool is_warning = true;
    friend bool operator==(const notice&, const notice&) = default;
  };

  /// `told`: keyed by node, of those topologies that run. Returns what is to be said in the log now, each once a topology's life.
  [[nodiscard]] std::vector<notice> look(const std::map<std::string, silence>& told,
                                         const std::set<std::string>& running, event_micros wall,
                                         clock::time_point now, micros limit);
  [[nodiscard]] const std::vector<trouble>& all() const { return all_; }

private:
  std::map<quiet_partition_of, micros> waited_;  // those for which a window waits just now
  std::map<feed, micros> stopped_;               // of which nothing comes, and for how long
  std::map<feed, event_time> since_;             // that are a trouble
  std::set<feed> said_of_partitions_;
  std::set<feed> said_of_sources_;
  std::optional<clock::time_point> last_;
  std::vector<trouble> all_;
};

}  // namespace millrace::observe
