#include "runtime/control/director.hpp"

#include "runtime/base/shard_name.hpp"

#include <algorithm>
#include <utility>

namespace millrace::control {

director::director(const std::vector<member>& members, bool all_begin) : all_begin_(all_begin) {
  for (const auto& m : members) {
    members_[m.name] = {m};
    if (m.kind == member_kind::lane)
      found_.add_lane(m.name, m.parser, m.receivers, m.partitions);
    else
      ++receivers_;
  }
}

bool director::lives(const std::string& name) const {
  const auto m = members_.find(name);
  return m != members_.end() && m->second.lives;
}

bool director::is_present(const std::string& name, const life& l) const {
  const auto m = members_.find(name);
  return m != members_.end() && m->second.lives && m->second.now.term == l.term;
}

director_effect_list director::began(const std::string& name, const life& now) {
  // A start may have been recorded since its life was prepared, or told by a director that is gone.
  auto out = tell_of_found(name);
  auto& m = members_.at(name);
  m.lives = true;
  m.now = now;
  m.told_of_others.reset();
  introduce(m, out);
  if (m.what.limits_drift)
    tell_lanes_of(m.what.parser, out);
  restarted(name, out);
  return out;
}

director_effect_list director::tell_of_found(const std::string& name) const {
  director_effect_list out;
  const auto& m = members_.at(name);
  if (m.what.kind == member_kind::lane) {
    for (const auto& f : found_.of_parser(m.what.parser))
      out.push_back(director_effects::tell_partition{name, f.name, f.lane});
  } else {
    for (const auto& [log, start] : found_.feeding(name))
      out.push_back(director_effects::tell_log{name, log, start});
  }
  return out;
}

director_effect_list director::introduce_again(const std::string& name) const {
  auto out = tell_of_found(name);
  const auto& m = members_.at(name);
  introduce(m, out);
  if (m.told_of_others)
    out.push_back(director_effects::tell_slowest{name, *m.told_of_others});
  if (collecting_.contains(name))
    out.push_back(director_effects::collect{name});
  if (waiting_for_.contains(name))
    out.push_back(director_effects::stop{name});
  return out;
}

director_effect_list director::could_not_begin(const std::string& name, const error& why) {
  director_effect_list out;
  note_failure(name, why);
  restarted(name, out);
  begin_end(out);
  return out;
}

director_effect_list director::is_down(const std::string& name) {
  director_effect_list out;
  auto& m = members_.at(name);
  m.lives = false;
  completed_.erase(name);
  if (is_ending() && restart_at_end(name))
    return out;
  no_longer_collects(name, out);
  if (is_ending()) {
    has_stopped(name, out);
    return out;
  }
  for (const auto& [_, other] : members_)
    introduce_to_lane(other, m, out);
  return out;
}

director_effect_list director::fenced(const std::string& name, const life& refused, const error& why) {
  director_effect_list out;
  if (!is_present(name, refused))
    return out;
  members_.at(name).lives = false;
  completed_.erase(name);
  finished_ = false;  // the state that would say so is not this run's
  note_failure(name, why);
  no_longer_collects(name, out);
  has_stopped(name, out);
  begin_end(out);
  return out;
}

// --- introductions

void director::introduce(const state& m, director_effect_list& out) const {
  if (m.what.kind == member_kind::lane) {
    // The effect comes before the lane can ask anybody. A lane that is not paused is told as well: a former
    // director may have paused it.
    out.push_back(director_effects::tell_paused{m.what.name, is_paused_});
    for (std::uint32_t r = 0; r < m.what.receivers.size(); ++r) {
      const auto& receiver = members_.at(m.what.receivers[r]);
      const bool is_to_come = all_begin_ && !receiver.lives && receiver.now == life{};
      if (!is_to_come)  // else the lane is told once it begins
        introduce_to_lane(m, receiver, r, out);
    }
    return;
  }
  for (const auto& [name, other] : members_) {
    introduce_to_lane(other, m, out);
    introduce_shard(other, m, out);
    introduce_dead_letter_sink(other, m, out);
    if (&other != &m) {
      introduce_shard(m, other, out);
      introduce_dead_letter_sink(m, other, out);
    }
  }
}

void director::introduce_to_lane(const state& lane, const state& receiver, director_effect_list& out) const {
  if (lane.what.kind != member_kind::lane || !lane.lives)
    return;
  for (std::uint32_t r = 0; r < lane.what.receivers.size(); ++r)
    if (lane.what.receivers[r] == receiver.what.name)
      introduce_to_lane(lane, receiver, r, out);
}

void director::introduce_to_lane(const state& lane, const state& receiver, std::uint32_t index,
                                 director_effect_list& out) {
  out.push_back(director_effects::tell_receiver{lane.what.name, index, receiver.what.name, receiver.lives,
                                                receiver.now});
}

void director::introduce_shard(const state& shard, const state& to, director_effect_list& out) const {
  if (shard.what.kind != member_kind::shard || to.what.kind == member_kind::lane || !shard.lives || !to.lives)
    return;
  const auto& logs = to.what.upstream;
  if (std::find(logs.begin(), logs.end(), shard.what.log) != logs.end())
    out.push_back(director_effects::tell_sender{to.what.name, shard.what.log, shard.what.name, shard.now});
}

void director::introduce_dead_letter_sink(const state& sink, const state& dead,
                                          director_effect_list& out) const {
  if (sink.what.kind != member_kind::sink || dead.what.kind != member_kind::sink || !sink.lives ||
      !dead.lives)
    return;
  if (!sink.what.takes_dead_letters && dead.what.takes_dead_letters)
    out.push_back(director_effects::tell_dead_letter_sink{sink.what.name, dead.what.name, dead.now});
}

// --- partitions

bool director::is_new(const std::string& lane, const life& of, const std::string& partition) const {
  if (is_ending() || !is_present(lane, of))
    return false;
  const auto& m = members_.at(lane).what;
  return m.kind == member_kind::lane && !found_.knows(m.parser, partition);
}

director_effect_list director::start(found_partition partition) {
  director_effect_list out;
  const auto& f = found_.add(std::move(partition));
  // Receivers know of the log before a lane asks them for it.
  for (const auto& name : found_.receivers_of(f.parser)) {
    completed_.erase(name);
    if (lives(name))
      out.push_back(director_effects::tell_log{name, f.log, f.start});
  }
  for (const auto& name : found_.lanes_of(f.parser))
    if (lives(name))
      out.push_back(director_effects::tell_partition{name, f.name, f.lane});
  return out;
}

// --- max_drift

director_effect_list director::stands_at(const std::string& lane, const life& of, event_micros slowest) {
  director_effect_list out;
  if (!is_present(lane, of))
    return out;
  auto& m = members_.at(lane);
  m.slowest = slowest;
  tell_lanes_of(m.what.parser, out);
  return out;
}

/// Tells each of the lanes what is news to it.
void director::tell_lanes_of(const std::string& parser, director_effect_list& out) {
  std::vector<state*> lanes;
  for (auto& [_, m] : members_)
    if (m.what.kind == member_kind::lane && m.what.parser == parser)
      lanes.push_back(&m);
  for (auto* const lane : lanes) {
    auto slowest = end_of_time;
    for (const auto* const other : lanes)
      if (other != lane)
        slowest = std::min(slowest, other->slowest);
    if (!lane->lives || lane->told_of_others == slowest)
      continue;
    lane->told_of_others = slowest;
    out.push_back(director_effects::tell_slowest{lane->what.name, slowest});
  }
}

// --- requests from outside

director_effect_list director::set_paused(bool is_paused) {
  director_effect_list out;
  if (std::exchange(is_paused_, is_paused) == is_paused)
    return out;
  for (const auto& [name, m] : members_)
    if (m.what.kind == member_kind::lane && m.lives)
      out.push_back(director_effects::tell_paused{name, is_paused});
  return out;
}

director_effect_list director::restart(const std::string& who) const {
  director_effect_list out;
  if (is_ending())
    return out;
  for (const auto& [name, m] : members_)
    if (m.lives && is_meant_by(who, name))
      out.push_back(director_effects::restart{name});
  return out;
}

// --- the end

director_effect_list director::completed(const std::string& name, const life& of, std::uint64_t found) {
  director_effect_list out;
  // An actor that said so before it heard of some log says so again once it has taken that log, too.
  if (!is_present(name, of) || found < found_.feeding(name).size())
    return out;
  completed_.insert(name);
  // The shards, too: after a kill at the end sinks may have everything while shards have yet to catch up
  // with it, and the ledger is theirs.
  if (completed_.size() == receivers_ && !is_ending()) {
    finished_ = true;
    begin_end(out);
  }
  return out;
}

void director::note_failure(const std::string& name, const error& why) {
  if (failure_)
    return;
  failure_ = why;
  if (failure_->stage.empty())
    failure_->stage = name;
}

director_effect_list director::failed(const std::string& name, const life& of, const error& why) {
  return is_present(name, of) ? given_up(name, why) : director_effect_list();
}

director_effect_list director::given_up(const std::string& name, const error& why) {
  director_effect_list out;
  note_failure(name, why);
  begin_end(out);
  return out;
}

director_effect_list director::end() {
  director_effect_list out;
  begin_end(out);
  return out;
}

void director::begin_end(director_effect_list& out) {
  if (is_ending())
    return;
  phase_ = phase::restarting;
  // A member that waits for its next life has counts as well.
  if (!failure_)
    for (const auto& [name, m] : members_)
      if (!m.lives && m.what.kind != member_kind::lane)
        restarting_.insert(name);
  restarted({}, out);
}

/// Its life has begun, or cannot begin.
void director::restarted(const std::string& name, director_effect_list& out) {
  const bool was_asked = restarting_.erase(name) != 0;
  if (phase_ == phase::restarting && restarting_.empty()) {
    phase_ = phase::reporting;
    collect(out);
  } else if (phase_ == phase::reporting && was_asked) {
    if (lives(name))
      out.push_back(director_effects::collect{name});
    else
      no_longer_collects(name, out);
  }
}

bool director::restart_at_end(const std::string& name) {
  if (members_.at(name).what.kind == member_kind::lane || failure_ || reported_at_end_.contains(name))
    return false;
  if (phase_ == phase::reporting && finished_) {
    // It has to come to the end once more, and the run with it; so has a member that failed after its report.
    finished_ = false;
    phase_ = phase::running;
    reported_at_end_.clear();
    return false;
  }
  const bool may_report = phase_ == phase::restarting || phase_ == phase::reporting;
  if (may_report && restarted_at_end_.insert(name).second) {
    restarting_.insert(name);
    if (phase_ == phase::reporting)
      collecting_.insert(name);
    return true;
  }
  finished_ = false;
  failure_ = error{ec::internal, fault::ours, true,
                   "failed while the run ended, so that its counts are missing; nothing is lost: the same "
                   "command ends it",
                   name};
  return false;
}

director_effect_list director::stopped(const std::string& name, const life& of) {
  director_effect_list out;
  if (is_present(name, of))
    has_stopped(name, out);
  return out;
}

void director::has_stopped(const std::string& name, director_effect_list& out) {
  waiting_for_.erase(name);
  if (has_stop_phase() && waiting_for_.empty())
    next_phase(out);
}

director_effect_list director::stops_are_due(std::uint64_t number) {
  director_effect_list out;
  if (number != stop_number_ || waiting_for_.empty())
    return out;
  for (const auto& name : std::exchange(waiting_for_, {}))
    out.push_back(director_effects::leave_behind{name});
  next_phase(out);
  return out;
}

void director::next_phase(director_effect_list& out) {
  const auto stop_all = [&](member_kind what) {
    for (const auto& [name, m] : members_)
      if (m.what.kind == what && m.lives) {
        waiting_for_.insert(name);
        if (what != member_kind::lane)
          out.push_back(director_effects::collect{name});  // answered before it stops: the last word
        out.push_back(director_effects::stop{name});
      }
    out.push_back(director_effects::wait_for_stops{++stop_number_});
  };
  switch (phase_) {
  case phase::reporting:
    phase_ = phase::stopping_lanes;
    stop_all(member_kind::lane);
    break;
  case phase::stopping_lanes:
    phase_ = phase::stopping_shards;
    stop_all(member_kind::shard);
    break;
  case phase::stopping_shards:
    phase_ = phase::stopping_sinks;
    stop_all(member_kind::sink);
    break;
  case phase::stopping_sinks:
    phase_ = phase::ended;
    out.push_back(director_effects::end_run{});
    return;
  case phase::running:
  case phase::restarting:
  case phase::ended:
    return;
  }
  if (waiting_for_.empty())
    next_phase(out);
}

// --- reports

director_effect_list director::report() {
  director_effect_list out;
  collect(out);
  return out;
}

director_effect_list director::part(const messages::report_part& p) {
  director_effect_list out;
  if (!is_present(p.actor, p.life))
    return out;
  // A life on a node may follow one that failed after its last report: the new one has yet to come as far.
  const bool is_behind = reported_at_end_.contains(p.actor) && parts_.at(p.actor).life < p.life;
  if (!is_behind)
    parts_[p.actor] = p;
  if (is_ending())
    reported_at_end_.insert(p.actor);
  if (!is_behind)
    answered_.insert(p.actor);
  no_longer_collects(p.actor, out);
  return out;
}

director_effect_list director::reports_are_due(std::uint64_t number) {
  director_effect_list out;
  if (number == report_number_ && !collecting_.empty()) {
    collecting_.clear();
    collected(out);
  }
  return out;
}

std::vector<messages::report_part> director::parts() const {
  std::vector<messages::report_part> out;
  for (const auto& [name, m] : members_) {
    if (m.what.kind == member_kind::lane)
      continue;
    const auto known = parts_.find(name);
    auto& part = out.emplace_back(known != parts_.end() ? known->second : messages::report_part{});
    part.actor = name;
    if (!answered_.contains(name))
      part.missing = name;
  }
  return out;
}

void director::collect(director_effect_list& out) {
  if (!collecting_.empty())
    return;
  ++report_number_;
  answered_.clear();
  for (const auto& [name, m] : members_)
    if (m.lives && m.what.kind != member_kind::lane) {
      collecting_.insert(name);
      out.push_back(director_effects::collect{name});
    }
  out.push_back(director_effects::wait_for_reports{report_number_});
  if (collecting_.empty())
    collected(out);
}

void director::no_longer_collects(const std::string& name, director_effect_list& out) {
  if (collecting_.erase(name) != 0 && collecting_.empty())
    collected(out);
}

void director::collected(director_effect_list& out) {
  out.push_back(director_effects::give_report{});
  if (phase_ == phase::reporting)
    next_phase(out);
}

}  // namespace millrace::control
