#include "runtime/window/slices.hpp"

#include <algorithm>

namespace millrace::window {

std::optional<slice_key> assign(const definition& d, event_micros time, event_micros watermark) {
  if (d.kind == shape::global)
    return everything;
  const auto over = horizon(d, watermark);
  const auto inside = std::clamp(time, -outermost, outermost);
  if (d.kind == shape::session) {
    const slice_key k{inside, std::max(inside, over)};
    return k.eligible < last_end(d, inside) ? std::optional(k) : std::nullopt;
  }
  const auto slice = slice_of(d, inside);
  if (last_end(d, slice) <= over)
    return std::nullopt;
  return slice_key{slice, saturating(first_end(d, slice, over))};
}

}  // namespace millrace::window
