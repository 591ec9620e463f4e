#include "actors/stream/lane/figures.hpp"

#include "actors/stream/replay/replay_format.hpp"

#include <algorithm>
#include <limits>

namespace millrace::lane {

void figures::note_records(const partition& p, const source::chunk& c) {
  if (c.records() == 0)
    return;
  if (p.gauges->last_record != 0)
    p.gauges->gap.add(std::chrono::duration_cast<micros>(all_.now() - p.last_data));
  p.gauges->last_record = all_.options.clock->now();
}

void figures::note_lag(const source::backlog& b) {
  std::int64_t sum = 0;
  for (const auto& p : all_.partitions) {
    const auto known = b.records.find(p->name);
    const auto lag = known != b.records.end() ? static_cast<std::int64_t>(known->second)
                     : p->ended()             ? 0
                                              : -1;
    p->gauges->lag = lag;
    if (lag >= 0 || !replay::parse_partition_name(p->name))
      sum = sum < 0 || lag < 0 ? -1 : sum + lag;
  }
  auto& g = *all_.options.gauges;
  to_be_made_ = b.comes_by_rate && sum >= 0 ? std::optional(sum) : std::nullopt;
  g.due.a_second = b.comes_by_rate ? all_.options.rate.value_or(0) : 0;
  g.lag = sum;
}

void figures::update(const partition& p, delivery::common_watermark& of_all) const {
  constexpr auto relaxed = std::memory_order_relaxed;
  const auto credit = all_.options.credit;
  const auto at = p.live ? p.live->at().watermark : no_watermark;
  const bool waits = p.live && !p.receivers.may_send(credit);
  const auto held_by = waits ? p.receivers.without_credit(credit) : std::nullopt;
  all_.options.gauges->stalls += waits;
  auto& g = *p.gauges;
  g.watermark.store(at, relaxed);
  g.is_open.store(p.live != nullptr, relaxed);
  g.is_caught_up.store(p.caught_up, relaxed);
  g.is_idle.store(p.idle_sent, relaxed);
  g.held_by.store(held_by ? static_cast<std::int32_t>(*held_by) : -1, relaxed);
  of_all.add(at, p.idle_sent);
}

void figures::update() {
  auto& g = *all_.options.gauges;
  delivery::common_watermark of_all;
  std::size_t bytes = 0;
  for (const auto& p : all_.partitions) {
    update(*p, of_all);
    bytes += p->receivers.in_flight();
  }
  g.watermark = of_all.at();
  g.is_idle = of_all.is_idle();
  g.in_flight_bytes = bytes;
  for (std::size_t r = 0; r < g.held.size(); ++r) {
    std::uint64_t of_receiver = 0;
    for (const auto& p : all_.partitions)
      of_receiver += p->receivers.in_flight(r);
    g.held[r].store(of_receiver, std::memory_order_relaxed);
  }
  update_due();
}

/// Records that were made and wait for their turn have not been read as far as anybody downstream can see.
void figures::update_due() {
  if (!to_be_made_)
    return;
  auto left = *to_be_made_;
  for (const auto& p : all_.partitions)
    for (const auto& w : p->waiting)
      left += std::min<std::int64_t>(static_cast<std::int64_t>(w.chunk->records() - w.next),
                                     std::numeric_limits<std::int64_t>::max() - left);
  auto& g = *all_.options.gauges;
  g.lag = left;
  g.due.nothing_due =
      std::chrono::duration_cast<micros>(schedule_.rate.nothing_due_at().time_since_epoch()).count();
}

}  // namespace millrace::lane
