// The firing of a shard's windows, its ticks, and the held input that is taken once there is room.
#include "actors/stream/shard/shard.hpp"
#include "runtime/delivery/ticks.hpp"

#include <utility>

namespace millrace::shard {

void shard::put_out(position before, const delivery::shard_core::output& out) {
  if (out.decision)
    gate_.decided(before);
  output_.pump();
  has_decided_ = has_decided_ || out.decision;
  if (core_->goes_on() && !std::exchange(will_fire_on_, true))
    wake({}, wake_up::to_fire_on);
}

/// Windows that are over and had no room, or whose turn it is, and a tick that is under way. The next life
/// fires what a stop leaves, and takes an unfinished tick anew.
void shard::fire_on() {
  if (captures_.is_stopping() || will_fire_on_ || !core_->goes_on())
    return;
  const auto before = core_->out().sent();
  put_out(before, core_->fire_on());
  tell_complete();
}

void shard::work() {
  if (decision_is_due()) {
    has_decided_ = false;
    return capture(true);
  }
  switch (rest_.now) {
  case rest::none:
    return;
  case rest::snapshot:
    rest_ = {};
    return take_snapshot();
  case rest::tick:
    rest_ = {};
    return tick();
  case rest::fires:
    rest_.now = rest::takes_held;
    return fire_on();
  case rest::takes_held:
    return take_held();
  }
}

/// A frame that cannot fire in any case is taken, too: its log goes on for the sake of other shards, and what they
/// fire may be what the sinks wait for.
void shard::take_held() {
  const auto may = [this](const auto& f) { return core_->takes_input() || core_->cannot_fire(f); };
  if (const auto next = held_.next(may))
    return std::visit([this](const auto& f) { take(f); }, *next);
  const bool all = std::exchange(rest_, {}).all;
  if (all && !held_.empty())
    output_.tell_who_holds_it();
  update_figures();
  if (all)
    tell_complete();
}

/// Ticks are the multiples of `every` in time, the same for all shards. While the last one is not durable
/// none is taken: a slow disk makes them fewer.
void shard::tick() {
  if (captures_.is_stopping() || gate_.limit() || core_->out().full())
    return;
  const auto every = options_.tick_every->count();
  auto t = options_.clock->now() / every * every;
  if (t <= core_->ticked()) {
    if (core_->ticked() - t <= every || core_->ticked() == end_of_time)
      return;
    t = core_->ticked() + 1;  // the clock was set back
  }
  const auto before = core_->out().sent();
  put_out(before, core_->tick(t));
  update_figures();
}

}  // namespace millrace::shard
