// Forms rows of windows from merged states: sorted by encoded key, aggregates finished, `having` applied,
// what cannot be represented set apart. The shapes of shard_windows call it.
#pragma once

#include "runtime/delivery/window_state.hpp"
#include "runtime/window/row_store.hpp"
#include "runtime/window/window.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace millrace::window {

/// Takes out rows that `having` turns down, in any order, so that neither their keys are read nor they
/// sorted. Does nothing where `having` reads more than aggregates. form_rows() judges the others once more.
void drop_turned_down(const definition& d, const row_store& store, std::vector<std::uint32_t>& of);

/// The rows that passed and failed, as positions in `of`; for callers that remember it.
struct judged_rows {
  std::vector<std::uint32_t> passed, failed;
};
/// Tells of each of so many positions whether it passed.
[[nodiscard]] std::vector<bool> passing(const judged_rows& of, std::size_t rows);

/// window_start and window_end: one for all rows, or one each.
struct row_bounds {
  std::span<const event_micros> starts, ends;
};

/// The rows `of` in that order; `end` is left 0.
[[nodiscard]] delivery::fired_window form_rows(const definition& d, const row_store& store, rows of,
                                               const row_bounds& bounds, judged_rows* out = nullptr);
/// The keys and bounds of groups: window_start and window_end come last.
[[nodiscard]] data::batch group_columns(const definition& d, const row_store& store, rows of,
                                        const row_bounds& bounds);
/// Forms rows of windows that have not fired: `having` takes none out.
[[nodiscard]] delivery::open_windows form_open(const definition& d, const row_store& store, rows of,
                                               const row_bounds& bounds);
/// Forms the rows of one aligned or global window.
[[nodiscard]] delivery::fired_window form_window(const definition& d, const row_store& store, rows of,
                                                 event_micros end, judged_rows* out = nullptr);

/// The rows `of` as they are taken back: their keys and bounds. `end` is left 0.
[[nodiscard]] delivery::fired_window form_removed(const definition& d, const row_store& store, rows of,
                                                  const row_bounds& bounds);
/// Appends removed_column, the same for all rows.
void add_removed_column(delivery::fired_window& w, bool removed);

}  // namespace millrace::window
