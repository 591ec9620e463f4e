#include "runtime/control/supervisor_state.hpp"

#include <spdlog/spdlog.h>

#include <utility>

namespace millrace::control {
namespace {

/// What a stop may take for lanes, shards and sinks each, before the run ends without them.
constexpr std::chrono::seconds stop_timeout{10};
constexpr std::chrono::seconds report_timeout{5};

}  // namespace

void supervisor::on_completed(const std::string& name) {
  completed_.insert(name);
  // The shards, too: after a kill at the end sinks may have everything while shards have yet to catch up
  // with it, and the ledger is theirs.
  if (completed_.size() == options_.sinks.size() + options_.shards.size() && !stopping_) {
    finished_ = true;
    begin_stop();
  }
}

void supervisor::on_failed(const messages::stage_failed& m) {
  if (!failure_) {
    failure_ = m.why;
    if (failure_->stage.empty())
      failure_->stage = m.actor;
  }
  begin_stop();
}

void supervisor::begin_stop() {
  if (stopping_)
    return;
  // Whoever waits for its next life has counts as well.
  for (auto& [name, c] : children_)
    if (!failure_ && !c.lives && c.what != kind::lane)
      on_restart(name);
  if (std::exchange(stopping_, true))
    return;
  collect();  // while everybody still lives
}

void supervisor::on_report_request(const caf::actor& to) {
  report_for_.push_back(to);
  collect();
}

void supervisor::on_part(const messages::report_part& part) {
  parts_[part.actor] = part;
  if (stopping_)
    reported_at_end_.insert(part.actor);
  if (collecting_.erase(part.actor) != 0 && collecting_.empty())
    collected();
}

void supervisor::on_report_timeout(std::uint64_t number) {
  if (number == report_number_ && !collecting_.empty()) {
    collecting_.clear();
    collected();
  }
}

void supervisor::on_stopped(const std::string& name) {
  waiting_for_.erase(name);
  if (stopping_ && phase_ >= 0 && waiting_for_.empty())
    next_phase();
}

bool supervisor::revive_at_end(const std::string& name, child& c) {
  if (c.what == kind::lane || failure_ || reported_at_end_.contains(name))
    return false;
  if (phase_ < 0 && finished_) {
    // It has to come to the end once more, and the run with it; so has whoever failed after its report.
    finished_ = stopping_ = false;
    reported_at_end_.clear();
    for (auto& [other, o] : children_)
      if (!o.lives && other != name)
        on_restart(other);
    return false;
  }
  if (phase_ < 0 && revived_at_end_.insert(name).second) {
    if (!spawn(name, c, delivery::lane_log::start::at_furthest))
      return false;
    introduce(name, c);
    collecting_.insert(name);
    self_->send(c.handle, messages::collect_report{});
    return true;
  }
  finished_ = false;
  failure_ = error{ec::internal, fault::ours, true,
                   "failed while the run ended, so that its counts are missing; nothing is lost: the same "
                   "command ends it",
                   name};
  return false;
}

/// Nobody's captures would become durable any more, and nothing would be acknowledged.
void supervisor::on_snapshot_writer_down() {
  options_.snapshot_writer = nullptr;
  if (!ended_)
    on_failed({"snapshots", error{ec::internal, fault::ours, true,
                                  "the thread that writes them has failed; nothing is lost: the same command "
                                  "goes on from the last ones",
                                  "snapshots"}});
}

void supervisor::on_stop_timeout(int phase) {
  if (phase != phase_ || waiting_for_.empty())
    return;
  for (const auto& name : waiting_for_)
    spdlog::warn("{} does not stop; going on without it", name);
  waiting_for_.clear();
  next_phase();
}

void supervisor::collect() {
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

void supervisor::collected() {
  report_collected all;
  for (const auto& [name, part] : parts_)
    all.parts.push_back(part);
  for (const auto& to : report_for_)
    self_->send(to, all);
  report_for_.clear();
  if (stopping_ && phase_ < 0)
    next_phase();
}

void supervisor::next_phase() {
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

void supervisor::end(std::vector<messages::report_part> parts) {
  if (ended_)
    return;
  ended_ = true;
  self_->send(owner_, run_ended{finished_, failure_, std::move(parts)});
  self_->quit();
}

}  // namespace millrace::control
