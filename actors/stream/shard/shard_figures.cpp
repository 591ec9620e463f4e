#include "actors/stream/shard/shard_figures.hpp"

#include <utility>

namespace millrace::shard {
namespace {

/// Looking costs about as much as a small frame: not for each.
constexpr std::chrono::milliseconds size_every{200};

}  // namespace

shard_figures::shard_figures(const shard_options& options, delivery::shard_core& core, effect_list& effects)
    : options_(options), core_(core), effects_(effects), counted_(core.counts()),
      counted_rows_(core.rows_out()), counted_late_(core.late_at_shard()) {
  options_.flow->stands(options_.name, counted_);
}

void shard_figures::update(bool is_stalled) {
  auto& g = *options_.gauges;
  g.rows = core_.rows_out();
  g.watermark = core_.in().watermark();
  g.fired = core_.fired();
  g.stalled = is_stalled;
  g.late_at_shard = core_.late_at_shard();
  g.rows_gained += core_.rows_out() - std::exchange(counted_rows_, core_.rows_out());
  g.late_gained += core_.late_at_shard() - std::exchange(counted_late_, core_.late_at_shard());
  const auto& out = core_.out();
  g.retained_bytes = out.retained_bytes();
  g.spilled_bytes = out.spilled_bytes();
  for (auto& [name, bytes] : g.held_by)
    bytes = out.held_by(name);
  if (!std::exchange(will_look_at_size_, true))
    effects_.emplace_back(effects::wake{size_every, wake_up::to_look_at_size});
}

void shard_figures::look_at_size() {
  will_look_at_size_ = false;
  note_flow();
  const auto size = core_.windows().size();
  auto& g = *options_.gauges;
  g.windows_open = size.windows;
  g.keys = size.keys;
  g.bytes = size.bytes;
  g.next_end = core_.windows().next_end(core_.fired()).value_or(no_watermark);
}

void shard_figures::note_flow() {
  const auto& counts = core_.counts();
  options_.flow->gained(counted_, counts);
  counted_ = counts;
  options_.flow->stands(options_.name, counted_);
}

void shard_figures::has_captured(std::chrono::steady_clock::duration pause) {
  options_.gauges->snapshot_pauses.add(std::chrono::ceil<micros>(pause));
}

void shard_figures::waits_for_disk(std::optional<captures::time_point> since) {
  auto& call = options_.gauges->snapshot;
  since ? call.begin(*since) : call.end();
}

void shard_figures::is_durable(const captures::answer& a) {
  auto& g = *options_.gauges;
  g.snapshot_takes.add(std::chrono::ceil<micros>(a.took));
  g.snapshot_times.add(std::chrono::ceil<micros>(a.took));
  g.snapshot_at.store(options_.clock->now(), std::memory_order_relaxed);
  g.snapshot_bytes.store(a.bytes, std::memory_order_relaxed);
}

}  // namespace millrace::shard
