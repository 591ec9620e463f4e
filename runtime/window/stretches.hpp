// Aggregates that cannot be taken off again (min, max, first, last, sets, collections), merged over stretches
// of a sliding window's slices: 64 slices, 64 times as many, and so on, as far as a window is longer than
// that. The rest of a window when a slice leaves is merged from few tables: single slices up to the next
// stretch, then ever longer stretches. Derived from the slices alone, as running_totals is, to which it
// belongs. It holds a copy of these states, at most, a level.
#pragma once

#include "runtime/window/shard_state.hpp"
#include "runtime/window/window.hpp"

#include <cstdint>
#include <map>
#include <span>
#include <string_view>
#include <vector>

namespace millrace::window {

class stretches {
public:
  stretches(const definition& d, const layout& all);

  /// A slice joins the window, in any order: these of its rows, with their keys' tags.
  void add(event_micros slice, const slice_table& t, rows from, std::span<const std::uint32_t> tags);
  /// A slice leaves: no stretch that begins at or before it is used any more.
  void leave(event_micros slice);
  void clear();

  /// Merges into `to`, row 0, what the slices that have not left hold of a key and aggregate (of the whole
  /// layout, one that may have to be formed again).
  void merge_rest(const states& to, std::string_view key, std::uint32_t tag, std::size_t aggregate,
                  const std::map<slice_key, slice_table>& slices) const;
  [[nodiscard]] std::size_t byte_size() const;

private:
  struct level {
    micros width;
    std::map<event_micros, keyed_table> tables;  // keyed by where they begin
  };
  [[nodiscard]] static event_micros begin_of(const level& l, event_micros slice);
  /// The first stretch of this level that no slice which has left lies in.
  [[nodiscard]] event_micros first_whole(const level& l) const;

  layout_ptr layout_;                    // the layout of those aggregates alone
  std::vector<std::size_t> aggregates_;  // their numbers in the whole layout
  std::vector<std::size_t> columns_;     // indexed by number in the whole layout: column here
  std::vector<level> levels_;            // sorted from short to long
  event_micros left_ = no_watermark;     // the last slice that has left
  std::vector<std::uint32_t> into_;
};

}  // namespace millrace::window
