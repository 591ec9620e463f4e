// The arithmetic of slices and window ends (of aligned and global windows), safe for any time and watermark:
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

/// The first window end above the horizon that a slice counts for (it may be beyond its last one).
[[nodiscard]] inline __int128 first_end(const definition& d, __int128 slice, event_micros horizon) {
  if (d.kind == shape::global)
    return end_of_time;
  const auto first = slice + d.slide.count();
  return first > horizon ? first : floor_to(horizon, d.slide) + d.slide.count();
}

/// The last window end that a slice counts for.
[[nodiscard]] inline event_micros last_end(const definition& d, event_micros slice) {
  if (d.kind == shape::global)
    return end_of_time;
  return plus(slice, d.size);
}

/// The mark with which a window that ends here has fired, under a watermark at which it is over.
[[nodiscard]] inline event_micros fired_with(const definition& d, event_micros end, event_micros watermark) {
  return std::min(plus(end, d.allowed_lateness), watermark);
}

/// The one slice of a global window.
inline constexpr slice_key everything{0, end_of_time};

/// Whether assign() can have given it: what comes from outside is checked.
[[nodiscard]] inline bool is_slice(const definition& d, const slice_key& k) {
  if (d.kind == shape::global)
    return k == everything;
  if (d.kind == shape::session)
    return k.slice == k.eligible && k.slice >= -outermost && k.slice <= outermost;
  const auto on_grid = [&](event_micros t) { return floor_to(t, d.slide) == t; };
  return on_grid(k.slice) && on_grid(k.eligible) && k.eligible > k.slice &&
         k.eligible <= last_end(d, k.slice);
}

}  // namespace millrace::window
