#include "actors/stream/sink/sink_state.hpp"

#include "actors/stream/sink/dead_letters.hpp"
#include "runtime/base/flight_recorder.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace millrace::sink {
sink_state::sink_state(whole_sink::pointer self, sink_options options, const life& now,
                       messages::supervisor supervisor)
    : self_(self), options_(std::move(options)), supervisor_(std::move(supervisor)), core_(now, options_.run),
      life_(now) {
  for (const auto& [log, start] : options_.lane_logs)
    core_.add_lane_log(log, start);
  for (const auto& w : options_.windows)
    for (const auto& log : w.logs)
      core_.add_shard_log(w.stage, log);
}

const window_input* sink_state::input_of(std::uint32_t stage) const {
  const auto at = std::find_if(options_.windows.begin(), options_.windows.end(),
                               [&](const auto& w) { return w.stage == stage; });
  return at == options_.windows.end() ? nullptr : &*at;
}

void sink_state::open() {
  if (is_open() || health_.is_given_up() || stopping_)
    return;
  if (life_.count == most_counts)
    throw std::runtime_error("its target was opened too often for one life");
  ++life_.count;
  options_.gauges->life = number_of(life_);
  const auto attempt = [&]() -> expected<std::optional<progress>> {
    if (!writer_) {
      auto made = options_.make_writer();
      if (!made)
        return unexpected(made.error());
      writer_ = std::move(*made);
    }
    auto who = options_.who;
    who.life = number_of(life_);
    who.expects_progress = has_committed_;
    return writer_->open(who);
  };
  const auto stored = in_target(attempt);
  if (!stored)
    return went_wrong(stored.error());
  if (*stored && core_.lacks_a_run((*stored)->positions))
    return went_wrong({ec::log_trimmed,
                       fault::user,
                       false,
                       fmt::format("sink '{}' stands before what the topology's last run gave it: its target "
                                   "was restored from an older copy, or it was left out of that run; put it "
                                   "back as it was, or start over with --fresh",
                                   options_.name),
                       {}});
  note_answer(health_.opened(*stored ? std::optional((*stored)->positions) : std::nullopt));
  options_.who.fresh = false;
  options_.gauges->reached = true;
  restore(*stored);
  keep_alive_later();
}

void sink_state::note_answer(bool again) {
  if (again)
    spdlog::info("{}: the target answers again", options_.in_logs());
  options_.gauges->away = health_.is_away();
}

void sink_state::restore(const std::optional<progress>& stored) {
  counts_ = {};
  batch_ = stored ? stored->batch : 0;
  rows_uncommitted_ = bytes_uncommitted_ = 0;
  first_uncommitted_.reset();
  in_target_ = {};
  letters_uncommitted_.clear();
  if (stored && !stored->counters.empty()) {
    wire::reader in(stored->counters);
    if (const auto ok = counts_.decode(in); !ok)
      spdlog::error("{}: {}; the report counts from here", options_.in_logs(), ok.error().message);
  }
  committed_counts_ = counts_;
  note_standing();
  has_counts_ = true;
  core_.restore(stored ? stored->positions : std::map<log_id, mark>{}, life_);
  for (auto& [log, lane] : lanes_) {
    lane.told.reset();
    self_->send(lane.handle, messages::ask_again{log, lane.receiver});
  }
  for (const auto& [log, shard] : shards_)
    resume(log);
  if (!options_.takes_dead_letters)
    forward_refused();
  if (!core_.committed().empty())
    after_commit();
  if (report_is_due_)
    on_report();
}

void sink_state::resume(const log_id& log) {
  const auto& committed = core_.committed();
  const auto known = committed.find(log);
  auto& shard = shards_[log];
  shard.told = lowest_position;
  self_->send(shard.handle, messages::resume_output{
                                log, options_.name, life_,
                                known == committed.end() ? std::nullopt : std::optional(known->second.at),
                                core_.taken(log), self_});
}

void sink_state::went_wrong(const error& e, bool with_rows) {
  const auto reaction = health_.failed(e, now(), core_.progress(), with_rows || rows_uncommitted_ != 0);
  if (!reaction)
    return;
  options_.gauges->away = true;
  if (reaction->give_up)
    fail(e);
  if (reaction->tell && e.code == ec::fenced)
    spdlog::info("{}: {}; looking whether another life has its place", options_.in_logs(), e.message);
  else if (reaction->tell)
    spdlog::warn("{}: {}; waiting for it", options_.in_logs(), e.message);
  if (stopping_)
    return on_stop();
  if (!reaction->give_up)
    self_->delayed_send(self_, reaction->try_again, open_tick{});
}

void sink_state::fail(error why) {
  if (why.stage.empty())
    why.stage = options_.name;
  if (why.code == ec::fenced) {
    spdlog::info("{}: this life is over: {}", options_.in_logs(), why.message);
    on_report();  // reports the commits until now
    self_->send(supervisor_, messages::fenced{options_.name, life_, std::move(why)});
    return self_->quit();
  }
  self_->send(supervisor_, messages::stage_failed{options_.name, life_, std::move(why)});
}

void sink_state::on_found(const messages::log_found& m) {
  completion_.found(m.log);
  core_.add_lane_log(m.log, m.start);
  if (const auto lane = lanes_.find(m.log); is_open() && lane != lanes_.end())
    self_->send(lane->second.handle, messages::ask_again{m.log, lane->second.receiver});
  if (is_open())
    tell_complete();  // it may have committed all of that log already, in an earlier life
}

