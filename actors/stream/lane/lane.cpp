#include "actors/stream/lane/lane.hpp"

#include <algorithm>
#include <utility>

namespace millrace::lane {

lane::lane(const steady_time& time, lane_options options, delivery::lane_log::start how, std::uint64_t seed)
    : all_(time, std::move(options), how), schedule_({all_.options.rate, all_.options.max_drift,
                                                      all_.options.chunk_bytes, all_.options.is_only_lane},
                                                     seed, all_.now()),
      records_(all_), sending_(all_, records_), figures_(all_, schedule_),
      reading_(all_, sending_, schedule_, figures_), processing_(all_, records_, sending_, schedule_),
      catching_up_(all_, records_, sending_, seed), looking_(all_, sending_) {}

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
  looking_.look_later();
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
    else if (!processing_.process(*all_.partitions[turn_.next]))
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
  if (processing_.fail_at_a_refused_record() || reading_.fail_at_the_end_of_what_was_read())
    return;
  turn_.now = turn::opens;
  reading_.read_more();
}

void lane::end_turn() {
  turn_ = {};
  catching_up_.close_those_that_are_over();
  figures_.update();
}

void lane::on_receiver_up(std::size_t receiver) {
  all_.up[receiver] = true;
  for (auto& p : all_.partitions) {
    p->receivers.set_up(receiver, true);
    sending_.ask(*p, receiver);
  }
}

void lane::on_receiver_down(std::size_t receiver) {
  all_.up[receiver] = false;
  for (auto& p : all_.partitions)
    p->receivers.set_up(receiver, false);
  begin_turn();
}

void lane::on_answer(const log_id& log, std::size_t receiver, const std::optional<delivery::answer>& answer) {
  auto* p = all_.find(log);
  if (!p)
    return;
  if (!answer)
    return sending_.end_as_fenced(log);
  if (auto why = catching_up_.lacks(*p, receiver, *answer))
    return all_.fail(std::move(*why));
  using news = partition_receivers::news;
  const auto what = sending_.answered(*p, receiver, *answer);
  if (!what)
    return;
  if (*what == news::begins || *what == news::moves)
    reading_.begin_at(*p);
  else if (p->live)
    sending_.flush(*p);  // a receiver whose position lies within what was formed is behind from here on, or
                         // exactly there
  begin_turn();
}

void lane::on_ask_again(const log_id& log, std::size_t receiver) {
  if (auto* p = all_.find(log)) {
    sending_.ask(*p, receiver);
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
    sending_.acknowledged(*p, receiver, below);
}

void lane::on_chunk(const source::chunk_read& m, reader_number from) {
  if (from == live_reader ? reading_.on_chunk(m) : catching_up_.on_chunk(m, from))
    begin_turn();
}

void lane::on_parsed(const chunk_parsed& m) {
  if (reading_.on_parsed(m))
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
        sending_.flush(*p);
  } else {
    // A partition that nobody reads is not quiet.
    for (auto& p : all_.partitions)
      p->last_data += all_.now() - std::max(p->last_data, *since);
    since.reset();
  }
  begin_turn();
}

}  // namespace millrace::lane
