#include "actors/stream/lane/lane.hpp"

#include "actors/stream/lane/reach.hpp"
#include "actors/stream/replay/replay_format.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace millrace::lane {

bool record_processor::process(partition& p) {
  using std::chrono::duration_cast;
  if (p.waiting.empty() || p.waiting.front().number != 0 || p.refused ||
      !p.receivers.may_send(all_.options.credit))
    return false;
  auto& g = *all_.options.gauges;
  const auto began = all_.now();
  auto& w = p.waiting.front();
  if (!std::exchange(w.begun, true)) {
    ++g.chunks;
    g.chunk_bytes.fetch_add(w.chunk->bytes.size() - std::min(w.chunk->bytes.size(), source::padding),
                            std::memory_order_relaxed);
    g.wait_micros += static_cast<std::uint64_t>(duration_cast<micros>(began - w.arrived).count());
  }
  const bool more = process_some(p, w);
  g.work_micros += static_cast<std::uint64_t>(duration_cast<micros>(all_.now() - began).count());
  return more;
}

bool record_processor::process_some(partition& p, waiting_chunk& w) {
  const auto& piece = records_.prepare(p, w);
  const auto next = next_part(p, w, piece);
  if (!next)
    return false;
  const bool own_frame = piece.own_frame;
  if (own_frame && !p.live->empty())
    dispatch_.flush(p);  // its frame is the next step's
  else
    work_on(p, w, *next, own_frame);
  return true;
}

std::optional<record_processor::part> record_processor::next_part(partition& p, const waiting_chunk& w,
                                                                  const piece& now) {
  auto last = now.last;
  if (all_.options.plan->parsing().fail_on_error) {
    const auto good = before_refused(p, w);
    if (!good)
      return std::nullopt;
    last = *good;
  }
  reach as_far(*w.chunk, last);
  const auto cut = p.log().next_cut();
  if (cut && *cut >= p.live->at().at)
    as_far.stop_at(*cut);
  const auto few = records_.at_once(*w.chunk, w.next, as_far.last());
  const bool partly = few < as_far.last();
  as_far.stop_before(few);
  const auto allowed = schedule_.rate.allowed(all_.now());
  if (allowed < as_far.last() - w.next) {
    if (allowed == 0) {
      all_.wake_in(schedule_.rate.wait());
      return std::nullopt;
    }
    as_far.stop_before(w.next + allowed);
  }
  return part{as_far.last(), as_far.to(), cut, partly};
}

void record_processor::work_on(partition& p, waiting_chunk& w, const part& next, bool own_frame) {
  const auto& c = *w.chunk;
  const auto& o = all_.options;
  const auto records = next.last - w.next;
  schedule_.rate.take(records);
  p.alone = p.live->empty() && records == 1 ? std::optional(c.positions[w.next]) : std::nullopt;
  records_.add(*p.live, p, w, next.last, next.to);
  records_.note_late(p, c);
  const bool at_cut = next.cut && p.live->at().at == *next.cut;
  const bool done = next.to == c.to;
  const bool at_end = done && c.at_end;
  const bool more_waits = done ? p.waiting.size() > 1 : true;
  const bool drained = done && c.drained && !more_waits;
  if (at_end) {
    dispatch_.flush(
        p);  // the end has a frame of its own, so that receivers know the watermark in front of it
    p.live->add_end();
  }
  p.caught_up = done && c.caught_up && !more_waits;
  if (done)
    p.waiting.pop_front();
  if (at_cut || at_end || own_frame || p.caught_up || drained || o.rate ||
      p.live->records() >= o.frame_records || records_.is_large(*p.live) ||
      (!schedule_.is_reading() && !next.partly && p.waiting.empty()))
    dispatch_.flush(p);
}

std::optional<std::size_t> record_processor::before_refused(partition& p, const waiting_chunk& w) {
  const auto& c = *w.chunk;
  const auto& now = *w.now;
  const auto bad = std::find_if(now.parsed.dead.begin(), now.parsed.dead.end(),
                                [&](const auto& d) { return d.record + now.first >= w.next; });
  if (bad == now.parsed.dead.end())
    return now.last;
  const auto record = bad->record + now.first;
  if (record > w.next)
    return record;
  dispatch_.flush(p);
  const bool file = config::traits_of(*all_.options.plan->source).by_bytes;
  const auto* const place = !file ? "position" : c.schemas && c.schemas->of_all ? "record" : "byte";
  p.refused = error{
      ec::invalid_argument, fault::user, false,
      fmt::format("{} \"{}\", {} {}: {} (on_error is \"fail\"); all records before it are committed, and the "
                  "same command goes on there once the parser takes it, or on_error is \"dead_letter\" (a "
                  "dead letter can be mended and replayed){}",
                  file ? "file" : "partition", file ? c.topic : c.partition, place, c.positions[record].minor,
                  bad->error, file ? "; to mend the file itself, begin anew with --fresh" : ""),
      all_.options.plan->parser->name};
  return std::nullopt;
}

bool record_processor::fail_at_a_refused_record() {
  for (const auto& p : all_.partitions)
    if (p->refused && p->log().all_along() && p->receivers.nothing_in_flight()) {
      all_.fail(*p->refused);
      return true;
    }
  return false;
}

void partition_finder::look_later() {
  if (const auto wait = discovery_.wait())
    all_.give(effects::look_in{*wait});
}

void partition_finder::on_looked(const source::looked& m) {
  for (const auto& p : m.found)
    all_.give(effects::tell_found{p});
  look_later();
}

