#include "actors/stream/sink/sink_life.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace millrace::sink {

sink_life::sink_life(sink_settings options, const life& now, first_commit first, const steady_time& time,
                     std::uint64_t seed)
    : options_(std::move(options)), time_(time), life_(now), core_(now, options_.run),
      target_(options_.make_writer, options_.gauges, time_),
      health_({options_.start_timeout, !options_.gives_up_later}, time_.now(), seed),
      taken_(options_, target_, time_), refused_(options_.name), commit_clock_(options_.commit_every),
      last_commit_(time_.now()),
      note_(options_.has_committed ? commit_note::kept : commit_note::not_committed), first_commit_(first) {
  for (const auto& [log, start] : options_.lane_logs)
    core_.add_lane_log(log, start);
  for (const auto& w : options_.windows)
    for (const auto& log : w.logs)
      core_.add_shard_log(w.stage, log);
}

void sink_life::work() {
  auto next = std::move(steps_.back());
  steps_.pop_back();
  std::visit(
      [&]<class Step>(Step& s) {
        if (is_open() || !steps::needs_target<Step>)
          run(std::move(s));
      },
      next);
}

void sink_life::take_effects(effect_list& out) {
  out.clear();
  out.swap(effects_);
}

// --- lanes

void sink_life::on_found(const log_id& log, const mark& start) {
  completion_.found(log);
  core_.add_lane_log(log, start);
  if (!is_open())
    return;
  senders_.ask_again(log, effects_);
  then(steps::tell_complete{});  // it may have committed all of that log already, in an earlier life
}

bool sink_life::on_ask(const log_id& log, const life& lane) {
  if (!is_open() || !core_.knows(log))
    return senders_.asks(log,
                         lane);  // it is asked to ask again once the target is open, and the log is known
  const auto answer = core_.ask(log, lane);
  effects_.emplace_back(effects::answer_position{log, answer});
  const bool is_newest = answer && senders_.asks(log, lane);  // else an older life of the lane, which ends
  then(steps::acknowledge{});
  return is_newest;
}

void sink_life::on_lane_frame(const delivery::lane_frame& f) {
  if (!is_open())
    return;
  auto taken = core_.take(f);
  if (taken.outcome == delivery::intake::outcome::broken)
    throw std::runtime_error(
        fmt::format("{}: a gap or an overlap on the edge from {}", options_.name, f.log));
  if (taken.stale_bytes != 0)
    effects_.emplace_back(effects::return_credit{f.log, f.stamp, taken.stale_bytes});
  then(steps::commit_if_due{});
  if (!taken.frames.empty())
    then(steps::write_frames{std::move(taken.frames)});
}

void sink_life::run(steps::write_frames s) {
  const auto& f = s.frames[s.next++];
  if (const auto ok = taken_.write(f); !ok)
    return went_wrong(ok.error(), true);
  if (f.bytes != 0)
    effects_.emplace_back(effects::return_credit{f.log, f.stamp, f.bytes});
  if (s.next != s.frames.size())
    then(std::move(s));
}

// --- shards

bool sink_life::on_sender_up(const log_id& log, const life& shard, std::uint64_t stand_in) {
  if (!senders_.is_up(log, shard, stand_in))
    return false;
  if (is_open())
    senders_.resume(log, core_, life_, effects_);
  return true;
}

void sink_life::on_resumed(const log_id& log, const life& shard, position from) {
  if (senders_.is_present(log, shard))
    core_.begin_at(log, from);
}

void sink_life::on_output(const delivery::output_frame& f, const life& shard) {
  if (!is_open())
    return;  // resumed from the target's position once it is open
  if (!senders_.is_present(f.log, shard))
    return;  // a life of the shard from before the one that was told how far its output was taken
  if (!core_.take(f))
    throw std::runtime_error(fmt::format("{}: a gap on the edge from {}", options_.name, f.log));
  taken_.holds(f.byte_size());
  then(steps::commit_if_due{});
  then(steps::end_output{f.log, f.reached, f.has_content()});
  then(steps::write_windows{});
}

void sink_life::run(const steps::write_windows& /*s*/) {
  const auto w = core_.next_window();
  if (!w)
    return;
  std::vector<log_id> logs;
  for (const auto& f : w->frames)  // frames of one log stand together
    if (logs.empty() || logs.back() != f.log)
      logs.push_back(f.log);
  then(steps::write_windows{});
  then(steps::tell_taken{std::move(logs)});
  const auto* input = input_of(w->stage);
  if (!input)
    return;
  if (const auto ok = taken_.write(*w, *input); !ok)
    return went_wrong(ok.error(), true);
  // A tick is one batch: it has a commit of its own, but for its dead letters.
  if (input->numbered && !options_.takes_dead_letters && taken_.rows() != 0)
    then(steps::commit{});
}

void sink_life::run(const steps::tell_taken& s) {
  for (const auto& log : s.logs)
    tell_taken(log);
}

void sink_life::run(const steps::end_output& s) {
  // Rows that were there before leave without a window.
  if (s.has_content && core_.come_out(s.log) >= s.reached && senders_.told(s.log) < s.reached)
    tell_taken(s.log);
  options_.gauges->held_frames = core_.held_frames();
}

/// Said once the writer has the rows: a slow one slows its senders.
void sink_life::tell_taken(const log_id& log) {
  senders_.tell_taken(log, core_.come_out(log), life_, effects_);
}

const window_input* sink_life::input_of(std::uint32_t stage) const {
  const auto at = std::find_if(options_.windows.begin(), options_.windows.end(),
                               [&](const auto& w) { return w.stage == stage; });
  return at == options_.windows.end() ? nullptr : &*at;
}

}  // namespace millrace::sink
