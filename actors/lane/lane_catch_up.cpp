// Catching up receivers that are behind: readers of their own reread the log for one receiver each and end
// exactly where the live lane stands (delivery::lane_log); catch_ups says how many there are and for whom.
#include "actors/lane/lane.hpp"
#include "actors/lane/reach.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace millrace::lane {
namespace {

constexpr std::chrono::milliseconds catch_up_wait{50};
constexpr std::uint64_t catch_up_ticket = 1;

}  // namespace

bool lane::is_over(const catch_up& c) const { return c.is_over(partitions_[c.partition]->log()); }

void lane::start_catch_ups() {
  for (std::size_t i = 0; i < partitions_.size(); ++i)
    for (const auto r : partitions_[i]->log().behind()) {
      const auto& p = *partitions_[i];
      if (!failed_ && !catch_ups_.serves(i, r, p.log().stamp(r)) && find_place(p, r))
        start_catch_up(i, r);
    }
}

bool lane::find_place(const partition& p, std::size_t receiver) {
  const auto place = catch_ups_.find_place(p.receivers.has_credit(receiver, options_.credit), now());
  if (place.taken_from)
    around_.close(*place.taken_from);
  if (place.look_again)
    wake_in(catch_ups::yield_after);
  return place.free;
}

void lane::start_catch_up(std::size_t partition, std::size_t receiver) {
  auto& p = *partitions_[partition];
  const auto reader = catch_ups_.next_reader();
  if (const auto opened = around_.open(reader); !opened)
    return fail(opened.error());
  const auto& from = p.log().reader_at(receiver);
  catch_ups_.add(
      partition, receiver, p.log().stamp(receiver),
      std::make_unique<frame_former>(options_.plan, p.name, from, static_cast<std::uint32_t>(receiver)));
  tell_who_lags(p);
  around_.assign(reader, {p.name, from.at});
}

void lane::tell_who_lags(partition& p) {
  if (!p.behind.is_due(now()))
    return;
  const auto behind = p.log().behind();
  auto from = p.log().reader_at(behind.front()).at;
  for (const auto r : behind)
    from = std::min(from, p.log().reader_at(r).at);
  around_.say(urgency::info,
              fmt::format("{}: {} of {} receivers are behind; {} is read again for them from position {}",
                          options_.name, behind.size(), up_.size(), options_.plan->log(p.name), from.minor));
}

void lane::catch_up_step(catch_up& c) {
  auto& p = *partitions_[c.partition];
  while (c.waiting && !is_over(c) && p.receivers.has_credit(c.receiver, options_.credit))
    catch_up_some(c, p);
  c.has_credit(p.receivers.has_credit(c.receiver, options_.credit), now());
  if (is_over(c) || c.reading || c.waiting || waits_until(c.health.ask_at()))
    return;
  c.reading = true;
  around_.read(c.reader, {catch_up_ticket, {p.name}, options_.chunk_bytes, catch_up_wait});
}

void lane::catch_up_some(catch_up& c, partition& p) {
  auto& w = *c.waiting;
  const auto chunk = w.chunk;
  const auto limit = std::min(p.log().reader_limit(c.receiver), chunk->to);
  std::optional<position> alone;
  for (bool more = true; more;) {
    const auto& piece = prepare(p, w);
    const bool own_frame = piece.own_frame;
    if (own_frame && !c.former->empty())
      break;
    reach as_far(*chunk, piece.last);
    as_far.stop_at(limit);
    if (unnests_)
      as_far.stop_before(end_of_few(*chunk, w.next, as_far.last()));
    alone = c.former->empty() && as_far.last() - w.next == 1 ? std::optional(chunk->positions[w.next])
                                                             : std::nullopt;
    add(*c.former, p, w, as_far.last(), as_far.to());
    more = as_far.to() < limit && !own_frame && !is_large(*c.former);
  }
  if (c.former->at().at == chunk->to) {
    if (chunk->at_end && chunk->to < p.log().reader_limit(c.receiver))
      c.former->add_end();
    c.waiting.reset();
  }
  auto frames = cut(*c.former, p, alone);
  send(p, c.receiver, std::move(frames[c.receiver]));
  p.receivers.reader_advance(c.receiver, c.former->at());
  p.idle_sent = false;  // a receiver that has just been attached does not know of it
}

void lane::on_catch_up_chunk(catch_up& c, const source::chunk_read& m) {
  c.reading = false;
  if (m.failure && m.failure->code != ec::cancelled) {
    if (m.failure->code == ec::log_trimmed && !is_over(c)) {
      // Its answer may be outdated: an error only where the fence it holds is current. Asking again tells.
      ask(*partitions_[c.partition], c.receiver);
      return fail(*m.failure);
    }
    if (!m.failure->retry)
      return fail(*m.failure);
    static_cast<void>(c.health.failed(now()));
  } else {
    c.health.answered();
  }
  if (m.chunk)
    c.waiting = waiting_chunk{m.chunk, now()};
  pump();
}

}  // namespace millrace::lane