void partition_finder::on_partition_started(const std::string& name, const std::string& lane) {
  discovery_.started(name);
  if (lane != all_.options.name || all_.find(all_.options.plan->log(name)) != nullptr)
    return;
  auto& p = all_.add_partition(name, delivery::lane_log::start::at_furthest);
  if (!replay::parse_partition_name(name))
    all_.give(effects::say{stage::log_level::info,
                           fmt::format("{}: partition {} was found, and is read from now on",
                                       all_.options.in_logs(all_.options.plan->source->name), name)});
  for (std::size_t r = 0; r < all_.up.size(); ++r) {
    p.receivers.mark_present(r, all_.up[r]);
    dispatch_.ask(p, r);
  }
}

lane::lane(const steady_time& time, lane_options options, delivery::lane_log::start how, std::uint64_t seed)
    : all_(time, std::move(options), how), schedule_({all_.options.rate, all_.options.max_drift,
                                                      all_.options.chunk_bytes, all_.options.is_only_lane},
                                                     seed, all_.now()),
      records_(all_), dispatch_(all_, records_), figures_(all_, schedule_),
      reader_(all_, dispatch_, schedule_, figures_), processor_(all_, records_, dispatch_, schedule_),
      catching_up_(all_, records_, dispatch_, seed), finder_(all_, dispatch_) {}

void lane::take_effects(effect_list& into) {
  into.clear();
  std::swap(into, all_.effects);
}

void lane::start() {
  all_.options.gauges->is_paused = false;
  all_.give(effects::open{live_reader});
}

void lane::on_opened(reader_number reader) {
  if (reader != live_reader)
    return catching_up_.begin(reader);
  if (const auto opened = records_.open(); !opened)
    return all_.fail(opened.error());
  finder_.look_later();
}

void lane::begin_turn() {
  if (!all_.is_over)
    turn_ = {all_.paused_since ? turn::reads_on : turn::processes, 0};
}

void lane::work() {
  while (has_work() && all_.effects.empty())
    step();
}

void lane::step() {
  switch (turn_.now) {
  case turn::rests:
    return;
  case turn::processes:
    if (turn_.next == all_.partitions.size())
      turn_ = {turn::reads_on, 0};
    else if (!processor_.process(*all_.partitions[turn_.next]))
      ++turn_.next;
    return;
  case turn::reads_on:
    return read_on();
  case turn::opens:
    if (!catching_up_.open_one())
      turn_ = {turn::catches_up, 0};
    return;
  case turn::catches_up:
    if (turn_.next == catching_up_.readers())
      end_turn();
    else if (!catching_up_.serve(turn_.next))
      ++turn_.next;
    return;
  }
}

void lane::read_on() {
  turn_ = {};
  if (processor_.fail_at_a_refused_record() || reader_.fail_at_the_end_of_what_was_read())
    return;
  turn_.now = turn::opens;
  reader_.read_more();
}

void lane::end_turn() {
  turn_ = {};
  catching_up_.close_those_that_are_over();
  figures_.update();
}

void lane::on_receiver_up(std::size_t receiver) {
  all_.up[receiver] = true;
  for (auto& p : all_.partitions) {
    p->receivers.mark_present(receiver, true);
    dispatch_.ask(*p, receiver);
  }
}

void lane::on_receiver_down(std::size_t receiver) {
  all_.up[receiver] = false;
  for (auto& p : all_.partitions)
    p->receivers.mark_present(receiver, false);
  begin_turn();
}

void lane::on_answer(const log_id& log, std::size_t receiver, const std::optional<delivery::answer>& answer) {
  auto* p = all_.find(log);
  if (!p)
    return;
  if (!answer)
    return dispatch_.end_as_fenced(log);
  if (auto why = catching_up_.lacks(*p, receiver, *answer))
    return all_.fail(std::move(*why));
  using news = partition_receivers::news;
  const auto what = dispatch_.answered(*p, receiver, *answer);
  if (!what)
    return;
  if (*what == news::begins || *what == news::moves)
    reader_.begin_at(*p);
  else if (p->live)
    dispatch_.flush(*p);  // a receiver whose position lies within what was formed is behind from here on, or
                          // exactly there
  begin_turn();
}

void lane::on_ask_again(const log_id& log, std::size_t receiver) {
  if (auto* p = all_.find(log)) {
    dispatch_.ask(*p, receiver);
    begin_turn();
  }
}

void lane::on_credit(const log_id& log, std::size_t receiver, const delivery::fence& stamp,
                     std::size_t bytes) {
  auto* p = all_.find(log);
  if (p && p->receivers.returned(receiver, stamp, bytes))
    begin_turn();
}

void lane::on_acknowledged(const log_id& log, std::size_t receiver, position below) {
  if (auto* p = all_.find(log))
    dispatch_.acknowledged(*p, receiver, below);
}

void lane::on_chunk(const source::chunk_read& m, reader_number from) {
  if (from == live_reader ? reader_.on_chunk(m) : catching_up_.on_chunk(m, from))
    begin_turn();
}

void lane::on_parsed(const chunk_parsed& m) {
  if (reader_.on_parsed(m))
    begin_turn();
}

void lane::on_wake_up() {
  all_.timers.arrived(all_.now());
  begin_turn();
}

void lane::on_others_stand_at(event_micros slowest) {
  schedule_.others_stand_at(slowest);
  begin_turn();
}

void lane::on_set_paused(bool is_paused) {
  auto& since = all_.paused_since;
  if (is_paused == since.has_value())
    return;
  all_.options.gauges->is_paused = is_paused;
  if (is_paused) {
    since = all_.now();
    for (auto& p : all_.partitions)
      if (p->live)
        dispatch_.flush(*p);
  } else {
    // A partition that nobody reads is not quiet.
    for (auto& p : all_.partitions)
      p->last_data += all_.now() - std::max(p->last_data, *since);
    since.reset();
  }
  begin_turn();
}

}  // namespace millrace::lane
