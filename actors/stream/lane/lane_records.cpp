// The lane's work on the records of a chunk, live and catching up: all that a record may make fail. A failure
// ends this life of the lane. The records it was about have been told before, and come to the next life with
// its options (delivery::failing_records).
#include "actors/stream/lane/lane.hpp"
#include "runtime/base/flight_recorder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace millrace::lane {
namespace {

/// A frame is cut at this many bytes of rows if records may give many rows.
constexpr std::size_t large_frame = 1U << 20;

}  // namespace

template<class F>
void lane::trying(const attempt& a, F&& work) {
  const in_hand noted(a);
  try {
    std::forward<F>(work)();
  } catch (const std::exception& e) {
    tell_failure(a, e.what());
    throw;
  } catch (...) {
    tell_failure(a, "an exception of unknown type");
    throw;
  }
}

void lane::tell_failure(const attempt& a, std::string_view error) {
  give(effects::say{urgency::error,
                    fmt::format("{}: {} records of {} at positions {}:{} to {}:{} made it fail: {}",
                                options_.in_logs(), a.records, a.log, a.from.major, a.from.minor, a.to.major,
                                a.to.minor, error)});
  std::map<log_id, position> settled;
  for (const auto& p : partitions_)
    if (const auto below = p->receivers.durable())
      settled[options_.plan->log(p->name)] = *below;
  give(effects::tell_attempt_failed{a, std::string(error), std::move(settled)});
}

attempt lane::attempt_on(const partition& p, const waiting_chunk& w, std::size_t last, position to) const {
  const auto& c = *w.chunk;
  attempt a{options_.plan->log(p.name), behind(c, w.next), to, last - w.next};
  if (a.records == 1) {
    a.record = c.positions[w.next];
    a.taken_before = p.receivers.have_had(*a.record);
  }
  return a;
}

const piece& lane::prepare(const partition& p, waiting_chunk& w) {
  if (w.now)
    return *w.now;
  auto next = next_piece(w.chunk, w.next, options_.plan->log(p.name), *options_.verdicts, options_.failing);
  if (next.given_up)
    next.parsed.dead.push_back({0, *next.given_up});
  else if (next.first < next.last)
    trying(attempt_on(p, w, next.last, behind(*w.chunk, next.last)), [&] {
      // A helper parses whole chunks, so its rows do not fit where the chunk falls into pieces.
      next.parsed = w.ahead && next.chunk == w.chunk ? std::move(*w.ahead) : parser_->parse(*next.chunk);
    });
  return w.now.emplace(std::move(next));
}

void lane::add(frame_former& former, const partition& p, waiting_chunk& w, std::size_t last, position to) {
  const auto& now = *w.now;
  const auto a = attempt_on(p, w, last, to);
  trying(a, [&] {
    former.add(*now.chunk, now.parsed, w.next - now.first, last - now.first, to, options_.clock->now());
  });
  if (const auto from =
          now.given_up || a.records == 0 ? std::nullopt : std::optional(w.chunk->positions[w.next]);
      from && options_.failing.went_well(a.log, *from))
    give(effects::tell_went_well{a.log, *from});
  w.next = last;
  if (last == now.last)
    w.now.reset();
}

bool lane::is_large(const frame_former& former) const {
  return unnests_ && former.byte_size() >= large_frame;
}

namespace {

std::string why_late(const config::stage& s, const late_records& l) {
  const auto& d = std::get<config::window_plan>(s.plan).definition;
  const auto stood = fmt::format("the watermark stood at {}", format_timestamp(l.watermark));
  if (d.kind != window::shape::session)
    return fmt::format("its time {} lies in windows that had ended by then: {}", format_timestamp(l.time),
                       stood);
  return fmt::format("its time {} and the {} of {} had passed by then: {}", format_timestamp(l.time),
                     d.bounded ? "gap" : "state_ttl", format_duration(d.gap), stood);
}

}  // namespace

void lane::note_late(const partition& p, const source::chunk& c) {
  for (const auto& l : p.live->late()) {
    const auto& stage = options_.plan->topology->stages[l.stage];
    if (!p.receivers.have_had(l.first))
      options_.losses->note(
          l.read ? stage::loss::late_but_read : stage::loss::late, stage.name, l.count,
          {options_.plan->among_sources(c.part.empty() ? p.name : c.part), l.first, why_late(stage, l)},
          now());
  }
}

std::vector<delivery::lane_frame> lane::cut(frame_former& former, const partition& p,
                                            std::optional<position> alone) {
  const attempt a{
      options_.plan->log(p.name),           former.start().at, former.at().at, former.records(), alone, true,
      alone && p.receivers.have_had(*alone)};
  std::vector<delivery::lane_frame> frames;
  trying(a, [&] { frames = former.cut(); });
  return frames;
}

std::optional<std::size_t> lane::before_refused(partition& p, const waiting_chunk& w) {
  const auto& c = *w.chunk;
  const auto& now = *w.now;
  const auto bad = std::find_if(now.parsed.dead.begin(), now.parsed.dead.end(),
                                [&](const auto& d) { return d.record + now.first >= w.next; });
  if (bad == now.parsed.dead.end())
    return now.last;
  const auto record = bad->record + now.first;
  if (record > w.next)
    return record;
  flush(p);
  const bool file = config::traits_of(*options_.plan->source).by_bytes;
  p.refused =
      error{ec::invalid_argument, fault::user, false,
            fmt::format(
                "{} \"{}\", {} {}: {} (on_error is \"fail\"); all records before it are committed; mend it, "
                "or set on_error to \"dead_letter\", and the same command goes on there",
                file ? "file" : "partition", file ? c.topic : c.partition, file ? "byte" : "position",
                c.positions[record].minor, bad->error),
            options_.plan->parser->name};
  return std::nullopt;
}

/// Fails only once every receiver has taken all that precedes the record: then the end of the run commits it.
bool lane::fail_at_a_refused_record() {
  for (const auto& p : partitions_)
    if (p->refused && p->log().all_along() && p->receivers.nothing_in_flight()) {
      fail(*p->refused);
      return true;
    }
  return false;
}

}  // namespace millrace::lane
