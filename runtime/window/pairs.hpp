// Forms the rows that a join gives of its windows: pairs, rows without a partner, and what has too many pairs.
#pragma once

#include "runtime/delivery/window_state.hpp"
#include "runtime/window/row_store.hpp"
#include "runtime/window/timed_rows.hpp"
#include "runtime/window/window.hpp"
#include "runtime/window/window_rows.hpp"

#include <span>
#include <string_view>

namespace millrace::window {

/// Says whether a row of this side (0 left, 1 right) comes out where it has no partner.
[[nodiscard]] bool gives_alone(join_kind how, std::size_t side);

/// The pairs of the groups `of`, in their order; those of a group by left row, then by right row. `end` is left 0.
[[nodiscard]] delivery::fired_window form_pairs(const definition& d, const row_store& store, rows of,
                                                const row_bounds& bounds);
/// Tells what the groups `of` hold, a row each: the key, `left` and `right` (numbers of rows), window_start, window_end.
[[nodiscard]] delivery::open_windows form_open_sides(const definition& d, const row_store& store, rows of,
                                                     const row_bounds& bounds);

/// Left rows of one key and time in a join by time, and the right rows that they reach.
struct met_rows {
  std::string_view key;
  std::span<const timed_row> left, right;
};
/// The rows that left rows with this end give, in the order of `of`, those of a key by left row, then by right row;
/// `rows` is null where there are none.
[[nodiscard]] delivery::fired_window form_met(const definition& d, std::span<const met_rows> of,
                                              event_micros end);
/// Tells what waits, as form_open_sides() does: the number of left rows of a time, and of the right ones so far.
[[nodiscard]] delivery::open_windows form_open_met(const definition& d, std::span<const met_rows> of);

}  // namespace millrace::window
