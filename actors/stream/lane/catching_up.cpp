#include "actors/stream/lane/catching_up.hpp"

#include "actors/stream/lane/reach.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace millrace::lane {
namespace {

constexpr std::chrono::milliseconds catch_up_wait{50};
constexpr std::uint64_t catch_up_ticket = 1;

}  // namespace

bool catching_up::open_one() {
  for (std::size_t i = 0; i < all_.partitions.size(); ++i) {
    const auto& log = all_.partitions[i]->log();
    auto lags = log.behind();
    std::erase_if(lags, [&](std::size_t r) { return catch_ups_.serves(i, r, log.stamp(r)); });
    // The furthest behind gets a reader; the others go along with it if they are near.
    std::ranges::stable_sort(lags, {}, [&](std::size_t r) { return log.reader_at(r).at; });
    for (const auto r : lags)
      if (!all_.is_over && !goes_along(i, r) && find_place(*all_.partitions[i], r)) {
        opening_ = {i, r};
        all_.give(effects::open{catch_ups_.next_reader()});
        return true;
      }
  }
  return false;
}

/// Lets the receiver go along with a reader that is there already.
bool catching_up::goes_along(std::size_t partition, std::size_t receiver) {
  auto& p = *all_.partitions[partition];
  if (!has_credit(p, receiver))
    return false;
  auto* const c = catch_ups_.to_go_along(partition, p.log().reader_at(receiver).at, p.log().at().at);
  if (c == nullptr)
    return false;
  c->all.push_back({receiver, p.log().stamp(receiver)});
  c->former = former_for(p, c->former->at(), c->receivers());
  return true;
}

bool catching_up::find_place(const partition& p, std::size_t receiver) {
  const auto place = catch_ups_.find_place(has_credit(p, receiver), all_.now());
  if (place.taken_from)
    all_.give(effects::close{*place.taken_from});
  if (place.look_again)
    all_.wake_in(catch_ups::yield_after);
  return place.free;
}

void catching_up::begin(reader_number reader) {
  const auto [partition, receiver] = opening_;
  auto& p = *all_.partitions[partition];
  const auto& from = p.log().reader_at(receiver);
  catch_ups_.add(partition, receiver, p.log().stamp(receiver), former_for(p, from, {receiver}));
  tell_who_lags(p);
  all_.give(effects::assign{reader, {p.name, from.at}});
}

std::unique_ptr<frame_former> catching_up::former_for(const partition& p, const mark& from,
                                                      const std::vector<std::size_t>& receivers) const {
  return std::make_unique<frame_former>(all_.options.plan, p.name, from, receivers);
}

void catching_up::tell_who_lags(partition& p) {
  if (!p.behind.is_due(all_.now()))
    return;
  const auto behind = p.log().behind();
  auto from = p.log().reader_at(behind.front()).at;
  for (const auto r : behind)
    from = std::min(from, p.log().reader_at(r).at);
  all_.give(effects::say{
      stage::log_level::info,
      fmt::format("{}: {} of {} receivers are behind; {} is read again for them from position {}",
                  all_.options.in_logs(), behind.size(), all_.up.size(), all_.log(p), from.minor)});
}

bool catching_up::serve(std::size_t place) {
  auto& c = *catch_ups_.all()[place];
  auto& p = of(c);
  if (c.waiting && !is_over(c) && std::ranges::all_of(c.at(p.log(), c.former->at().at), [&](std::size_t r) {
        return has_credit(p, r);
      })) {
    form_frame(c, p);
    return true;
  }
  if (!is_over(c))
    read_on(c);
  return false;
}

void catching_up::read_on(catch_up& c) {
  auto& p = of(c);
  c.note_credit(
      c.at(p.log(), c.former->at().at), [&](std::size_t r) { return has_credit(p, r); },
      catch_ups::yield_after, all_.now());
  if (std::ranges::any_of(c.all, [](const auto& s) { return s.waits_since.has_value(); }))
    all_.wake_in(catch_ups::yield_after);
  if (c.reading || c.waiting || all_.waits_until(c.health.ask_at()))
    return;
  c.reading = true;
  all_.give(effects::read{c.reader, {catch_up_ticket, {p.name}, all_.options.chunk_bytes, catch_up_wait}});
}

void catching_up::form_frame(catch_up& c, partition& p) {
  const auto chunk = c.waiting->chunk;
  const auto next = c.at(p.log(), c.former->at().at);
  const auto alone = add_up_to(std::min(c.limit(p.log(), c.former->at().at), chunk->to), c, p);
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

std::optional<position> catching_up::add_up_to(position limit, catch_up& c, partition& p) {
  auto& w = *c.waiting;
  const auto& chunk = *w.chunk;
  std::optional<position> alone;
  for (bool more = true; more;) {
    const auto& piece = records_.prepare(p, w);
    const bool own_frame = piece.own_frame;
    if (own_frame && !c.former->empty())
      break;
    reach as_far(chunk, piece.last);
    as_far.stop_at(limit);
    as_far.stop_before(records_.at_once(chunk, w.next, as_far.last()));
    alone = c.former->empty() && as_far.last() - w.next == 1 ? std::optional(chunk.positions[w.next])
                                                             : std::nullopt;
    records_.add(*c.former, p, w, as_far.last(), as_far.to());
    more = as_far.to() < limit && !own_frame && !records_.is_large(*c.former);
  }
  return alone;
}

void catching_up::hand_over(catch_up& c, partition& p, const std::vector<std::size_t>& receivers,
                            std::optional<position> alone) {
  auto frames = records_.cut(*c.former, p, alone);
  for (const auto r : receivers) {
    dispatch_.send(p, r, std::move(frames[r]));
    p.receivers.reader_advance(r, c.former->at());
  }
}

bool catching_up::on_chunk(const source::chunk_read& m, reader_number from) {
  auto* const c = catch_ups_.find(from);
  if (c == nullptr)
    return false;
  c->reading = false;
  if (is_over(*c))
    return true;
  if (m.failure && m.failure->code != ec::cancelled) {
    if (m.failure->code == ec::log_trimmed) {
      ask_who_needs_it(*c, *m.failure);
      close_those_that_are_over();
      return true;
    }
    if (!m.failure->retry) {
      all_.fail(*m.failure);
      return false;
    }
    static_cast<void>(c->health.failed(all_.now()));
  } else {
    c->health.answered();
  }
  if (m.chunk)
    c->waiting = waiting_chunk{m.chunk, all_.now()};
  return true;
}

void catching_up::close_those_that_are_over() {
  for (const auto reader : catch_ups_.remove_if([&](catch_up& c) { return is_over(c); }))
    all_.give(effects::close{reader});
}

/// The answers that this reader reads for may be outdated. It is over: receivers that stand further on get another one.
void catching_up::ask_who_needs_it(catch_up& c, const error& why) {
  auto& p = of(c);
  const auto where = c.former->at().at;
  for (const auto r : c.at(p.log(), where)) {
    p.gone_for.insert_or_assign(r, gone{where, why});
    dispatch_.ask(p, r);
  }
  c.all.clear();
}

std::optional<error> catching_up::lacks(partition& p, std::size_t receiver, const delivery::answer& a) {
  const auto found = p.gone_for.find(receiver);
  if (found == p.gone_for.end() || a.stamp <= p.log().stamp(receiver))
    return std::nullopt;
  auto [at, why] = p.gone_for.extract(found).mapped();
  return a.have.at <= at ? std::optional(std::move(why)) : std::nullopt;
}

}  // namespace millrace::lane
