#include "actors/stream/lane/lane.hpp"

#include "actors/stream/lane/reach.hpp"
#include "actors/stream/replay/replay_format.hpp"
#include "actors/stream/stage/unnest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <ranges>
#include <span>

namespace millrace::lane {
namespace {

/// Chunks that may wait for one partition: one in work, one read ahead; beside them one a helper.
constexpr std::size_t max_waiting = 2;

bool unnests(const std::vector<node>& nodes) {
  return std::any_of(nodes.begin(), nodes.end(), [](const node& n) {
    if (const auto* window = std::get_if<window_node>(&n.what))
      return unnests(window->late);
    const auto* select = std::get_if<select_node>(&n.what);
    return select != nullptr &&
           (stage::unnested_by(select->plan->select) != nullptr || unnests(select->next));
  });
}

}  // namespace

lane::lane(const steady_time& time, lane_options options, delivery::lane_log::start how, std::uint64_t seed)
    : time_(time), options_(std::move(options)), how_(how), up_(options_.plan->receivers), catch_ups_(seed),
      schedule_({options_.rate, options_.max_drift, options_.chunk_bytes, options_.is_only_lane}, seed,
                now()),
      discovery_(options_.discover_every, std::move(options_.known)),
      unnests_(unnests(options_.plan->roots)) {
  for (const auto& name : options_.partitions)
    partitions_.push_back(
        std::make_unique<partition>(*options_.plan, options_.gauges->of(name), how_, now()));
}

void lane::start() {
  options_.gauges->is_paused = false;
  give(effects::open{live_reader});
}

void lane::on_opened(reader_number reader) {
  if (reader != live_reader)
    return begin_catch_up(reader);
  auto parser = options_.make_parser();
  if (!parser)
    return fail(parser.error());
  parser_ = std::move(*parser);
  look_again_later();
}

void lane::take_effects(effect_list& into) {
  into.clear();
  std::swap(into, effects_);
}

void lane::fail(error e) {
  if (failed_)
    return;
  failed_ = true;
  if (e.stage.empty())
    e.stage = options_.plan->source->name;
  give(effects::tell_failed{std::move(e)});
}

void lane::pump() {
  if (!failed_)
    turn_ = {paused_since_ ? turn::reads_on : turn::processes, 0};
}

void lane::work() {
  while (has_work() && effects_.empty())
    step();
}

void lane::step() {
  switch (turn_.now) {
  case turn::rests:
    return;
  case turn::processes:
    if (turn_.next == partitions_.size())
      turn_ = {turn::reads_on, 0};
    else if (!process(*partitions_[turn_.next]))
      ++turn_.next;
    return;
  case turn::reads_on:
    turn_ = {turn::opens, 0};
    if (fail_at_a_refused_record() || (broken_ && fail_at_the_end_of_what_was_read()))
      turn_ = {};
    else
      read_more();
    return;
  case turn::opens:
    if (!start_catch_up())
      turn_ = {turn::catches_up, 0};
    return;
  case turn::catches_up:
    if (turn_.next == catch_ups_.all().size()) {
      turn_ = {};
      close_readers_that_are_over();
      update_gauges();
    } else if (auto& c = *catch_ups_.all()[turn_.next]; !catch_up_some(c)) {
      read_on(c);
      ++turn_.next;
    }
    return;
  }
}

/// The chunks that the source gave before it broke go on their way first: all that it says was read has been
/// read.
bool lane::fail_at_the_end_of_what_was_read() {
  for (const auto& p : partitions_)
    if (!p->waiting.empty())
      return false;
  for (auto& p : partitions_)
    if (p->live)
      flush(*p);
  if (broken_->code == ec::log_trimmed && !is_still_needed())
    return false;
  fail(*broken_);
  return true;
}

/// Returns whether a position that is gone from the log is still needed. Receivers may have other lives by
/// now, which stand further on, and a newer life of the lane may read. So all are asked, and no record is
/// read until those that are up have answered. The source does not say which partition the position belongs
/// to. If all receivers of a partition have gone on, reading begins anew: a position that is still needed
/// turns out to be gone again.
bool lane::is_still_needed() {
  if (!stood_at_) {
    stood_at_.emplace();
    for (auto& p : partitions_) {
      stood_at_->push_back(p->log().at().at);
      for (std::size_t r = 0; p->live && !p->ended() && r < up_.size(); ++r)
        ask(*p, r);
    }
    return false;
  }
  const auto asked = std::span(partitions_).first(stood_at_->size());
  if (std::ranges::none_of(up_, std::identity()) ||
      std::ranges::any_of(asked, [](const auto& p) { return p->live && p->log().is_asking(); }))
    return false;
  const auto before = *std::exchange(stood_at_, std::nullopt);
  const auto all = std::views::iota(std::size_t{0}, before.size());
  const auto is_needed = [&](std::size_t i) {
    return !partitions_[i]->live || partitions_[i]->log().lowest() <= before[i];
  };
  if (std::ranges::all_of(all, is_needed))
    return true;
  broken_.reset();
  for (const auto i : all)
    if (partitions_[i]->live && partitions_[i]->log().at().at == before[i])
      begin_at(*partitions_[i]);
  return false;
}

void lane::read_more() {
  if (schedule_.is_reading() || failed_ || broken_ || paused_since_ || waits_until(schedule_.health.ask_at()))
    return;
  const auto stand = places();
  if (const auto news = schedule_.news_for_others(stand))
    give(effects::tell_slowest{*news});
  if (auto request = schedule_.next(stand))
    give(effects::read{live_reader, std::move(*request)});
}

void lane::on_others_stand_at(event_micros slowest) {
  schedule_.others_stand_at(slowest);
  pump();
}

void lane::on_set_paused(bool is_paused) {
  if (is_paused == paused_since_.has_value())
    return;
  options_.gauges->is_paused = is_paused;
  if (is_paused) {
    paused_since_ = now();
    for (auto& p : partitions_)
      if (p->live)
        flush(*p);
  } else {
    // A partition that nobody reads is not quiet.
    for (auto& p : partitions_)
      p->last_data += now() - std::max(p->last_data, *paused_since_);
    paused_since_.reset();
  }
  pump();
}

std::vector<schedule::place> lane::places() const {
  std::vector<schedule::place> out;
  out.reserve(partitions_.size());
  for (const auto& p : partitions_) {
    const bool has_room = p->waiting.size() < max_waiting + options_.ahead.helpers &&
                          (p->waiting.empty() || !p->waiting.back().chunk->at_end);
    out.push_back({.name = p->name,
                   .watermark = p->live ? p->live->at().watermark : no_watermark,
                   .has_more = !p->ended() && !p->caught_up,
                   .wanted = p->live && !p->ended() && !p->refused && has_room &&
                             p->receivers.may_send(options_.credit)});
  }
  return out;
}

void lane::on_chunk(const source::chunk_read& m, reader_number from) {
  if (from != live_reader) {
    if (auto* const c = catch_ups_.find(from))
      on_catch_up_chunk(*c, m);
    return;
  }
  schedule_.answered();
  if (m.lag)
    note_lag(*m.lag);
  if (m.lag_bytes)
    options_.gauges->lag_bytes = static_cast<std::int64_t>(*m.lag_bytes);
  if (m.failure) {
    if (m.failure->code == ec::cancelled)
      return;
    if (!m.failure->retry) {
      broken_ = *m.failure;
      return pump();
    }
    if (schedule_.health.failed(now()))
      give(effects::say{urgency::warning,
                        fmt::format("{}: {}; waiting for it", options_.in_logs(options_.plan->source->name),
                                    m.failure->message)});
    options_.gauges->away = true;
    return pump();
  }
  if (schedule_.health.answered()) {
    give(effects::say{urgency::info,
                      options_.in_logs(options_.plan->source->name) + ": the source answers again"});
    options_.gauges->away = false;
  }
  if (!m.chunk) {
    for (auto& p : partitions_)
      if (p->live && !p->ended() && p->waiting.empty()) {
        p->caught_up = true;
        flush(*p);
        send_idle(*p);
      }
    return pump();
  }
  for (auto& p : partitions_)
    if (p->name == m.chunk->partition && p->live && m.ticket >= p->first_ticket) {
      parse_ahead(*p, p->waiting.emplace_back(waiting_chunk{m.chunk, now()}));
      note_records(*p, *m.chunk);
      p->last_data = now();
      p->idle_sent = false;
    }
  read_more();  // the source reads on while this chunk is processed
  pump();
}

/// Some chunks have none: they tell of an end, or of positions without records.
void lane::note_records(const partition& p, const source::chunk& c) {
  if (c.records() == 0)
    return;
  if (p.gauges->last_record != 0)
    p.gauges->gap.add(std::chrono::duration_cast<micros>(now() - p.last_data));
  p.gauges->last_record = options_.clock->now();
}

/// The sum is known where that of every partition is; replayed records are no part of it.
void lane::note_lag(const source::backlog& b) {
  std::int64_t sum = 0;
  for (const auto& p : partitions_) {
    const auto known = b.records.find(p->name);
    const auto lag = known != b.records.end() ? static_cast<std::int64_t>(known->second)
                     : p->ended()             ? 0
                                              : -1;
    p->gauges->lag = lag;
    if (lag >= 0 || !replay::parse_partition_name(p->name))
      sum = sum < 0 || lag < 0 ? -1 : sum + lag;
  }
  to_be_made_ = b.comes_by_rate && sum >= 0 ? std::optional(sum) : std::nullopt;
  options_.gauges->due.a_second = b.comes_by_rate ? options_.rate.value_or(0) : 0;
  options_.gauges->lag = sum;
}

void lane::parse_ahead(const partition& p, waiting_chunk& w) {
  if (options_.ahead.helpers == 0 || w.chunk->bytes.size() < options_.ahead.least_bytes)
    return;
  // A record that has ended a process, or was given up, is not shown to anybody among others.
  const auto& c = *w.chunk;
  const auto log = options_.plan->log(p.name);
  if (options_.failing.next(log, c.from, c.to) || options_.verdicts->next(log, c.from, c.to))
    return;
  w.number = ++given_away_;
  give(effects::parse{w.number, {log, c.from, c.to, c.records()}, w.chunk});
}

/// An answer is dropped if its chunk is not there any more, because the lane has begun elsewhere.
void lane::on_parsed(const chunk_parsed& m) {
  for (auto& p : partitions_)
    for (auto& w : p->waiting)
      if (w.number == m.number) {
        w.number = 0;
        w.ahead = m.rows;
        options_.gauges->work_micros += static_cast<std::uint64_t>(m.took.count());
        return pump();
      }
}

/// False: no more can be done for now.
bool lane::process(partition& p) {
  using std::chrono::duration_cast;
  if (p.waiting.empty() || p.waiting.front().number != 0 || p.refused ||
      !p.receivers.may_send(options_.credit))
    return false;
  auto& g = *options_.gauges;
  const auto began = now();
  auto& w = p.waiting.front();
  if (!std::exchange(w.begun, true)) {
    ++g.chunks;
    g.chunk_bytes.fetch_add(w.chunk->bytes.size() - std::min(w.chunk->bytes.size(), source::padding),
                            std::memory_order_relaxed);
    g.wait_micros += static_cast<std::uint64_t>(duration_cast<micros>(began - w.arrived).count());
  }
  const bool more = process_some(p, w);
  g.work_micros += static_cast<std::uint64_t>(duration_cast<micros>(now() - began).count());
  return more;
}

/// Processes up to the next cut, or what `rate` allows, or all of the piece. False: no more can be done now.
bool lane::process_some(partition& p, waiting_chunk& w) {
  const auto& c = *w.chunk;
  const auto& piece = prepare(p, w);
  auto last = piece.last;
  if (options_.plan->parsing().fail_on_error) {
    const auto good = before_refused(p, w);
    if (!good)
      return false;
    last = *good;
  }
  reach as_far(c, last);
  const auto cut = p.log().next_cut();
  if (cut && *cut >= p.live->at().at)
    as_far.stop_at(*cut);
  const auto few = unnests_ ? end_of_few(c, w.next, as_far.last()) : as_far.last();
  const bool partly = few < as_far.last();
  as_far.stop_before(few);
  const auto allowed = schedule_.rate.allowed(now());
  if (allowed < as_far.last() - w.next) {
    if (allowed == 0) {
      wake_in(schedule_.rate.wait());
      return false;
    }
    as_far.stop_before(w.next + allowed);
  }
  const bool own_frame = piece.own_frame;
  if (own_frame && !p.live->empty()) {
    flush(p);
    return true;
  }
  last = as_far.last();
  const auto to = as_far.to();
  schedule_.rate.take(last - w.next);
  p.alone = p.live->empty() && last - w.next == 1 ? std::optional(c.positions[w.next]) : std::nullopt;
  add(*p.live, p, w, last, to);
  note_late(p, c);
  const bool at_cut = cut && p.live->at().at == *cut;
  const bool done = to == c.to;
  const bool at_end = done && c.at_end;
  const bool more_waits = done ? p.waiting.size() > 1 : true;
  const bool drained = done && c.drained && !more_waits;
  if (at_end) {
    flush(p);  // the end has a frame of its own, so that receivers know the watermark in front of it
    p.live->add_end();
  }
  p.caught_up = done && c.caught_up && !more_waits;
  if (done)
    p.waiting.pop_front();
  if (at_cut || at_end || own_frame || p.caught_up || drained || options_.rate ||
      p.live->records() >= options_.frame_records || is_large(*p.live) ||
      (!schedule_.is_reading() && !partly && p.waiting.empty()))
    flush(p);
  return true;
}

void lane::wake_in(std::chrono::microseconds d) {
  if (schedule_.timers.arm(now() + d))
    give(effects::wake_in{d});
}

/// A wake-up that came for another reason may come too early for this one: it is asked for again.
bool lane::waits_until(clock::time_point t) {
  const auto left = std::chrono::ceil<std::chrono::microseconds>(t - now());
  if (left.count() <= 0)
    return false;
  wake_in(left);
  return true;
}

void lane::on_wake_up() {
  schedule_.timers.arrived(now());
  pump();
}

void lane::update_gauges() {
  constexpr auto relaxed = std::memory_order_relaxed;
  auto watermark = end_of_time;
  std::size_t bytes = 0;
  for (const auto& p : partitions_) {
    const auto at = p->live ? p->live->at().watermark : no_watermark;
    watermark = std::min(watermark, at);
    bytes += p->receivers.in_flight();
    const bool waits = p->live && !p->receivers.may_send(options_.credit);
    const auto held_by = waits ? p->receivers.without_credit(options_.credit) : std::nullopt;
    options_.gauges->stalls += waits;
    auto& g = *p->gauges;
    g.watermark.store(at, relaxed);
    g.is_open.store(p->live != nullptr, relaxed);
    g.is_caught_up.store(p->caught_up, relaxed);
    g.is_idle.store(p->idle_sent, relaxed);
    g.held_by.store(held_by ? static_cast<std::int32_t>(*held_by) : -1, relaxed);
  }
  options_.gauges->watermark = watermark;
  options_.gauges->in_flight_bytes = bytes;
  for (std::size_t r = 0; r < options_.gauges->held.size(); ++r) {
    std::uint64_t of_receiver = 0;
    for (const auto& p : partitions_)
      of_receiver += p->receivers.in_flight(r);
    options_.gauges->held[r].store(of_receiver, relaxed);
  }
  update_due();
}

/// Records that were made and wait for their turn have not been read as far as anybody downstream can see.
void lane::update_due() {
  if (!to_be_made_)
    return;
  auto left = *to_be_made_;
  for (const auto& p : partitions_)
    for (const auto& w : p->waiting)
      left += std::min<std::int64_t>(static_cast<std::int64_t>(w.chunk->records() - w.next),
                                     std::numeric_limits<std::int64_t>::max() - left);
  auto& g = *options_.gauges;
  g.lag = left;
  g.due.nothing_due = std::chrono::duration_cast<std::chrono::microseconds>(
                          schedule_.rate.nothing_due_at().time_since_epoch())
                          .count();
}

}  // namespace millrace::lane
