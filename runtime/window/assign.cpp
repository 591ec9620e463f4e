#include "runtime/window/slices.hpp"

namespace millrace::window {

std::optional<slice_key> assign(const definition& d, event_micros time, event_micros watermark) {
  // Wide enough for 70,000 years in both directions; what lies beyond is counted into the outermost slice,
  // rather than into one whose windows have no end.
  constexpr event_micros outermost = event_micros{1} << 61;
  if (d.kind == shape::global)
    return everything;
  const auto over = horizon(d, watermark);
  const auto inside = std::clamp(time, -outermost, outermost);
  if (d.kind == shape::session)
    return inside < over ? std::nullopt : std::optional(slice_key{inside, inside});
  const auto slice = floor_to(inside, d.slide);
  if (slice + d.size.count() <= over)
    return std::nullopt;
  return slice_key{saturating(slice), saturating(first_end(d, slice, over))};
}

}  // namespace millrace::window
