// Catching up receivers that are behind: readers of their own, at most two a lane, that reread the log for
// one receiver each and end exactly where the live lane stands (delivery::lane_log).
#include "actors/lane/lane.hpp"
#include "runtime/control/spawn.hpp"

#include <caf/send.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>

namespace millrace::lane {
namespace {

constexpr std::size_t max_catch_ups = 2;
constexpr std::chrono::milliseconds catch_up_wait{50};
constexpr std::uint64_t catch_up_ticket = 1;
/// So long a reader waits for credit before it makes place: longer than a receiver is merely busy, since
/// another reader costs a connection.
constexpr std::chrono::seconds yield_after{1};
/// A target that fails again and again leaves its sink behind each time.
constexpr std::chrono::seconds told_again_after{10};

}  // namespace

bool lane::is_over(const catch_up& c) const {
  const auto& log = partitions_[c.partition]->log;
  const auto behind = log.behind();
  return std::find(behind.begin(), behind.end(), c.receiver) == behind.end() ||
         log.stamp(c.receiver) != c.stamp;
}

void lane::end_catch_up(catch_up& c) {
  c.connector->interrupt();
  caf::anon_send(c.source, messages::stop{});
}

/// A receiver that takes nothing for now makes place for one that does: it may be what the former waits for
/// (shards that keep too much output wait until sinks have whole windows of the others).
bool lane::yield_place(const partition& p, std::size_t receiver) {
  if (!p.has_credit(receiver, options_.credit))
    return false;
  const auto waits = std::find_if(catch_ups_.begin(), catch_ups_.end(), [&](const auto& c) {
    return c->waits_since && now() - *c->waits_since >= yield_after;
  });
  if (waits == catch_ups_.end()) {
    wake_in(yield_after);
    return false;
  }
  end_catch_up(**waits);
  catch_ups_.erase(waits);
  return true;
}

/// Once for all receivers that fell behind together, and for the readers that make place for each other.
void lane::tell_who_is_behind(partition& p) {
  const bool told = p.told_behind_at != clock::time_point() && now() - p.told_behind_at < told_again_after;
  p.told_behind_at = now();
  if (told)
    return;
  const auto behind = p.log.behind();
  auto from = p.log.reader_at(behind.front()).at;
  for (const auto r : behind)
    from = std::min(from, p.log.reader_at(r).at);
  spdlog::info("{}: {} of {} receivers are behind; {} is read again for them from position {}", options_.name,
               behind.size(), receivers_.size(), options_.plan->log(p.name), from.minor);
}

void lane::start_catch_ups() {
  for (std::size_t i = 0; i < partitions_.size(); ++i) {
    auto& p = *partitions_[i];
    for (const auto r : p.log.behind()) {
      const bool served = std::any_of(catch_ups_.begin(), catch_ups_.end(), [&](const auto& c) {
        return c->partition == i && c->receiver == r && c->stamp == p.log.stamp(r);
      });
      if (served || (catch_ups_.size() >= max_catch_ups && !yield_place(p, r)))
        continue;
      auto reader = options_.make_reader();
      if (!reader)
        return fail(reader.error());
      auto c = std::make_unique<catch_up>();
      c->partition = i;
      c->receiver = r;
      c->stamp = p.log.stamp(r);
      c->away = backoff(away_backoff, control::jitter_seed(*self_) + ++catch_ups_begun_);
      c->connector = std::move(*reader);
      c->source = source::spawn_source(self_->system(), c->connector, options_.identities);
      self_->monitor(c->source);
      c->former = std::make_unique<frame_former>(options_.plan, p.name, p.log.reader_at(r),
                                                 static_cast<std::uint32_t>(r));
      tell_who_is_behind(p);
      self_->send(c->source, source::assign{p.name, p.log.reader_at(r).at});
      catch_ups_.push_back(std::move(c));
    }
  }
}

void lane::catch_up_step(catch_up& c) {
  auto& p = *partitions_[c.partition];
  while (c.waiting && !is_over(c) && p.has_credit(c.receiver, options_.credit))
    catch_up_some(c, p);
  if (p.has_credit(c.receiver, options_.credit))
    c.waits_since.reset();
  else if (!c.waits_since)
    c.waits_since = now();
  if (is_over(c) || c.reading || c.waiting || waits_until(c.read_again_at))
    return;
  c.reading = true;
  self_->send(c.source, source::read{catch_up_ticket, {p.name}, options_.chunk_bytes, catch_up_wait});
}

/// The rest of the chunk, a piece that needs a frame of its own or as much as fills a frame, as one frame;
/// never past the reader's limit.
void lane::catch_up_some(catch_up& c, partition& p) {
  auto& w = *c.waiting;
  const auto chunk = w.chunk;
  const auto limit = std::min(p.log.reader_limit(c.receiver), chunk->to);
  std::optional<position> alone;
  for (bool more = true; more;) {
    const auto& piece = prepare(p, w);
    const bool own_frame = piece.own_frame;
    if (own_frame && !c.former->empty())
      break;
    auto last = piece.last;
    auto to = behind(*chunk, last);
    if (limit < to) {
      last = record_at(*chunk, limit);
      to = limit;
    }
    if (const auto end = end_at_once(w, last); end < last) {
      last = end;
      to = chunk->positions[last];
    }
    alone = c.former->empty() && last - w.next == 1 ? std::optional(chunk->positions[w.next]) : std::nullopt;
    add(*c.former, p, w, last, to);
    more = to < limit && !own_frame && !is_large(*c.former);
  }
  if (c.former->at().at == chunk->to) {
    if (chunk->at_end && chunk->to < p.log.reader_limit(c.receiver))
      c.former->add_end();
    c.waiting.reset();
  }
  auto frames = cut(*c.former, p, alone);
  send(p, c.receiver, std::move(frames[c.receiver]));
  p.log.reader_advance(c.receiver, c.former->at());
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
    c.read_again_at = now() + c.away.next();
  } else {
    c.away.reset();
  }
  if (m.chunk)
    c.waiting = waiting_chunk{m.chunk, now()};
  pump();
}

}  // namespace millrace::lane
