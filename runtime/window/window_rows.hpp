// Forms the rows of one window end from merged states: sorted by encoded key, aggregates finished, `having`
// applied, what cannot be represented set apart. Called by shard_windows.
#pragma once

#include "runtime/window/row_store.hpp"
#include "runtime/window/window.hpp"

#include <cstdint>
#include <vector>

namespace millrace::window {

/// Sorts row indices by their keys' bytes.
void sort_by_key(const row_store& store, std::vector<std::uint32_t>& of);

/// Which of the rows passed and failed, as positions in `of`; for callers that remember it.
struct verdicts {
  std::vector<std::uint32_t> passed, failed;
};

/// The rows `of` in that order.
[[nodiscard]] fired_window form_rows(const definition& d, const row_store& store, rows of, event_micros end,
                                     verdicts* out = nullptr);

}  // namespace millrace::window
