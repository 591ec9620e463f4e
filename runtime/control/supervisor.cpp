#include "runtime/control/supervisor.hpp"

#include "runtime/base/backoff.hpp"
#include "runtime/control/spawn.hpp"

#include <caf/event_based_actor.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <set>

namespace millrace::control {
namespace {

/// Sent to itself.
struct restart_child {
  std::string name;
};
struct stop_took_too_long {
  int phase;
};
struct report_took_too_long {
  std::uint64_t number;
};

}  // namespace
}  // namespace millrace::control

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(millrace::control::restart_child)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(millrace::control::stop_took_too_long)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(millrace::control::report_took_too_long)

namespace millrace::control {
namespace {

using clock = std::chrono::steady_clock;

constexpr backoff_options restart_backoff{.first = std::chrono::milliseconds(50)};
/// A child that has lived this long has recovered.
constexpr std::chrono::seconds healthy_after{30};
/// Failures in a row after which a child is given up: with the back-off above, some two minutes.
constexpr std::uint64_t max_failures = 20;
/// What a stop may take for lanes, shards and sinks each, before the run ends without them.
constexpr std::chrono::seconds stop_timeout{10};
constexpr std::chrono::seconds report_timeout{5};

enum class kind : std::uint8_t { lane, shard, sink };

struct child {
  kind what = kind::lane;
  std::size_t index = 0;
  caf::actor handle;
  bool lives = false;
  backoff waits{restart_backoff};
  clock::time_point since{};
};

class supervisor {
public:
  supervisor(caf::event_based_actor* self, supervisor_options options, caf::actor owner)
      : self_(self), options_(std::move(options)), owner_(std::move(owner)) {
    for (std::size_t i = 0; i < options_.sinks.size(); ++i)
      children_[options_.sinks[i].name] = {kind::sink, i, nullptr, false, backoff(restart_backoff), {}};
    for (std::size_t i = 0; i < options_.shards.size(); ++i)
      children_[options_.shards[i].name] = {kind::shard, i, nullptr, false, backoff(restart_backoff), {}};
    for (std::size_t i = 0; i < options_.lanes.size(); ++i) {
      const auto& lane = options_.lanes[i];
      children_[lane.name] = {kind::lane, i, nullptr, false, backoff(restart_backoff), {}};
      found_.add_lane(lane.name, lane.parser, lane.receivers, lane.partitions);
    }
    self_->set_down_handler([this](const caf::down_msg& m) { on_down(m); });
  }

  void start() {
    for (const auto what : {kind::sink, kind::shard, kind::lane})
      for (auto& [name, c] : children_)
        if (c.what == what && !spawn(name, c, delivery::lane_log::start::at_lowest))
          return;
    for (auto& [name, c] : children_)
      introduce(name, c);
  }

  void on_restart(const std::string& name) {
    auto& c = children_[name];
    if (stopping_ || c.lives)
      return;
    if (spawn(name, c, delivery::lane_log::start::at_furthest))
      introduce(name, c);
  }

