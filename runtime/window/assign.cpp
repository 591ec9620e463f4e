#include "runtime/window/slices.hpp"

namespace millrace::window {

std::optional<slice_key> assign(const definition& d, event_micros time, event_micros watermark) {
  // Wide enough for 70,000 years in both directions; what lies beyond is counted into the outermost slice,
  // rather than into one whose windows have no end.
  constexpr event_micros outermost = event_micros{1} << 61;
  const auto slice = floor_to(std::clamp(time, -outermost, outermost), d.slide);
  const auto over = horizon(d, watermark);
  if (slice + d.size.count() <= over)
    return std::nullopt;
  return slice_key{saturating(slice), saturating(first_end(d, slice, over))};
}

}  // namespace millrace::window
