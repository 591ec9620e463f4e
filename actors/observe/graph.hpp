// A running topology as stages and edges, and who holds the others up. Pure.
#pragma once

#include "actors/observe/figures.hpp"
#include "config/plan.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::observe {

struct stage_standing {
  std::string name;
  std::string kind;
  std::string type;
  std::string state;
  std::uint64_t records = 0;
  std::optional<double> per_second;
  std::optional<std::uint64_t> lag;
  event_time watermark;
  std::uint64_t late = 0;
  std::uint64_t dead_letters = 0;
  friend bool operator==(const stage_standing&, const stage_standing&) = default;
};
void members(auto& c, wire::like<stage_standing> auto& s) {
  c("stage", "its name", s.name);
  c("kind", "source, parser, transform, window or sink", s.kind);
  c("type", "the type of the connector or of the window", s.type);
  c("state",
    "runs, idle, waits, paused, away, slow, stalled or starts; of a topology that does not run ended, "
    "stopped or failed",
    s.state);
  c("records",
    "records that a source gave, a parser or transform took, a window emitted as rows or a sink committed, "
    "since the state of the topology began; counted once they are settled",
    s.records);
  c("records_per_second", "records a second of a source, over the last seconds", s.per_second);
  c("lag", "for a source: records that are there, or due, and not yet read; null: unknown", s.lag);
  c("watermark",
    "the lowest watermark of its partitions or shards; idle partitions count only where all are idle",
    s.watermark);
  c("late", "late records since the state of the topology began", s.late);
  c("dead_letters", "likewise", s.dead_letters);
}

struct edge_standing {
  std::string from;
  std::string to;
  std::uint64_t held_bytes = 0;
  friend bool operator==(const edge_standing&, const edge_standing&) = default;
};
void members(auto& c, wire::like<edge_standing> auto& e) {
  c("from", "the stage upstream", e.from);
  c("to", "the stage downstream; COUNTS.late is an edge of its own", e.to);
  c("held_bytes",
    "bytes sent to or kept for the stage downstream, a window or sink, that it has not taken or committed "
    "yet; also where selects lie between it and the actor that keeps them",
    e.held_bytes);
}

struct culprit {
  std::string stage;
  std::string words;
  friend bool operator==(const culprit&, const culprit&) = default;
};
void members(auto& c, wire::like<culprit> auto& x) {
  c("stage", "the stage that the others wait for", x.stage);
  c("words", "what it holds back", x.words);
}

struct graph {
  std::string topology;
  std::vector<stage_standing> stages;
  std::vector<edge_standing> edges;
  std::optional<culprit> held_up_by;
  std::vector<std::string> missing;
  std::string how_it_ended = {};
  friend bool operator==(const graph&, const graph&) = default;
};
void members(auto& c, wire::like<graph> auto& g) {
  c("topology", "its name", g.topology);
  c("stages", "its stages in data-flow order", g.stages);
  c("edges", "the edges between them", g.edges);
  c("held_up_by", "the stage that all others wait for; null: nobody waits", g.held_up_by);
  c("missing", "nodes that have actors of it and did not answer", g.missing);
  c("how_it_ended", "how the topology ended, for people; empty: it runs", g.how_it_ended);
}

/// "it has failed at out; ..."; empty: the topology runs, or it is not known. Anybody may read it, so the text of a failure, which may
/// quote a record, is not in it.
[[nodiscard]] std::string how_it_ended(const figures& f);
[[nodiscard]] graph graph_of(const config::topology& t, const figures& f);

/// The receiver at the end of what is held: a lane without credit waits for a shard, a stalled shard for the sink that
/// has committed least of its output.
[[nodiscard]] std::optional<culprit> culprit_of(const config::topology& t, const figures& f);

/// "3.1 GB", as people read it.
[[nodiscard]] std::string bytes_text(std::uint64_t bytes);
/// "1 record", "5 records".
[[nodiscard]] std::string plural(std::uint64_t n, std::string_view what);

}  // namespace millrace::observe
