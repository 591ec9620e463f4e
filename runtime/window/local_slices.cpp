// Slices by the clocks of a zone. A label is a wall time at which slices, or days, begin: the anchor and whole steps
// before and after. Its bound is first_instant_of(label). That bound is at or below an instant exactly if the
// furthest wall time there has come to the label. So the last bound so far is that of the last label at or
// below the furthest wall time. Windows below an hour have labels of days alone, and count from their bounds.
#include "runtime/expression/formats/calendar.hpp"
#include "runtime/window/slices.hpp"

#include <algorithm>

namespace millrace::window {
namespace {

/// The calendar's functions hold for these; slices are well within (outermost).
constexpr event_micros furthest = event_micros{1} << 62;

constexpr micros hour{3'600'000'000};
constexpr micros day = 24 * hour;

bool counts_from_days(const definition& d) { return d.size < hour; }

/// The last label, of slices or days, that has a bound at or below a time.
event_micros label_at(const definition& d, event_micros time) {
  const __int128 wall = expression::furthest_wall_time(*d.zone, std::clamp(time, -furthest, furthest));
  const auto step = counts_from_days(d) ? day : d.slide;
  return saturating(floor_to(wall - d.anchor.count(), step) + d.anchor.count());
}

event_micros bound_of(const definition& d, event_micros label) {
  return expression::first_instant_of(*d.zone, std::clamp(label, -furthest, furthest));
}

}  // namespace

event_micros local_slice_of(const definition& d, event_micros time) {
  const __int128 begin = bound_of(d, label_at(d, time));
  return saturating(counts_from_days(d) ? begin + floor_to(time - begin, d.slide) : begin);
}

event_micros local_bound_above(const definition& d, event_micros time) {
  if (!counts_from_days(d))
    return bound_of(d, plus(label_at(d, time), d.slide));
  return std::min(plus(local_slice_of(d, time), d.slide), bound_of(d, plus(label_at(d, time), day)));
}

// Just before the end the last label is the one in front of all that have this bound: the window begins a size
// before the first of them.
event_micros local_window_start(const definition& d, event_micros end) {
  if (counts_from_days(d))
    return local_slice_of(d, plus(end, d.slide - d.size - micros{1}));
  return bound_of(d, plus(label_at(d, plus(end, micros{-1})), d.slide - d.size));
}

event_micros local_last_end(const definition& d, event_micros slice) {
  if (counts_from_days(d))
    return local_slice_of(d, plus(local_bound_above(d, slice), d.size - d.slide));
  return bound_of(d, plus(label_at(d, slice), d.size));
}

}  // namespace millrace::window
