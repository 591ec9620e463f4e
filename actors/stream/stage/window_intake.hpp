// Takes from rows what a window reads: its `where`, the arguments and filters of its aggregates, its keys; a join
// reads the columns of its rows. Rows for which one of them fails are taken out. Pure; lanes do it for the rows of a parser, shards for
// those of an upstream window, and the dead-letter sink to see what failed there.
#pragma once

#include "actors/stream/stage/chain.hpp"

#include <optional>
#include <span>
#include <vector>

namespace millrace::stage {

struct window_intake {
  stage::rows rows;  // the rows that go on
  std::vector<data::column_ptr> keys;
  std::vector<data::column_ptr> arguments;  // one an aggregate; null pointer for none
  std::vector<data::column_ptr> filters;
  std::vector<std::vector<data::column_ptr>> orders;  // of a join: the columns of its rows
  std::optional<std::size_t> side;                    // of a join: that of the rows
  std::vector<failed_origin> failed;
  delivery::stage_counts counts;  // in, out, filtered, dead
};

/// The rows of the side `of` of a join; those with a null in their key are filtered where it gives none without a partner.
/// `times`: by rows::time_at(), or one for all; empty where there are none, of a global window. A row with a window that
/// reaches beyond the timestamps fails.
[[nodiscard]] window_intake take_in(const config::window_plan& plan, config::side of, const rows& in,
                                    std::span<const event_micros> times, event_micros now);

}  // namespace millrace::stage
