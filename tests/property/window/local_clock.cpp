#include "tests/property/window/local_clock.hpp"

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <limits>
#include <stdexcept>

namespace millrace::window::oracle {
namespace {

constexpr event_micros second = 1'000'000;
constexpr std::int64_t day = 86'400;
constexpr std::int64_t from = -71 * 366 * day, to = 131 * 366 * day;  // seconds
constexpr event_micros farthest = 2 * day * second;  // limit of a clock's change, and of its distance from
                                                     // UTC
constexpr std::int64_t step = 3 * 3600;              // no zone changes twice within

std::int64_t offset_at(std::int64_t seconds) {
  const std::time_t at = seconds;
  std::tm broken{};
  if (::localtime_r(&at, &broken) == nullptr)
    throw std::runtime_error("localtime_r");
  return broken.tm_gmtoff;
}

}  // namespace

local_clock::local_clock(const std::string& zone) {
  ::setenv("TZ", (":" + zone).c_str(), 1);
  ::tzset();
  auto offset = offset_at(from);
  stretches_.push_back({std::numeric_limits<event_micros>::min(), 0, offset * second});
  for (auto at = from; at < to; at += step) {
    if (offset_at(at + step) == offset)
      continue;
    auto before = at, behind = at + step;
    while (behind - before > 1) {
      const auto middle = before + (behind - before) / 2;
      (offset_at(middle) == offset ? before : behind) = middle;
    }
    offset = offset_at(behind);
    stretches_.back().end = behind * second;
    stretches_.push_back({behind * second, 0, offset * second});
  }
  stretches_.back().end = std::numeric_limits<event_micros>::max();
  ::unsetenv("TZ");
  ::tzset();
}

const local_clock& local_clock::of(const std::string& zone) {
  static std::map<std::string, local_clock> known;
  return known.try_emplace(zone, zone).first->second;
}

local_clock::iterator local_clock::around(event_micros time) const {
  return std::ranges::upper_bound(stretches_, time - farthest, {}, &stretch::end);
}

event_micros local_clock::wall(event_micros instant) const {
  for (auto s = around(instant);; ++s)
    if (instant < s->end)
      return instant + s->offset;
}

event_micros local_clock::furthest(event_micros instant) const {
  auto out = wall(instant);
  for (auto s = around(instant); s->end <= instant; ++s)
    out = std::max(out, s->end + s->offset - 1);
  return out;
}

event_micros local_clock::first(event_micros wall) const {
  for (auto s = around(wall);; ++s)
    if (wall - s->offset < s->end)
      return std::max(wall - s->offset, s->begin);
}

std::map<event_micros, event_micros> local_clock::windows(event_micros time, micros size, micros slide,
                                                          micros anchor) const {
  std::map<event_micros, event_micros> out;
  if (size < micros(3600 * second))
    return short_windows(time, size, slide, anchor);
  auto label =
      anchor.count() + (time - farthest - size.count() - anchor.count()) / slide.count() * slide.count();
  for (label -= slide.count(); label <= time + farthest; label += slide.count()) {
    const auto start = first(label);
    const auto end = first(label + size.count());
    if (start == end)
      continue;
    const auto at = out.try_emplace(end, start).first;
    at->second = std::min(at->second, start);
  }
  std::erase_if(out, [&](const auto& w) { return time < w.second || time >= w.first; });
  return out;
}

std::map<event_micros, event_micros> local_clock::short_windows(event_micros time, micros size, micros slide,
                                                                micros anchor) const {
  std::vector<event_micros> bounds;
  auto begin = anchor.count() + (time - 2 * farthest - anchor.count()) / (day * second) * (day * second);
  for (; begin <= time + 2 * farthest; begin += day * second)
    for (auto at = first(begin); at < first(begin + day * second); at += slide.count())
      bounds.push_back(at);
  std::map<event_micros, event_micros> out;
  for (const auto end : bounds) {
    const auto last = end - 1 - (size - slide).count();
    const auto start = std::ranges::upper_bound(bounds, last);
    if (start != bounds.begin() && *std::prev(start) <= time && time < end)
      out[end] = *std::prev(start);
  }
  return out;
}

}  // namespace millrace::window::oracle