  /// Its start is durable before anybody knows of it; its receivers know of it before a lane asks them.
  void on_partition_found(const messages::partition_found& m) {
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

  void on_completed(const std::string& name) {
    completed_.insert(name);
    // The shards, too: after a kill at the end sinks may have everything while shards have yet to catch up
    // with it, and the ledger is theirs.
    if (completed_.size() == options_.sinks.size() + options_.shards.size() && !stopping_) {
      finished_ = true;
      begin_stop();
    }
  }

  void on_failed(const messages::stage_failed& m) {
    if (!failure_) {
      failure_ = m.why;
      if (failure_->stage.empty())
        failure_->stage = m.actor;
    }
    begin_stop();
  }

  void begin_stop() {
    if (stopping_)
      return;
    stopping_ = true;
    collect();  // while everybody still lives
  }

  void on_report_request(const caf::actor& to) {
    report_for_.push_back(to);
    collect();
  }

  void on_part(const messages::report_part& part) {
    parts_[part.actor] = part;
    if (collecting_.erase(part.actor) != 0 && collecting_.empty())
      collected();
  }

  void on_report_timeout(std::uint64_t number) {
    if (number == report_number_ && !collecting_.empty()) {
      collecting_.clear();
      collected();
    }
  }

  void on_stopped(const std::string& name) {
    waiting_for_.erase(name);
    if (stopping_ && phase_ >= 0 && waiting_for_.empty())
      next_phase();
  }

  void on_stop_timeout(int phase) {
    if (phase != phase_ || waiting_for_.empty())
      return;
    for (const auto& name : waiting_for_)
      spdlog::warn("{} does not stop; going on without it", name);
    waiting_for_.clear();
    next_phase();
  }

  void on_recovered(const std::string& name) {
    const auto c = children_.find(name);
    if (c != children_.end())
      c->second.waits.reset();
  }

  void on_fail_child(const std::string& name) {
    const auto c = children_.find(name);
    if (c != children_.end() && c->second.lives)
      self_->send(c->second.handle, messages::fail_now{"a test said so"});
  }

private:
  bool spawn(const std::string& name, child& c, delivery::lane_log::start how) {
    const auto me = caf::actor_cast<caf::actor>(self_);
    expected<caf::actor> made = caf::actor{};
    switch (c.what) {
    case kind::sink:
      made = options_.sinks[c.index].spawn(found_.feeding(name), me);
      break;
    case kind::shard:
      made = options_.shards[c.index].spawn(found_.feeding(name), me);
      break;
    case kind::lane:
      made = options_.lanes[c.index].spawn(how, found_.of_parser(options_.lanes[c.index].parser), me);
      break;
    }
    if (!made) {
      on_failed({name, made.error()});
      return false;
    }
    c.handle = std::move(*made);
    c.lives = true;
    c.since = clock::now();
    self_->monitor(c.handle);
    return true;
  }

  /// Tells a child whom it works with, and them of it.
  void introduce(const std::string& name, child& c) {
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

  void introduce_receiver(const child& lane, const std::string& receiver, std::size_t index) {
    const auto& c = children_[receiver];
    if (lane.lives && c.lives)
      self_->send(lane.handle, messages::receiver_up{static_cast<messages::receiver_index>(index), c.handle});
    else if (lane.lives)
      self_->send(lane.handle, messages::receiver_down{static_cast<messages::receiver_index>(index)});
  }

  void introduce_to_lane(const child& lane, const std::string& receiver, const child& c) {
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

  /// To a sink, or a shard of a window behind, that gets its output.
  void introduce_shard(const child& shard, const child& to) {
    if (shard.what != kind::shard || to.what == kind::lane || !shard.lives || !to.lives)
      return;
    const auto& log = options_.shards[shard.index].log;
    const auto& logs =
        to.what == kind::sink ? options_.sinks[to.index].shard_logs : options_.shards[to.index].in_front;
    if (std::find(logs.begin(), logs.end(), log) != logs.end())
      self_->send(to.handle, messages::sender_up{log, shard.handle});
  }

  void introduce_dead_letter_sink(const child& sink, const child& dead) {
    if (sink.what != kind::sink || dead.what != kind::sink || !sink.lives || !dead.lives)
      return;
    if (!options_.sinks[sink.index].takes_dead_letters && options_.sinks[dead.index].takes_dead_letters)
      self_->send(sink.handle, messages::receiver_up{0, dead.handle});
  }

  void on_down(const caf::down_msg& m) {
    for (auto& [name, c] : children_) {
      if (!c.handle || c.handle.address() != m.source)
        continue;
      c.lives = false;
      c.handle = nullptr;
      completed_.erase(name);
      if (collecting_.erase(name) != 0 && collecting_.empty())
        collected();
      if (stopping_) {
        on_stopped(name);
        return;
      }
      for (auto& [other_name, other] : children_)
        introduce_to_lane(other, name, c);
      if (clock::now() - c.since > healthy_after)
        c.waits.reset();
      const auto wait = c.waits.next();
      if (c.waits.tries() > max_failures) {
        on_failed(
            {name, error{ec::internal, fault::ours, false,
                         fmt::format("failed {} times in a row and was given up", max_failures), name}});
        return;
      }
      spdlog::error("{} failed ({}); a new life begins in {} ms, the others go on", name,
                    self_->system().render(m.reason), wait.count() / 1000);
      self_->delayed_send(self_, wait, restart_child{name});
      return;
    }
  }

  void collect() {
    if (!collecting_.empty())
      return;
    ++report_number_;
    for (const auto& [name, c] : children_)
      if (c.lives && c.what != kind::lane) {
        collecting_.insert(name);
        self_->send(c.handle, messages::collect_report{});
      }
    self_->delayed_send(self_, report_timeout, report_took_too_long{report_number_});
    if (collecting_.empty())
      collected();
  }

  void collected() {
    report_collected all;
    for (const auto& [name, part] : parts_)
      all.parts.push_back(part);
    for (const auto& to : report_for_)
      self_->send(to, all);
    report_for_.clear();
    if (stopping_ && phase_ < 0)
      next_phase();
  }

  /// Lanes, shards, sinks; then the run is over.
  void next_phase() {
    ++phase_;
    if (phase_ == 3) {
      if (options_.snapshot_writer)
        self_->send(options_.snapshot_writer, messages::stop{});
      report_collected all;
      for (const auto& [name, part] : parts_)
        all.parts.push_back(part);
      return end(std::move(all.parts));
    }
    const auto what = phase_ == 0 ? kind::lane : phase_ == 1 ? kind::shard : kind::sink;
    for (const auto& [name, c] : children_)
      if (c.what == what && c.lives) {
        waiting_for_.insert(name);
        if (what != kind::lane)
          self_->send(c.handle, messages::collect_report{});  // answered before it stops: the last word
        self_->send(c.handle, messages::stop{});
      }
    self_->delayed_send(self_, stop_timeout, stop_took_too_long{phase_});
    if (waiting_for_.empty())
      next_phase();
  }

  void end(std::vector<messages::report_part> parts) {
    if (ended_)
      return;
    ended_ = true;
    self_->send(owner_, run_ended{finished_, failure_, std::move(parts)});
    self_->quit();
  }

  caf::event_based_actor* self_;
  supervisor_options options_;
  caf::actor owner_;
  std::map<std::string, child> children_;
  found_partitions found_;
  std::set<std::string> completed_;
  std::optional<error> failure_;
  bool finished_ = false;
  bool stopping_ = false;
  bool ended_ = false;
  int phase_ = -1;
  std::set<std::string> waiting_for_;
  std::map<std::string, messages::report_part> parts_;
  std::set<std::string> collecting_;
  std::vector<caf::actor> report_for_;
  std::uint64_t report_number_ = 0;
};

caf::behavior supervisor_behaviour(caf::event_based_actor* self,
                                   const std::shared_ptr<supervisor_options>& options,
                                   const caf::actor& owner) {
  auto state = std::make_shared<supervisor>(self, std::move(*options), owner);
  state->start();
  return {
      [=](const messages::completed& m) { state->on_completed(m.actor); },
      [=](const messages::stage_failed& m) { state->on_failed(m); },
      [=](const messages::recovered& m) { state->on_recovered(m.actor); },
      [=](const messages::stopped& m) { state->on_stopped(m.actor); },
      [=](const messages::report_part& m) { state->on_part(m); },
      [=](const messages::partition_found& m) { state->on_partition_found(m); },
      [=](const end_run&) { state->begin_stop(); },
      [=](const get_report&) {
        state->on_report_request(caf::actor_cast<caf::actor>(self->current_sender()));
      },
      [=](const fail_child& m) { state->on_fail_child(m.name); },
      [=](const restart_child& m) { state->on_restart(m.name); },
      [=](const stop_took_too_long& m) { state->on_stop_timeout(m.phase); },
      [=](const report_took_too_long& m) { state->on_report_timeout(m.number); },
  };
}

}  // namespace

caf::actor spawn_supervisor(caf::actor_system& system, supervisor_options options, caf::actor owner) {
  return spawn_blocking(system, supervisor_behaviour,
                        std::make_shared<supervisor_options>(std::move(options)), std::move(owner));
}

}  // namespace millrace::control
