#include "actors/stream/lane/schedule.hpp"

#include <algorithm>
#include <vector>

namespace millrace::lane {
namespace {

/// A source actor waits this long for data before it looks at its mailbox again.
constexpr std::chrono::milliseconds read_wait{50};
/// A lane with a `rate` reads ahead only a few seconds' worth.
constexpr std::size_t paced_chunk_bytes = 64U << 10;

event_micros slowest(std::span<const schedule::place> places) {
  auto least = end_of_time;
  for (const auto& p : places)
    if (p.has_more)
      least = std::min(least, p.watermark);
  return least;
}

}  // namespace

std::optional<event_micros> schedule::news_for_others(std::span<const place> places) {
  if (limits_.is_only_lane || !drift_.limits())
    return std::nullopt;
  const auto present = slowest(places);
  if (!drift_.is_news(told_others_, present))
    return std::nullopt;
  told_others_ = present;
  return present;
}

std::optional<source::read> schedule::next(std::span<const place> places) {
  drift_.begin();
  drift_.sees(slowest(places));
  drift_.sees(others_);
  std::vector<const place*> ready;
  for (const auto& p : places)
    if (p.wanted && !drift_.holds(p.watermark))
      ready.push_back(&p);
  if (ready.empty())
    return std::nullopt;
  std::ranges::stable_sort(ready, {}, &place::watermark);
  source::read request{++ticket_, {}, limits_.chunk_bytes, read_wait};
  if (limits_.rate)
    request.max_bytes = std::min(request.max_bytes, paced_chunk_bytes);
  for (const auto* p : ready)
    request.wanted.emplace_back(p->name);
  reading_ = true;
  return request;
}

}  // namespace millrace::lane
