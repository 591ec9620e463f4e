// The numbers of the edges of one plan. Two nodes that have the same plan give each edge the same number, in
// any order of visiting the edges. Pure; a value.
#pragma once

#include "runtime/base/error.hpp"
#include "runtime/link/limits.hpp"

#include <compare>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace millrace::link {

/// Coordinator and nodes talk to each other on it; no edge of a plan has this number.
inline constexpr edge_id mail_edge = 0;

/// Two actors of a topology by name: `from` sends frames or output, `to` answers.
struct edge_name {
  std::string from, to;
  friend auto operator<=>(const edge_name&, const edge_name&) = default;
};

/// An edge's number is its plan's number in the upper 12 bits, from 1 on, and its place among the plan's
/// edges, sorted by name, in the lower 19. The bit between them says on a link in which direction the edge goes.
class edge_numbers {
public:
  static constexpr std::uint32_t plans = 4095;
  static constexpr std::size_t most_edges = std::size_t{1} << 19;

  /// `plan`: counts the generations of all topologies, as `control` has recorded them; it may recur after
  /// `plans` others. Each edge counts once. Errors: ec::unsupported for more than most_edges.
  [[nodiscard]] static expected<edge_numbers> make(std::uint64_t plan, std::vector<edge_name> edges);

  [[nodiscard]] std::optional<edge_id> number_of(const edge_name& edge) const;
  [[nodiscard]] const std::map<edge_name, edge_id>& all() const { return numbers_; }

private:
  std::map<edge_name, edge_id> numbers_;
};

/// The number of an edge on the link between two nodes. `from` may have, while actors move, a life on the one
/// node and `to` on the other, and lives the other way round at the same time: these are two edges of the
/// link, or their messages and lives would be taken for each other's. `from_is_first`: `from` is on the node
/// whose name comes first.
[[nodiscard]] constexpr edge_id on_link(edge_id edge, bool from_is_first) {
  return from_is_first ? edge : edge | edge_id{edge_numbers::most_edges};
}
/// The number without a direction.
[[nodiscard]] constexpr edge_id of_plan(edge_id on_link) {
  return on_link & ~edge_id{edge_numbers::most_edges};
}

}  // namespace millrace::link
