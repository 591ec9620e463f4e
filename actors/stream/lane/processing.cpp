#include "actors/stream/lane/processing.hpp"

#include "actors/stream/lane/reach.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace millrace::lane {

bool processing::process(partition& p) {
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

bool processing::process_some(partition& p, waiting_chunk& w) {
  const auto& piece = records_.prepare(p, w);
  const auto next = next_part(p, w, piece);
  if (!next)
    return false;
  const bool own_frame = piece.own_frame;
  if (own_frame && !p.live->empty())
    sending_.flush(p);  // its frame is the next step's
  else
    work_on(p, w, *next, own_frame);
  return true;
}

std::optional<processing::part> processing::next_part(partition& p, const waiting_chunk& w,
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

void processing::work_on(partition& p, waiting_chunk& w, const part& next, bool own_frame) {
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
    sending_.flush(p);  // the end has a frame of its own, so that receivers know the watermark in front of it
    p.live->add_end();
  }
  p.caught_up = done && c.caught_up && !more_waits;
  if (done)
    p.waiting.pop_front();
  if (at_cut || at_end || own_frame || p.caught_up || drained || o.rate ||
      p.live->records() >= o.frame_records || records_.is_large(*p.live) ||
      (!schedule_.is_reading() && !next.partly && p.waiting.empty()))
    sending_.flush(p);
}

std::optional<std::size_t> processing::before_refused(partition& p, const waiting_chunk& w) {
  const auto& c = *w.chunk;
  const auto& now = *w.now;
  const auto bad = std::find_if(now.parsed.dead.begin(), now.parsed.dead.end(),
                                [&](const auto& d) { return d.record + now.first >= w.next; });
  if (bad == now.parsed.dead.end())
    return now.last;
  const auto record = bad->record + now.first;
  if (record > w.next)
    return record;
  sending_.flush(p);
  const bool file = config::traits_of(*all_.options.plan->source).by_bytes;
  p.refused =
      error{ec::invalid_argument, fault::user, false,
            fmt::format(
                "{} \"{}\", {} {}: {} (on_error is \"fail\"); all records before it are committed; mend it, "
                "or set on_error to \"dead_letter\", and the same command goes on there",
                file ? "file" : "partition", file ? c.topic : c.partition, file ? "byte" : "position",
                c.positions[record].minor, bad->error),
            all_.options.plan->parser->name};
  return std::nullopt;
}

bool processing::fail_at_a_refused_record() {
  for (const auto& p : all_.partitions)
    if (p->refused && p->log().all_along() && p->receivers.nothing_in_flight()) {
      all_.fail(*p->refused);
      return true;
    }
  return false;
}

}  // namespace millrace::lane
