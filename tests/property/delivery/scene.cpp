#include "tests/property/delivery/scene.hpp"

#include "tests/property/delivery/lane_double.hpp"
#include "tests/property/delivery/shard_double.hpp"
#include "tests/property/delivery/sink_double.hpp"

#include <algorithm>

namespace millrace::delivery::trial {
namespace {

/// The supervisor's messages carry this as their sender.
constexpr std::uint64_t supervisor = 0;

struct window_shape {
  event_micros size;
  event_micros slide;
};
constexpr window_shape shapes[] = {{10, 10}, {10, 5}, {10, 2}};
constexpr event_micros latenesses[] = {0, 0, 3, 12};
constexpr std::size_t credits[] = {1, 2'000, 20'000};
/// The second level is wider and narrower than the first, and such that their ends differ.
constexpr window_shape downstream_shapes[] = {{20, 20}, {30, 10}, {4, 2}, {7, 7}, {10, 10}};

window::definition all_time(std::uint32_t shards) {
  auto d = windows_of(1, 1, 0, shards);
  d.kind = window::shape::global;
  d.bounded = false;
  return d;
}

}  // namespace

void inbox::put(std::uint64_t sender, message m) {
  auto q = std::find_if(queues_.begin(), queues_.end(), [&](const auto& x) { return x.sender == sender; });
  if (q == queues_.end())
    q = queues_.insert(queues_.end(), {sender, {}, 0});
  q->messages.push_back(std::move(m));
}

std::optional<message> inbox::take(chance& c) {
  if (queues_.empty())
    return std::nullopt;
  auto& q = queues_[c() % queues_.size()];
  auto m = std::move(q.messages[q.next++]);
  if (q.next == q.messages.size()) {
    std::swap(q, queues_.back());
    queues_.pop_back();
  }
  return m;
}

void inbox::lose(std::uint64_t sender, chance& c) {
  const auto q =
      std::find_if(queues_.begin(), queues_.end(), [&](const auto& x) { return x.sender == sender; });
  if (q == queues_.end())
    return;
  q->messages.resize(q->next + c() % (q->messages.size() - q->next + 1));
  if (q->next == q->messages.size())
    queues_.erase(q);
}

scene::scene(std::uint64_t seed, rule broken) : random(static_cast<std::uint32_t>(seed)), broken(broken) {
  logs = random_logs(random);
  idle = trial::between(random, 0, 9) < 4;
  if (idle) {
    for (auto& log : logs)
      log.there = 0;
    if (logs.size() > 1 && !one_in(4))
      quiet = random() % logs.size();
  }
  // The removal of rule `furthest` shows only in such a schedule.
  const bool furthest = broken == rule::furthest;
  later = logs.size() > 1 && (one_in(3) || furthest);
  if (later)
    for (std::size_t i = 0; i < logs.size(); ++i) {
      logs[i].there = 0;
      logs[i].later = i + 1 == logs.size() || (i != 0 && one_in(2));
      logs[i].found = !logs[i].later;
    }
  for (auto& log : logs)
    log.may_miss = idle || log.later;
  lagging_captures = (idle || later) && (one_in(2) || furthest);
  const auto shape = shapes[random() % std::size(shapes)];
  windows = windows_of(shape.size, shape.slide, latenesses[random() % std::size(latenesses)],
                       static_cast<std::uint32_t>(between(random, 1, 4)));
  shard_of_key = shards_of_keys(windows);
  credit = credits[random() % std::size(credits)];
  std::vector<std::size_t> levels(static_cast<std::size_t>(between(random, 1, 2)), 0);
  windows.updates = one_in(3) && !furthest;
  if (one_in(2) || furthest) {
    const auto next = downstream_shapes[random() % std::size(downstream_shapes)];
    const auto n = static_cast<std::uint32_t>(between(random, 1, 3));
    auto second =
        windows.updates || one_in(6) ? all_time(n) : windows_of(next.size, next.slide, one_in(3) ? 3 : 0, n);
    second.updates = one_in(3);
    behind = trial::behind(windows, std::move(second));
    if (!windows.updates && (one_in(2) || furthest))
      levels.clear();  // nobody else knows what the first level has sent
    levels.resize(levels.size() + static_cast<std::size_t>(between(random, 1, 2)), 1);
  }
  if (one_in(2)) {
    raw_sink = levels.size();
    levels.push_back(0);
  }
  for (std::size_t i = 0; i < levels.size(); ++i)
    sinks.push_back(std::make_unique<sink_double>(*this, i, levels[i], i == 1));
  for (std::size_t i = 0; i < windows.shards + (behind ? behind->plan.definition.shards : 0); ++i)
    shards.push_back(std::make_unique<shard_double>(*this, i));
  for (std::size_t i = 0; i < shards.size(); ++i)
    announce_shard(i);
  current.resize(logs.size());
  for (std::size_t i = 0; i < logs.size(); ++i)
    if (logs[i].found)
      place(i, true);
}

scene::~scene() = default;

std::pair<std::size_t, std::size_t> scene::shards_at(std::size_t level) const {
  const std::size_t first = windows.shards;
  if (level == 0)
    return {0, first};
  return {first, first + behind->plan.definition.shards};
}

log_id scene::output_of(std::size_t shard) const {
  const auto level = level_of(shard);
  return (level == 0 ? "window/0/" : "behind/0/") + std::to_string(shard - shards_at(level).first);
}

std::vector<std::size_t> scene::takers_at(std::size_t level) const {
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < sinks.size(); ++i)
    if (raw_sink != i && sinks[i]->level() == level)
      out.push_back(i);
  if (level == 0 && behind)
    for (auto [i, end] = shards_at(1); i < end; ++i)
      out.push_back(taker_of(i));
  return out;
}

