// A select step carried out on a batch: `where`, then `columns`. Pure; lanes run it before they cut frames,
// sinks and windows in series on the rows of windows. Row failures (casts, divisions) take the row out and
// are handed back for the dead letters.
#pragma once

#include "config/plan.hpp"
#include "runtime/data/batch.hpp"
#include "runtime/delivery/frame.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace millrace::stage {

/// Rows on their way through steps, with the index that each had at the beginning.
struct rows {
  data::batch batch;
  std::vector<std::uint32_t> origin;
  /// The index of each row's event time, where it is not the row's origin because a select has given the
  /// times. Else empty.
  std::vector<std::uint32_t> moment{};

  [[nodiscard]] std::uint32_t time_at(std::size_t row) const {
    return moment.empty() ? origin[row] : moment[row];
  }
};

/// All rows of a batch, each its own origin.
[[nodiscard]] rows all_rows(data::batch b);

/// One step downstream of a window. A stage that several receivers share is counted by one of them, and its
/// failing rows go to the dead letters once; the window's own columns are counted where those go.
struct chain_step {
  std::string stage;
  const config::step* step = nullptr;
  const config::window_plan* window = nullptr;  // the window whose step it is, where the way ends in another
                                                // window
  config::side side = config::side::left;       // of that window, if it is a join
  bool counts = false;
  bool gives_letters = false;  // hands back its failing rows as dead letters
};
using chain = std::vector<chain_step>;

struct failed_origin {
  std::uint32_t origin;
  std::string error;
};

struct step_result {
  stage::rows rows;
  std::vector<failed_origin> failed;
  delivery::stage_counts counts;  // in, out, filtered, dead
};

/// Adds failures, by row, of the rows that a step is about to give.
using row_check = std::function<void(const rows&, std::vector<expression::row_failure>&)>;

/// Columns of `in` that nobody reads may be null pointers, and stay so. `check`: of a step that unnests.
[[nodiscard]] step_result run_step(const config::step& s, const rows& in, event_micros now,
                                   const row_check& check = {});

/// The step for rows that a window takes back, of which only some columns are `known` (one each of `in`'s; those
/// of the result afterwards). A condition or column that reads others says nothing of such a row: it passes, with
/// null. A row for which an expression fails was never given, so it is left out, without a dead letter. Counts
/// what leaves and what does not (in, out, filtered). No row of a step that unnests: its elements are unknown.
[[nodiscard]] step_result run_step_of_removed(const config::step& s, const rows& in, std::vector<bool>& known,
                                              event_micros now);

/// Failures of several expressions over one batch: each row once, ascending.
void merge_failures(std::vector<expression::row_failure>& failures);

/// Drops all rows of the origins that have one in `failures` (ascending); appends the origins to `failed`.
[[nodiscard]] rows without(const rows& in, const std::vector<expression::row_failure>& failures,
                           std::vector<failed_origin>& failed);

/// The rows at these indices.
[[nodiscard]] rows take(const rows& in, std::span<const std::uint32_t> at);

}  // namespace millrace::stage