void sink_state::on_ask(const messages::ask_position& m) {
  const auto asks = [&] {
    auto& lane = lanes_[m.log];
    if (m.lane >= lane.now)  // an older life of the lane has nothing to wait for
      lane = {m.from, m.receiver, std::nullopt, m.lane};
  };
  if (!is_open() || !core_.knows(m.log))
    return asks();  // it is asked to ask again once the target is open, and the log is known
  const auto answer = core_.ask(m.log, m.lane);
  if (answer)  // else an older life of the lane, which ends
    asks();
  self_->send(m.from, messages::position_answered{m.log, m.receiver, answer});
  after_commit();
}

void sink_state::on_sender_up(const messages::sender_up& m) {
  auto& shard = shards_[m.log];
  if (shard.handle && std::pair(m.life, m.stand_in) <= std::pair(shard.now, shard.stand_in))
    return;
  shard.handle = m.handle;
  shard.now = m.life;
  shard.stand_in = m.stand_in;
  if (is_open())
    resume(m.log);
}

bool sink_state::is_from_present_life(const log_id& log, const life& of) const {
  const auto shard = shards_.find(log);
  return shard != shards_.end() && of == shard->second.now;
}

void sink_state::on_resumed(const messages::output_resumed& m) {
  if (is_from_present_life(m.log, m.life))
    core_.begin_at(m.log, m.from);
}

void sink_state::on_lane_frame(const messages::take_frame& m) {
  const auto give_back = [&](const delivery::fence& stamp, std::size_t bytes) {
    if (bytes != 0)
      self_->send(m.from, messages::credit_returned{m.frame->log, m.receiver, stamp, bytes});
  };
  if (!is_open())
    return;
  const in_hand noted(delivery::records_of(*m.frame));
  auto taken = core_.take(*m.frame);
  if (taken.outcome == delivery::intake::outcome::broken)
    throw std::runtime_error(
        fmt::format("{}: a gap or an overlap on the edge from {}", options_.name, m.frame->log));
  give_back(m.frame->stamp, taken.stale_bytes);
  for (const auto& f : taken.frames) {
    if (!absorb(f))
      return;
    give_back(f.stamp, f.bytes);
  }
  commit_if_due(false);
}

bool sink_state::absorb(const delivery::lane_frame& f) {
  counts_.add(f.counts);
  bytes_uncommitted_ += f.bytes;
  if (!f.has_content())
    return true;
  if (options_.takes_dead_letters)
    return write_letters(*std::get<delivery::letters_ptr>(f.content));
  for (const auto& batch : *std::get<delivery::rows_ptr>(f.content))
    if (!write(batch))
      return false;
  return true;
}

bool sink_state::write_letters(const std::vector<delivery::dead_letter>& letters) {
  if (letters.empty())
    return true;
  for (const auto& l : letters) {
    auto& of_stage = letters_uncommitted_[l.stage];
    if (++of_stage.count == 1)
      of_stage.first = {l.partition, l.at, l.error};
  }
  return write(dead_letter_rows(letters, options_.clock->now()));
}

/// They are durable: readers that hear of them find them.
void sink_state::note_letters() {
  for (const auto& [name, l] : std::exchange(letters_uncommitted_, {}))
    options_.losses->note(stage::loss::dead_letter, name, l.count, l.first, now());
}

bool sink_state::write(const data::batch& rows) {
  if (rows.rows == 0)
    return true;
  if (const auto ok = in_target([&] { return writer_->write(rows); }); !ok) {
    went_wrong(ok.error(), true);
    return false;
  }
  rows_uncommitted_ += rows.rows;
  if (!first_uncommitted_)
    first_uncommitted_ = now();
  return true;
}

void sink_state::on_output(const messages::output& m) {
  if (!is_open())
    return;  // resumed from the target's position once it is open
  if (!is_from_present_life(m.frame->log, m.life))
    return;  // a life of the shard from before the one that was told how far its output was taken
  const in_hand noted(delivery::records_of(*m.frame));
  if (!core_.take(*m.frame))
    throw std::runtime_error(fmt::format("{}: a gap on the edge from {}", options_.name, m.frame->log));
  bytes_uncommitted_ += m.frame->byte_size();
  if (!release_windows())
    return;
  // Rows that were there before leave without a window.
  if (m.frame->has_content() && core_.come_out(m.frame->log) >= m.frame->reached &&
      shards_[m.frame->log].told < m.frame->reached)
    tell_taken(m.frame->log);
  options_.gauges->held_frames = core_.held_frames();
  commit_if_due(false);
}

/// Sent once the writer has the rows: a slow one slows its senders.
void sink_state::tell_taken(const log_id& log) {
  auto& shard = shards_[log];
  shard.told = core_.come_out(log);
  self_->send(shard.handle, messages::output_taken{log, options_.name, life_, shard.told});
}

bool sink_state::release_windows() {
  while (auto w = core_.next_window()) {
    if (!write_window(*w))
      return false;
    const log_id* last = nullptr;
    for (const auto& f : w->frames) {  // frames of one log stand together
      if (!last || *last != f.log)
        tell_taken(f.log);
      last = &f.log;
    }
  }
  return true;
}

bool sink_state::write_window(const delivery::whole_window& w) {
  const auto* input = input_of(w.stage);
  if (!input)
    return true;
  auto rows = form_rows_to_write(
      w, *input, *options_.topology, options_.takes_dead_letters ? nullptr : options_.schema, options_.order,
      options_.takes_dead_letters ? std::nullopt : std::optional(batch_ + 1), options_.clock->now());
  counts_.add(rows.counts);
  if (options_.takes_dead_letters)
    return write_letters(rows.failed);
  for (const auto& batch : rows.batches)
    if (!write(batch))
      return false;
  if (!rows.batches.empty())
    in_target([&] { writer_->end_of_window(); });
  // A tick is one batch: it has a commit of its own.
  return !input->numbered || rows_uncommitted_ == 0 || commit();
}

}  // namespace millrace::sink