std::string scene::name_of_taker(std::size_t taker) const {
  return taker < sinks.size() ? sinks[taker]->name() : output_of(taker - sinks.size());
}

incarnation scene::life_of(std::size_t receiver) const {
  return receiver < windows.shards ? shards[receiver]->life() : sinks[*raw_sink]->handle();
}

fence scene::fence_of(std::size_t receiver, std::size_t log) const {
  return receiver < windows.shards ? shards[receiver]->fence_of(log) : sinks[*raw_sink]->fence_of(log);
}

void scene::to_receiver(std::uint64_t sender, incarnation life, message m) {
  if (life != life_of(m.receiver))
    return;
  auto& in = m.receiver < windows.shards ? shards[m.receiver]->in : sinks[*raw_sink]->in;
  in.put(sender, std::move(m));
}

void scene::to_lane(std::uint64_t sender, message m) {
  if (const auto lane = lanes.find(m.lane); lane != lanes.end())
    lane->second->in.put(sender, std::move(m));
}

void scene::to_shard(std::uint64_t sender, incarnation life, message m) {
  if (life == shards[m.shard]->life())
    shards[m.shard]->in.put(sender, std::move(m));
}

void scene::to_sink(std::uint64_t sender, incarnation life, message m) {
  if (m.sink < sinks.size()) {
    if (life == sinks[m.sink]->handle())
      sinks[m.sink]->in.put(sender, std::move(m));
  } else if (auto& shard = *shards[m.sink - sinks.size()]; life == shard.life()) {
    shard.in.put(sender, std::move(m));
  }
}

void scene::lose(std::uint64_t sender) {
  for (auto& [id, lane] : lanes)
    lane->in.lose(sender, random);
  for (auto& s : shards)
    s->in.lose(sender, random);
  for (auto& s : sinks)
    s->in.lose(sender, random);
}

void scene::place(std::size_t log, bool process_starts) {
  const auto id = next_number();
  lanes[id] = std::make_unique<lane_double>(
      *this, id, log, process_starts ? lane_log::start::at_lowest : lane_log::start::at_furthest);
  current[log] = id;
  for (std::size_t r = 0; r < receivers(); ++r)
    to_lane(supervisor, {.what = message::kind::receiver_up, .lane = id, .receiver = r, .life = life_of(r)});
}

void scene::find(std::size_t log) {
  logs[log].found = true;
  for (std::size_t r = 0; r < receivers(); ++r)
    to_receiver(supervisor, life_of(r), {.what = message::kind::log_found, .log = log, .receiver = r});
  place(log, one_in(4));
}

void scene::announce(std::size_t receiver) {
  for (const auto& [id, lane] : lanes) {
    to_lane(supervisor, {.what = message::kind::receiver_down, .lane = id, .receiver = receiver});
    to_lane(
        supervisor,
        {.what = message::kind::receiver_up, .lane = id, .receiver = receiver, .life = life_of(receiver)});
  }
}

void scene::announce_shard(std::size_t shard) {
  for (const auto i : takers_at(level_of(shard)))
    to_sink(supervisor, i < sinks.size() ? sinks[i]->handle() : shards[i - sinks.size()]->life(),
            {.what = message::kind::sender_up, .sink = i, .shard = shard, .life = shards[shard]->life()});
}

lane_double& scene::any_lane() {
  auto at = lanes.begin();
  std::advance(at, random() % lanes.size());
  return *at->second;
}
shard_double& scene::any_shard() { return *shards[random() % shards.size()]; }
sink_double& scene::any_sink() { return *sinks[random() % sinks.size()]; }

void scene::tick() {
  ticks += random() % 2;
  if (one_in(20))
    ticks = std::max<event_micros>(0, ticks - between(random, 0, 5));  // a clock that is set back
  any_shard().update_tick(ticks);
}

}  // namespace millrace::delivery::trial
