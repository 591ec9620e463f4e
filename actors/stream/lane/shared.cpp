#include "actors/stream/lane/shared.hpp"

namespace millrace::lane {

shared::shared(const steady_time& t, lane_options o, delivery::lane_log::start h)
    : time(t), options(std::move(o)), how(h), up(options.plan->receivers) {
  for (const auto& name : options.partitions)
    add_partition(name, how);
}

partition& shared::add_partition(const std::string& name, delivery::lane_log::start from) {
  return *partitions.emplace_back(
      std::make_unique<partition>(*options.plan, options.gauges->of(name), from, now()));
}

partition* shared::find(const log_id& l) const {
  for (const auto& p : partitions)
    if (log(*p) == l)
      return p.get();
  return nullptr;
}

void shared::wake_in(std::chrono::microseconds d) {
  if (timers.arm(now() + d))
    give(effects::wake_in{d});
}

/// A wake-up that came for another reason may come too early for this one: it is asked for again.
bool shared::waits_until(clock::time_point t) {
  const auto left = std::chrono::ceil<std::chrono::microseconds>(t - now());
  if (left.count() <= 0)
    return false;
  wake_in(left);
  return true;
}

void shared::fail(error why) {
  if (std::exchange(is_over, true))
    return;
  if (why.stage.empty())
    why.stage = options.plan->source->name;
  give(effects::tell_failed{std::move(why)});
}

}  // namespace millrace::lane
