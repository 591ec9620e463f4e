// Traces columns up to the windows whose rows they come from, through selects and the stage's own step. The
// checks that compare a stage's key with the windows upstream of it ask this.
#pragma once

#include "config/plan/draft.hpp"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace millrace::config {

/// Indices into a window's output: keys, aggregates, window_start, window_end. Of several ways all count.
struct traced_columns {
  std::set<std::size_t> made_of;    // the traced columns are these, or are computed from them
  std::set<std::size_t> by_where;   // a `where` on the way reads these
  std::set<std::size_t> by_having;  // the window's `having` does

  [[nodiscard]] bool is_filtered(std::size_t column) const {
    return by_where.contains(column) || by_having.contains(column);
  }
};

/// Tells whether one of these columns of the window's output is an aggregate.
[[nodiscard]] bool has_aggregate(const std::set<std::size_t>& columns, const window::definition& d);

/// Traces columns of a planned stage: those that a sink writes, or those that a window reads, a join on one of its
/// sides. Gives an entry for each of its nearest windows upstream (`d.windows`), by its index.
[[nodiscard]] std::map<std::size_t, traced_columns> trace_to_windows(const draft& d, const drafts& all,
                                                                     const std::vector<std::string>& names,
                                                                     side of = side::left);

}  // namespace millrace::config
