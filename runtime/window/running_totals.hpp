// A sliding window's totals by key, carried from one window end to the next: slices are added when
// they become eligible and taken off when they leave, so that a firing costs what changed and what it emits,
// not keys times slices. Sums are exact, so taking off leaves no trace; a min or max that rested on what left
// is formed again from what remains (stretches.hpp). Derived from the slices alone: never captured.
#pragma once

#include "runtime/delivery/window_state.hpp"
#include "runtime/window/shard_state.hpp"
#include "runtime/window/window.hpp"

#include <cstdint>
#include <map>
#include <span>
#include <string_view>
#include <vector>

namespace millrace::window {

/// Aggregates that cannot be taken off again (min, max, first, last, sets, collections), merged over stretches
/// of a sliding window's slices: 64 slices, 64 times as many, and so on, as far as a window is longer than
/// that. The rest of a window when a slice leaves is merged from few tables: single slices up to the next
/// stretch, then ever longer stretches. Derived from the slices alone, as running_totals is, to which it
/// belongs. It holds a copy of these states, at most, a level.
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

class running_totals {
public:
  /// Merging the slices is cheaper than keeping totals beside them below this number.
  static constexpr std::int64_t least_slices = 4;
  [[nodiscard]] static bool worthwhile(const definition& d) {
    return d.updates || (!d.join && d.kind == shape::aligned && d.size / d.slide >= least_slices);
  }

  running_totals(const definition& d, layout_ptr l);

  /// A slice's table joins or leaves; it stays as it is in between. `others`: where the rest is looked up. `only`: of
  /// these keys alone, the same ones for as long as it is in.
  void add(event_micros slice, slice_table& t, const keyed_table* only);
  void remove(event_micros slice, slice_table& t, const keyed_table* only,
              const std::map<slice_key, slice_table>& others);
  /// The rows of the window that ends here, whose slices are just those that were added and not removed.
  [[nodiscard]] delivery::fired_window form(const definition& d, event_micros end);
  /// The totals of a key that some slice has.
  [[nodiscard]] std::uint32_t find(std::string_view key, std::uint32_t tag) const {
    return totals_.find(key, tag);
  }
  [[nodiscard]] const row_store& store() const { return totals_.store(); }
  /// Forgets everything; the caller resets the tables' marks.
  void clear();

  [[nodiscard]] std::size_t byte_size() const {
    return totals_.byte_size() + rest_.byte_size() + keys_.capacity() * sizeof(key_info) +
           (changed_.capacity() + shown_.capacity()) * sizeof(std::uint32_t);
  }

private:
  struct key_info {            // one a row of totals_
    std::uint32_t slices = 0;  // slices that have the key
    bool changed = false;      // changed since the last window
    bool shown = false;        // its row is in shown_
  };

  void change(std::uint32_t row);
  /// Sets into_, from_ and tags_ to the rows, of `only` these keys where there are such; total_of(key, tag) is the row here.
  template<class TotalOf>
  void take_rows(const keyed_table& t, const keyed_table* only, TotalOf total_of);
  void form_again(std::uint32_t row, std::string_view key, std::uint32_t tag, std::size_t aggregate,
                  const std::map<slice_key, slice_table>& others);
  void compact();

  keyed_table totals_;
  stretches rest_;
  std::vector<key_info> keys_;
  std::vector<std::uint32_t> changed_;
  std::vector<std::uint32_t> shown_;  // passed or failed in the last window, in key order
  std::size_t alive_ = 0;             // keys with slices
  bool by_window_ = false;            // `having` reads the window's bounds: every window judges all keys
  std::vector<std::uint32_t> into_, from_, tags_, undone_into_, undone_from_;
  row_store scratch_;  // one row
};

}  // namespace millrace::window
