#include "actors/stream/sink/sink_life.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace millrace::sink {
namespace {

effects::send_refused sent(delivery::lane_frame frame) {
  return {std::make_shared<const delivery::lane_frame>(std::move(frame))};
}

}  // namespace

bool refused_route::came(const life& now) {
  if (now < life_)
    return false;
  life_ = now;
  is_there_ = true;
  return true;
}

bool refused_route::went(const life& of) {
  if (of < life_)
    return false;
  is_there_ = false;
  return true;
}

void refused_route::ask(const life& own, effect_list& out) {
  rows_.ask_again();
  if (is_there_ && own.count != 0)
    out.emplace_back(effects::ask_dead_letter_sink{rows_.log(), own});
}

void refused_route::send(std::vector<rejected_row> rows, effect_list& out) {
  out.emplace_back(sent(rows_.send(std::move(rows))));
}

void refused_route::send_end(effect_list& out) {
  if (auto end = rows_.send_end())
    out.emplace_back(sent(std::move(*end)));
}

bool senders::asks(const log_id& log, const life& now) {
  auto& lane = lanes_[log];
  if (now < lane.now)
    return false;
  lane = {now, std::nullopt};
  return true;
}

void senders::ask_again(const log_id& log, effect_list& out) const {
  if (lanes_.contains(log))
    out.emplace_back(effects::ask_again{log});
}

bool senders::introduce(const log_id& log, const life& now, std::uint64_t stand_in) {
  auto& shard = shards_[log];
  if (std::pair(now, stand_in) <= std::pair(shard.now, shard.stand_in))
    return false;
  shard.now = now;
  shard.stand_in = stand_in;
  return true;
}

bool senders::is_present(const log_id& log, const life& of) const {
  const auto shard = shards_.find(log);
  return shard != shards_.end() && of == shard->second.now;
}

void senders::resume(const log_id& log, const delivery::sink_core& core, const life& own, effect_list& out) {
  const auto known = core.committed().find(log);
  shards_[log].told = lowest_position;
  out.emplace_back(effects::resume_output{
      log, own, known == core.committed().end() ? std::nullopt : std::optional(known->second.at),
      core.taken(log)});
}

position senders::told(const log_id& log) const {
  const auto shard = shards_.find(log);
  return shard == shards_.end() ? lowest_position : shard->second.told;
}

void senders::tell_taken(const log_id& log, position at, const life& own, effect_list& out) {
  shards_[log].told = at;
  out.emplace_back(effects::tell_taken{log, own, at});
}

void senders::begin(const delivery::sink_core& core, const life& own, effect_list& out) {
  for (auto& [log, lane] : lanes_) {
    lane.told.reset();
    out.emplace_back(effects::ask_again{log});
  }
  for (const auto& [log, shard] : shards_)
    resume(log, core, own, out);
}

void senders::acknowledge(const std::map<log_id, mark>& committed, effect_list& out) {
  for (const auto& [log, m] : committed) {
    if (const auto lane = lanes_.find(log); lane != lanes_.end() && lane->second.told != m.at) {
      lane->second.told = m.at;
      out.emplace_back(effects::acknowledge{log, m.at});
    }
    if (shards_.contains(log))
      out.emplace_back(effects::acknowledge_output{log, m.at});
  }
}

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
  if (!senders_.introduce(log, shard, stand_in))
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
