// The shard double towards an upstream window of its own, as actors/stream/shard/shard_input and shard.
#include "actors/stream/shard/upstream_window.hpp"
#include "tests/property/delivery/shard_double.hpp"
#include "tests/property/delivery/sink_double.hpp"

#include <algorithm>

namespace millrace::delivery::trial {

std::unique_ptr<window_state> shard_double::make_windows() {
  if (level_ == 0)
    return std::make_unique<tracked_windows>(scene_.windows, scene_.logs, scene_.shard_of_key,
                                             static_cast<std::uint32_t>(index_));
  const auto& plan = scene_.behind->plan;
  millrace::shard::upstream_window front{"window", 1, {}, {}};
  for (auto [i, end] = scene_.shards_at(0); i < end; ++i)
    front.logs.push_back(scene_.output_of(i));
  stage::chain_step select{select_stage, &scene_.behind->select.select};
  select.counts = true;
  front.chains = {{select, {downstream_stage, &plan.sides[0].input, &plan}}};
  const auto shard = static_cast<std::uint32_t>(index_ - scene_.shards_at(1).first);
  return window::make_shard_windows(
      plan.definition,
      millrace::shard::partials_of(millrace::shard::upstream_rows{&plan, shard, {std::move(front)}}));
}

void shard_double::on_sender_up(const message& m) {
  auto& front = fronts_[m.shard];
  if (front.life == m.life)
    return;
  const auto log = scene_.output_of(m.shard);
  const auto at = core_->in().vector().at(log).at;
  const auto taken = scene_.broken == rule::furthest ? at : core_->taken(log);
  front = {m.life, std::nullopt, taken.has_value()};
  stalled_output_.drop(log);
  scene_.to_shard(life_, m.life,
                  {.what = message::kind::resume,
                   .sink = scene_.taker_of(index_),
                   .shard = m.shard,
                   .life = life_,
                   .session = life_,
                   .at = at,
                   .taken = taken});
  acknowledge_front();
}

void shard_double::after_receiver_is_known() {
  join();
  for (auto& [shard, front] : fronts_) {
    const auto taken = core_->taken(scene_.output_of(shard));
    if (front.knows_furthest || !taken)
      continue;
    front.knows_furthest = true;
    scene_.to_shard(
        life_, front.life,
        {.what = message::kind::furthest, .sink = scene_.taker_of(index_), .shard = shard, .taken = taken});
  }
  take_stalled();
}

void shard_double::on_output(const message& m) {
  if (m.life != fronts_[m.shard].life)
    return;
  if (!stalled() && core_->takes_input())
    return take(m.output);
  stalled_output_.push(m.output);
  take_stalled();
}

void shard_double::take(const output_ptr& f) {
  if (const auto at = core_->in().vector().at(f->log).at; scene_.broken == rule::seen && f->since < at) {
    auto again = *f;
    while (again.begin < again.end && f->position_of(again.end - 1) > at)
      --again.end;
    ledger uncounted;
    if (again.begin < again.end)
      core_->windows().absorb_rows(again, core_->fired(), uncounted);
  }
  const auto before = core_->out().sent();
  const auto out = core_->take(*f);
  if (out.outcome == intake::outcome::broken)
    throw fault("a gap on an edge between windows");
  const auto shard = std::find_if(fronts_.begin(), fronts_.end(),
                                  [&](const auto& front) { return scene_.output_of(front.first) == f->log; });
  if (f->has_content())
    scene_.to_shard(life_, shard->second.life,
                    {.what = message::kind::output_taken,
                     .sink = scene_.taker_of(index_),
                     .shard = shard->first,
                     .session = life_,
                     .at = f->reached});
  put_out(before, out, false);
}

void shard_double::acknowledge_front() {
  for (auto& [shard, front] : fronts_) {
    const auto& vector = scene_.broken == rule::generation && !store_.newest().empty()
                             ? store_.newest()
                             : core_->acknowledged();
    const auto have = vector.find(scene_.output_of(shard));
    if (have == vector.end() || front.told == have->second.at)
      continue;
    front.told = have->second.at;
    scene_.to_shard(life_, front.life,
                    {.what = message::kind::output_acked,
                     .sink = scene_.taker_of(index_),
                     .shard = shard,
                     .at = have->second.at});
  }
}

}  // namespace millrace::delivery::trial
