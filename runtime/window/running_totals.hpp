// A sliding window's totals by key, carried from one window end to the next: slices are added when
// they become eligible and taken off when they leave, so that a firing costs what changed and what it emits,
// not keys times slices. Sums are exact, so taking off leaves no trace; a min or max that rested on what left
// is formed again from what remains (stretches.hpp). Derived from the slices alone: never captured.
#pragma once

#include "runtime/delivery/window_state.hpp"
#include "runtime/window/shard_state.hpp"
#include "runtime/window/stretches.hpp"
#include "runtime/window/window.hpp"

#include <cstdint>
#include <vector>

namespace millrace::window {

class running_totals {
public:
  /// Merging the slices is cheaper than keeping totals beside them below this number.
  static constexpr std::int64_t least_slices = 4;
  [[nodiscard]] static bool worthwhile(const definition& d) {
    return d.updates || (d.kind == shape::aligned && d.size / d.slide >= least_slices);
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
