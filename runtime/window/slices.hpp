// The arithmetic of slices and window ends (of aligned and global windows, and of intervals), safe for any time and watermark:
// what would leave the range of event times stops at its end. Called by lanes (assign) and shards (absorb,
// fire).
#pragma once

#include "runtime/window/window.hpp"

#include <algorithm>

namespace millrace::window {

/// Wide enough for 70,000 years in both directions; what lies beyond is counted into the outermost slice,
/// rather than into one whose windows have no end.
inline constexpr event_micros outermost = event_micros{1} << 61;

[[nodiscard]] inline event_micros saturating(__int128 t) {
  return static_cast<event_micros>(std::clamp<__int128>(t, no_watermark, end_of_time));
}

[[nodiscard]] inline event_micros plus(event_micros t, micros d) {
  return saturating(static_cast<__int128>(t) + d.count());
}

/// Gives the mark that ends windows: a window is over when its end is at or below the watermark less the
/// allowed lateness. The two extremes stay what they are.
[[nodiscard]] inline event_micros horizon(const definition& d, event_micros watermark) {
  if (watermark == no_watermark || watermark == end_of_time)
    return watermark;
  return saturating(static_cast<__int128>(watermark) - d.allowed_lateness.count());
}

/// The multiple of step at or below t.
[[nodiscard]] inline __int128 floor_to(__int128 t, micros step) {
  const __int128 s = step.count();
  const auto rest = t % s;
  return t - (rest < 0 ? rest + s : rest);
}

// Slices and windows of a zone (local_slices.cpp). A bound is the first instant at which the clocks there show
// its wall time or a later one. So a time that comes twice lies in one slice, as the furthest wall time so far
// says, and slices that are skipped whole are none: their bounds are those of the next one. A window is the
// one that ends at an instant; of those that would end at the same one, only the longest is formed. Windows below an hour
// last as long at all times instead: a day's begin with it, and its last one ends with it.
[[nodiscard]] event_micros local_slice_of(const definition& d, event_micros time);
[[nodiscard]] event_micros local_bound_above(const definition& d, event_micros time);
[[nodiscard]] event_micros local_window_start(const definition& d, event_micros end);
[[nodiscard]] event_micros local_last_end(const definition& d, event_micros slice);

/// Start of the slice in which a time lies.
[[nodiscard]] inline event_micros slice_of(const definition& d, event_micros time) {
  if (d.zone != nullptr)
    return local_slice_of(d, time);
  const __int128 anchor = d.anchor.count();
  return saturating(floor_to(time - anchor, d.slide) + anchor);
}

/// The first bound of slices above a time.
[[nodiscard]] inline event_micros bound_above(const definition& d, event_micros time) {
  if (d.zone != nullptr)
    return local_bound_above(d, time);
  const __int128 anchor = d.anchor.count();
  return saturating(floor_to(time - anchor, d.slide) + anchor + d.slide.count());
}

/// Returns the next bound: the end of a slice, the next window end.
[[nodiscard]] inline event_micros next_bound(const definition& d, event_micros bound) {
  return d.zone != nullptr ? local_bound_above(d, bound) : plus(bound, d.slide);
}

/// Start of the window that ends here; of an aligned one.
[[nodiscard]] inline event_micros window_start(const definition& d, event_micros end) {
  return d.zone != nullptr ? local_window_start(d, end) : plus(end, -d.size);
}

/// Counts the bounds from one to another, both counted.
[[nodiscard]] inline std::size_t bounds_between(const definition& d, event_micros first, event_micros last) {
  if (d.zone == nullptr)
    return static_cast<std::size_t>((last - first) / d.slide.count()) + 1;
  std::size_t n = 1;
  for (; first < last; first = next_bound(d, first))
    ++n;
  return n;
}

/// The first window end above the horizon that a slice counts for (it may be beyond its last one).
[[nodiscard]] inline event_micros first_end(const definition& d, event_micros slice, event_micros horizon) {
  if (d.kind == shape::global)
    return end_of_time;
  const auto first = next_bound(d, slice);
  return first > horizon ? first : bound_above(d, horizon);
}

/// The last window end that a slice counts for; of sessions: the end of one that has this record alone.
[[nodiscard]] inline event_micros last_end(const definition& d, event_micros slice) {
  if (d.kind == shape::global)
    return end_of_time;
  if (d.kind == shape::session)
    return plus(slice, d.gap);
  return d.zone != nullptr ? local_last_end(d, slice) : plus(slice, d.size);
}

/// The times of the first and the last left row of an interval join that a row may meet: a left row's is its own.
struct time_reach {
  event_micros first, last;
};
[[nodiscard]] inline time_reach reach_of(const definition& d, event_micros time, std::size_t side) {
  return side == 0 ? time_reach{time, time}
                   : time_reach{plus(time, -d.join->after), plus(time, d.join->before)};
}

/// The mark with which a window that ends here has fired, under a watermark at which it is over.
[[nodiscard]] inline event_micros fired_with(const definition& d, event_micros end, event_micros watermark) {
  return std::min(plus(end, d.allowed_lateness), watermark);
}

/// The one slice of a global window.
inline constexpr slice_key everything{0, end_of_time};

/// Returns whether assign() can have given it: slices from outside are checked.
[[nodiscard]] inline bool is_slice(const definition& d, const slice_key& k) {
  if (d.kind == shape::global)
    return k == everything;
  if (d.kind == shape::session)
    return k.slice >= -outermost && k.slice <= outermost && k.eligible >= k.slice &&
           k.eligible < last_end(d, k.slice);
  if (d.kind == shape::interval) {
    const auto right = reach_of(d, k.slice, 1);
    return k.slice >= -outermost && k.slice <= outermost &&
           k.eligible >= first_end(d, std::min(k.slice, right.first), no_watermark) &&
           k.eligible <= last_end(d, std::max(k.slice, right.last));
  }
  const auto is_bound = [&](event_micros t) { return slice_of(d, t) == t; };
  return is_bound(k.slice) && is_bound(k.eligible) && k.eligible > k.slice &&
         k.eligible <= last_end(d, k.slice);
}

}  // namespace millrace::window
