// The work of one lane on its records: the part of the topology between a source and the edges that leave the
// lane. Steps upstream of windows and sinks run in the lane, once a stage, for all the edges that it feeds.
#pragma once

#include "config/plan.hpp"

#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace millrace::lane {

/// An edge that leaves the lane. Receivers are numbered over all edges.
struct edge {
  enum class kind : std::uint8_t { window, rows, dead_letters };
  kind what = kind::rows;
  std::uint32_t stage = 0;  // index in the topology of the stage downstream of it; unused for dead letters
  std::string name;         // the stage's name
  std::uint32_t first_receiver = 0;
  std::uint32_t receivers = 1;  // shards of a window
};

struct node;
struct select_node {
  std::uint32_t stage = 0;
  const config::transform_plan* plan = nullptr;
  std::vector<node> next;
};
struct window_node {
  std::uint32_t stage = 0;
  const config::window_plan* plan = nullptr;
  config::side side = config::side::left;  // of a join: the side that gets the rows
  std::size_t edge = 0;
  std::vector<node> late;  // readers of "WINDOW.late", of a join of the late rows of this side
};
struct sink_node {
  std::uint32_t stage = 0;
  const config::sink_plan* plan = nullptr;
  std::size_t edge = 0;
};
struct node {
  std::variant<select_node, window_node, sink_node> what;
};

/// One parser over one of its sources.
struct lane_plan {
  std::shared_ptr<const config::topology> topology;  // keeps what the nodes point to
  std::string name;  // names its lanes and their stored values: the parser's, if it reads several sources
                     // with the source's
  const config::stage* source = nullptr;
  const config::stage* parser = nullptr;
  std::vector<node> roots;
  std::vector<edge> edges;  // the first is the one to the dead letters; it carries the lane's ledger
  std::uint32_t receivers = 0;

  [[nodiscard]] const config::parser_plan& parsing() const {
    return std::get<config::parser_plan>(parser->plan);
  }
  /// The name that a parser over several sources gives a partition, whose own names may be the same.
  [[nodiscard]] std::string among_sources(const std::string& partition) const {
    return parser->from.size() <= 1 ? partition : source->name + ":" + partition;
  }
  /// The log of one of its partitions.
  [[nodiscard]] log_id log(const std::string& partition) const {
    return parser->name + "/" + among_sources(partition);
  }
};

/// One plan for each parser of the topology and source that it reads, in its order.
[[nodiscard]] std::vector<std::shared_ptr<const lane_plan>>
lane_plans(const std::shared_ptr<const config::topology>& topology);

/// The part of these nodes that is open to a replayed record which had failed at this stage: the way there
/// and all downstream of it, without the branches beside it, where the record has been before. The late rows
/// of a window on the way go nowhere. All nodes for the parser itself, and for a stage that the lane does not
/// have.
[[nodiscard]] std::vector<node> nodes_towards(const lane_plan& plan, std::string_view stage);

/// Counts the ways from the parser to this stage within the lane, late rows left out.
[[nodiscard]] std::size_t ways_to(const std::vector<node>& nodes, std::uint32_t stage);

/// Index of a stage by name.
[[nodiscard]] std::uint32_t stage_index(const config::topology& t, std::string_view name);

}  // namespace millrace::lane
