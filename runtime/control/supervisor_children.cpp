#include "runtime/control/side_by_side.hpp"
#include "runtime/control/spawn.hpp"
#include "runtime/control/supervisor_state.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>

namespace millrace::control {
namespace {

/// A child that has lived this long has recovered.
constexpr std::chrono::seconds healthy_after{30};
/// Failures in a row after which a child is given up: with the back-off, some two minutes.
constexpr std::uint64_t max_failures = 20;
/// Until it is looked again whether a lane may begin its life.
constexpr std::chrono::seconds until_it_may_begin{1};

}  // namespace

void supervisor::start() {
  if (!spawn_all(kind::sink) || !spawn_all(kind::shard) || !spawn_all(kind::lane))
    return;
  for (auto& [name, c] : children_)
    introduce(name, c);
}

bool supervisor::spawn_all(kind what) {
  std::vector<std::pair<const std::string*, child*>> all;
  for (auto& [name, c] : children_)
    if (c.what == what)
      all.emplace_back(&name, &c);
  std::vector<expected<caf::actor>> made(all.size());
  const auto threads = what == kind::shard ? threads_for_blocking(self_->system()) : 1;
  side_by_side(all.size(), threads, [&](std::size_t i) {
    made[i] = make(*all[i].first, *all[i].second, delivery::lane_log::start::at_lowest);
  });
  bool all_live = true;
  for (std::size_t i = 0; i < all.size(); ++i)
    all_live = begin_life(*all[i].first, *all[i].second, std::move(made[i])) && all_live;
  return all_live;
}

void supervisor::on_restart(const std::string& name) {
  auto& c = children_[name];
  if (stopping_ || c.lives)
    return;
  auto made = make(name, c, delivery::lane_log::start::at_furthest);
  if (c.what == kind::lane && !made && made.error().retry) {
    // No failure of its own, however long the disk is full.
    spdlog::error("{} does not begin yet: {}; trying again in {} s", name, made.error().message,
                  until_it_may_begin.count());
    self_->delayed_send(self_, until_it_may_begin, restart_child{name});
    return;
  }
  if (begin_life(name, c, std::move(made)))
    introduce(name, c);
}

void supervisor::on_partition_found(const messages::partition_found& m) {
  const auto looked = children_.find(m.lane);
  if (stopping_ || looked == children_.end() || looked->second.what != kind::lane)
    return;
  const auto& spec = options_.lanes[looked->second.index];
  if (found_.knows(spec.parser, m.partition))
    return;  // said twice before the news got there
  const auto started = spec.keep_start(m.partition, m.first);
  if (!started) {
    spdlog::error("{}: partition {} was found, but where it starts could not be stored: {}; trying again",
                  m.lane, m.partition, started.error().message);
    return;
  }
  const auto& found = found_.add(spec.parser, m.partition, started->log, started->start);
  spdlog::info("{}: found while running, read by {} from position {}", found.log, found.lane,
               found.start.at.minor);
  for (const auto& name : found_.receivers_of(spec.parser))
    if (const auto& c = children_.at(name); c.lives)
      self_->send(c.handle, messages::log_found{found.log, found.start});
  for (const auto& name : found_.lanes_of(spec.parser))
    if (const auto& c = children_.at(name); c.lives)
      self_->send(c.handle, messages::partition_started{found.name, found.lane});
}

void supervisor::on_recovered(const std::string& name) {
  const auto c = children_.find(name);
  if (c != children_.end())
    c->second.waits.reset();
}

void supervisor::on_fail_child(const std::string& name) {
  const auto c = children_.find(name);
  if (c != children_.end() && c->second.lives)
    self_->send(c->second.handle, messages::fail_now{"a test said so"});
}

bool supervisor::is_from_former_life(const std::string& name) const {
  const auto c = children_.find(name);
  return c != children_.end() && c->second.handle != self_->current_sender();
}

bool supervisor::spawn(const std::string& name, child& c, delivery::lane_log::start how) {
  return begin_life(name, c, make(name, c, how));
}

expected<caf::actor> supervisor::make(const std::string& name, const child& c,
                                      delivery::lane_log::start how) const {
  const auto me = caf::actor_cast<caf::actor>(self_);
  if (c.what == kind::sink)
    return options_.sinks[c.index].spawn(found_.feeding(name), me);
  if (c.what == kind::shard)
    return options_.shards[c.index].spawn(found_.feeding(name), me);
  return options_.lanes[c.index].spawn(how, found_.of_parser(options_.lanes[c.index].parser), me);
}

bool supervisor::begin_life(const std::string& name, child& c, expected<caf::actor> made) {
  if (!made) {
    on_failed({name, made.error()});
    return false;
  }
  c.handle = std::move(*made);
  c.lives = true;
  c.since = self_->clock().now();
  self_->monitor(c.handle);
  return true;
}

void supervisor::introduce(const std::string& name, child& c) {
  switch (c.what) {
  case kind::lane:
    for (std::size_t r = 0; r < options_.lanes[c.index].receivers.size(); ++r)
      introduce_receiver(c, options_.lanes[c.index].receivers[r], r);
    break;
  case kind::shard:
    for (auto& [other_name, other] : children_) {
      introduce_to_lane(other, name, c);
      introduce_shard(c, other);
      if (other.what == kind::shard)
        introduce_shard(other, c);
    }
    break;
  case kind::sink:
    for (auto& [other_name, other] : children_) {
      introduce_to_lane(other, name, c);
      introduce_shard(other, c);
      introduce_dead_letter_sink(c, other);
      introduce_dead_letter_sink(other, c);
    }
    break;
  }
}

void supervisor::introduce_receiver(const child& lane, const std::string& receiver, std::size_t index) {
  const auto& c = children_[receiver];
  if (lane.lives && c.lives)
    self_->send(lane.handle, messages::receiver_up{static_cast<messages::receiver_index>(index), c.handle});
  else if (lane.lives)
    self_->send(lane.handle, messages::receiver_down{static_cast<messages::receiver_index>(index)});
}

void supervisor::introduce_to_lane(const child& lane, const std::string& receiver, const child& c) {
  if (lane.what != kind::lane || !lane.lives)
    return;
  const auto& receivers = options_.lanes[lane.index].receivers;
  for (std::size_t r = 0; r < receivers.size(); ++r) {
    if (receivers[r] != receiver)
      continue;
    const auto index = static_cast<messages::receiver_index>(r);
    if (c.lives)
      self_->send(lane.handle, messages::receiver_up{index, c.handle});
    else
      self_->send(lane.handle, messages::receiver_down{index});
  }
}

void supervisor::introduce_shard(const child& shard, const child& to) {
  if (shard.what != kind::shard || to.what == kind::lane || !shard.lives || !to.lives)
    return;
  const auto& log = options_.shards[shard.index].log;
  const auto& logs =
      to.what == kind::sink ? options_.sinks[to.index].shard_logs : options_.shards[to.index].in_front;
  if (std::find(logs.begin(), logs.end(), log) != logs.end())
    self_->send(to.handle, messages::sender_up{log, shard.handle});
}

void supervisor::introduce_dead_letter_sink(const child& sink, const child& dead) {
  if (sink.what != kind::sink || dead.what != kind::sink || !sink.lives || !dead.lives)
    return;
  if (!options_.sinks[sink.index].takes_dead_letters && options_.sinks[dead.index].takes_dead_letters)
    self_->send(sink.handle, messages::receiver_up{0, dead.handle});
}

void supervisor::on_down(const caf::down_msg& m) {
  if (options_.snapshot_writer && options_.snapshot_writer.address() == m.source)
    return on_snapshot_writer_down();
  for (auto& [name, c] : children_) {
    if (!c.handle || c.handle.address() != m.source)
      continue;
    c.lives = false;
    c.handle = nullptr;
    completed_.erase(name);
    if (stopping_ && revive_at_end(name, c))
      return;
    if (collecting_.erase(name) != 0 && collecting_.empty())
      collected();
    if (stopping_)
      return on_stopped(name);
    for (auto& [other_name, other] : children_)
      introduce_to_lane(other, name, c);
    if (self_->clock().now() - c.since > healthy_after)
      c.waits.reset();
    const auto wait = c.waits.next();
    if (c.waits.tries() > max_failures) {
      on_failed({name, error{ec::internal, fault::ours, false,
                             fmt::format("failed {} times in a row and was given up", max_failures), name}});
      return;
    }
    spdlog::error("{} failed ({}); a new life begins in {} ms, the others go on", name,
                  self_->system().render(m.reason), wait.count() / 1000);
    self_->delayed_send(self_, wait, restart_child{name});
    return;
  }
}

}  // namespace millrace::control
