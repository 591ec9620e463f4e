// Catches up receivers that are behind: readers of their own reread the log for those that go along, and end
// exactly where the live lane stands (delivery::lane_log); catch_ups says how many there are and for whom.
#include "actors/stream/lane/lane.hpp"
#include "actors/stream/lane/reach.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace millrace::lane {
namespace {

constexpr std::chrono::milliseconds catch_up_wait{50};
constexpr std::uint64_t catch_up_ticket = 1;

}  // namespace

bool lane::is_over(catch_up& c) const { return c.is_over(partitions_[c.partition]->log()); }

/// False: there is nobody else to read for.
bool lane::start_catch_up() {
  for (std::size_t i = 0; i < partitions_.size(); ++i) {
    const auto& log = partitions_[i]->log();
    auto lags = log.behind();
    std::erase_if(lags, [&](std::size_t r) { return catch_ups_.serves(i, r, log.stamp(r)); });
    // The furthest behind gets a reader; the others go along with it if they are near.
    std::ranges::stable_sort(lags, {}, [&](std::size_t r) { return log.reader_at(r).at; });
    for (const auto r : lags)
      if (!failed_ && !goes_along(i, r) && find_place(*partitions_[i], r)) {
        opening_ = {i, r};
        give(effects::open{catch_ups_.next_reader()});
        return true;
      }
  }
  return false;
}

/// Lets the receiver go along with a reader that is there already.
bool lane::goes_along(std::size_t partition, std::size_t receiver) {
  auto& p = *partitions_[partition];
  if (!p.receivers.has_credit(receiver, options_.credit))
    return false;
  auto* const c = catch_ups_.to_go_along(partition, p.log().reader_at(receiver).at, p.log().at().at);
  if (c == nullptr)
    return false;
  c->all.push_back({receiver, p.log().stamp(receiver)});
  c->former = former_for(p, c->former->at(), c->receivers());
  return true;
}

bool lane::find_place(const partition& p, std::size_t receiver) {
  const auto place = catch_ups_.find_place(p.receivers.has_credit(receiver, options_.credit), now());
  if (place.taken_from)
    give(effects::close{*place.taken_from});
  if (place.look_again)
    wake_in(catch_ups::yield_after);
  return place.free;
}

void lane::begin_catch_up(reader_number reader) {
  const auto [partition, receiver] = opening_;
  auto& p = *partitions_[partition];
  const auto& from = p.log().reader_at(receiver);
  catch_ups_.add(partition, receiver, p.log().stamp(receiver), former_for(p, from, {receiver}));
  tell_who_lags(p);
  give(effects::assign{reader, {p.name, from.at}});
}

std::unique_ptr<frame_former> lane::former_for(const partition& p, const mark& from,
                                               const std::vector<std::size_t>& receivers) const {
  return std::make_unique<frame_former>(options_.plan, p.name, from, receivers);
}

void lane::tell_who_lags(partition& p) {
  if (!p.behind.is_due(now()))
    return;
  const auto behind = p.log().behind();
  auto from = p.log().reader_at(behind.front()).at;
  for (const auto r : behind)
    from = std::min(from, p.log().reader_at(r).at);
  give(effects::say{
      urgency::info,
      fmt::format("{}: {} of {} receivers are behind; {} is read again for them from position {}",
                  options_.in_logs(), behind.size(), up_.size(), options_.plan->log(p.name), from.minor)});
}

/// Hands over a frame. False: no more can be done for now.
bool lane::catch_up_some(catch_up& c) {
  auto& p = *partitions_[c.partition];
  if (!c.waiting || is_over(c) || !std::ranges::all_of(c.at(p.log(), c.former->at().at), [&](std::size_t r) {
        return p.receivers.has_credit(r, options_.credit);
      }))
    return false;
  catch_up_some(c, p);
  return true;
}

void lane::read_on(catch_up& c) {
  auto& p = *partitions_[c.partition];
  const auto has_credit = [&](std::size_t r) { return p.receivers.has_credit(r, options_.credit); };
  if (is_over(c))
    return;
  c.note_credit(c.at(p.log(), c.former->at().at), has_credit, catch_ups::yield_after, now());
  if (std::ranges::any_of(c.all, [](const auto& s) { return s.waits_since.has_value(); }))
    wake_in(catch_ups::yield_after);
  if (c.reading || c.waiting || waits_until(c.health.ask_at()))
    return;
  c.reading = true;
  give(effects::read{c.reader, {catch_up_ticket, {p.name}, options_.chunk_bytes, catch_up_wait}});
}

void lane::catch_up_some(catch_up& c, partition& p) {
  auto& w = *c.waiting;
  const auto chunk = w.chunk;
  const auto next = c.at(p.log(), c.former->at().at);
  const auto limit = std::min(c.limit(p.log(), c.former->at().at), chunk->to);
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
  const bool done = c.former->at().at == chunk->to;
  const bool ends = done && chunk->at_end && chunk->to < c.limit(p.log(), c.former->start().at);
  if (done)
    c.waiting.reset();
  if (!ends || !c.former->empty())
    hand_over(c, p, next, alone);
  if (ends) {
    c.former->add_end();  // the end has a frame of its own, as in the live log
    hand_over(c, p, next, std::nullopt);
  }
  p.idle_sent = false;  // a receiver that has just been attached does not know of it
}

void lane::hand_over(catch_up& c, partition& p, const std::vector<std::size_t>& receivers,
                     std::optional<position> alone) {
  auto frames = cut(*c.former, p, alone);
  for (const auto r : receivers) {
    send(p, r, std::move(frames[r]));
    p.receivers.reader_advance(r, c.former->at());
  }
}

void lane::on_catch_up_chunk(catch_up& c, const source::chunk_read& m) {
  c.reading = false;
  if (is_over(c))
    return pump();
  if (m.failure && m.failure->code != ec::cancelled) {
    if (m.failure->code == ec::log_trimmed) {
      ask_who_needs_it(c, *m.failure);
      close_readers_that_are_over();
      return pump();
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

void lane::close_readers_that_are_over() {
  for (const auto reader : catch_ups_.remove_if([&](catch_up& c) { return is_over(c); }))
    give(effects::close{reader});
}

/// The answers that this reader reads for may be outdated. It is over: receivers that stand further on get another one.
void lane::ask_who_needs_it(catch_up& c, const error& why) {
  auto& p = *partitions_[c.partition];
  const auto where = c.former->at().at;
  for (const auto r : c.at(p.log(), where)) {
    p.gone_for.insert_or_assign(r, gone{where, why});
    ask(p, r);
  }
  c.all.clear();
}

}  // namespace millrace::lane
