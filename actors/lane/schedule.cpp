#include "actors/lane/schedule.hpp"

#include <algorithm>
#include <vector>

namespace millrace::lane {
namespace {

/// How long a source actor waits for data before it looks at its mailbox again.
constexpr std::chrono::milliseconds read_wait{50};
/// Under `rate`, no more is read ahead than a few seconds' worth.
constexpr std::size_t paced_chunk_bytes = 64U << 10;

}  // namespace

event_micros schedule::slowest(std::span<const place> places) {
  auto least = end_of_time;
  for (const auto& p : places)
    if (p.has_more)
      least = std::min(least, p.watermark);
  return least;
}

schedule::turn schedule::next(std::span<const place> places, event_micros others) {
  drift_.begin();
  drift_.sees(slowest(places));
  drift_.sees(others);
  turn out;
  std::vector<const place*> ready;
  for (const auto& p : places) {
    if (!p.wanted)
      continue;
    if (drift_.holds(p.watermark))
      out.held = true;
    else
      ready.push_back(&p);
  }
  if (ready.empty())
    return out;
  std::ranges::stable_sort(ready, {}, &place::watermark);
  source::read request{++ticket_, {}, limits_.chunk_bytes, read_wait};
  if (limits_.rate)
    request.max_bytes = std::min(request.max_bytes, paced_chunk_bytes);
  for (const auto* p : ready)
    request.wanted.emplace_back(p->name);
  reading_ = true;
  out.request = std::move(request);
  return out;
}

}  // namespace millrace::lane
