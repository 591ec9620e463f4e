#include "runtime/window/slices.hpp"

#include <algorithm>

namespace millrace::window {

std::optional<slice_key> assign(const definition& d, event_micros time, event_micros watermark,
                                std::size_t side) {
  if (d.kind == shape::global)
    return everything;
  const auto over = horizon(d, watermark);
  const auto inside = std::clamp(time, -outermost, outermost);
  if (d.kind == shape::session) {
    const slice_key k{inside, std::max(inside, over)};
    return k.eligible < last_end(d, inside) ? std::optional(k) : std::nullopt;
  }
  if (d.kind == shape::interval) {
    const auto reach = reach_of(d, inside, side);
    return last_end(d, reach.last) <= over
               ? std::nullopt
               : std::optional(slice_key{inside, first_end(d, reach.first, over)});
  }
  const auto slice = slice_of(d, inside);
  if (last_end(d, slice) <= over)
    return std::nullopt;
  return slice_key{slice, saturating(first_end(d, slice, over))};
}

namespace {

/// Windows are no longer than a century, so nearly all times are too far from both ends to be looked at.
bool is_far_from_the_ends(event_micros time) {
  constexpr event_micros two_centuries = 200LL * 366 * 86'400'000'000;
  return time > first_timestamp + two_centuries && time < last_timestamp - two_centuries;
}

}  // namespace

bool are_held(const definition& d, std::span<const event_micros> times) {
  if (!d.bounded)
    return true;
  bool far = true;
  for (const auto t : times)  // without a branch
    far &= is_far_from_the_ends(t);
  return far || std::ranges::all_of(times, [&](event_micros t) { return is_held(d, t); });
}

bool is_held(const definition& d, event_micros time) {
  if (!d.bounded || is_far_from_the_ends(time))
    return true;
  if (d.kind == shape::session)
    return is_timestamp(time) && is_timestamp(plus(time, d.gap));
  if (d.kind == shape::interval)
    return is_timestamp(time) && is_timestamp(next_bound(d, time));
  const auto slice = slice_of(d, time);
  return is_timestamp(window_start(d, next_bound(d, slice))) && is_timestamp(last_end(d, slice));
}

}  // namespace millrace::window
