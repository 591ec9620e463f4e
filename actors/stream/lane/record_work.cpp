#include "actors/stream/lane/record_work.hpp"

#include "actors/stream/lane/reach.hpp"
#include "actors/stream/stage/unnest.hpp"
#include "runtime/base/flight_recorder.hpp"
#include "runtime/expression/bind/multiplying.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace millrace::lane {
namespace {

/// A frame is cut at this many bytes of rows if records may give many rows, or long ones.
constexpr std::size_t large_frame = 1U << 20;

bool multiplies(const config::step& s) {
  return stage::unnested_by(s) != nullptr ||
         std::ranges::any_of(s.columns, [](const auto& c) { return expression::may_multiply(c.value); });
}

bool multiplies(const config::intake_plan& w) {
  return std::ranges::any_of(w.arguments, [](const auto& a) { return a && expression::may_multiply(*a); }) ||
         std::ranges::any_of(
             w.orders, [](const auto& by) { return std::ranges::any_of(by, expression::may_multiply); });
}

bool multiplies(const std::vector<node>& nodes) {
  return std::ranges::any_of(nodes, [](const node& n) {
    if (const auto* const window = std::get_if<window_node>(&n.what))
      return multiplies(window->plan->of(window->side)) || multiplies(window->late);
    if (const auto* const select = std::get_if<select_node>(&n.what))
      return multiplies(select->plan->select) || multiplies(select->next);
    return multiplies(std::get<sink_node>(n.what).plan->input);
  });
}

std::string why_late(const config::stage& s, const late_records& l) {
  const auto& d = std::get<config::window_plan>(s.plan).definition;
  const auto stood = fmt::format("the watermark was at {}", format_timestamp(l.watermark));
  if (d.join && d.join->newest && l.side == config::side::right)
    return fmt::format(
        "its version, from {} on, lies behind the watermark by more than the {} of late_versions{}: "
        "{}",
        format_timestamp(l.time), format_duration(d.join->before),
        d.allowed_lateness.count() == 0
            ? std::string()
            : fmt::format(" and the {} of allowed_lateness", format_duration(d.allowed_lateness)),
        stood);
  if (d.kind == window::shape::interval)
    return fmt::format("its time {} had passed by then: {}", format_timestamp(l.time), stood);
  if (d.kind != window::shape::session)
    return fmt::format("its time {} lies in windows that had ended by then: {}", format_timestamp(l.time),
                       stood);
  return fmt::format("its time {} and the {} of {} had passed by then: {}", format_timestamp(l.time),
                     d.bounded ? "gap" : "state_ttl", format_duration(d.gap), stood);
}

}  // namespace

record_work::record_work(shared& all) : all_(all), multiplies_(multiplies(all.options.plan->roots)) {}

expected<void> record_work::open() {
  ASSIGN_OR_RETURN(parser_, all_.options.make_parser());
  return {};
}

template<class F>
void record_work::trying(const attempt& a, F&& work) {
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

void record_work::tell_failure(const attempt& a, std::string_view why) {
  all_.give(effects::say{stage::log_level::error,
                         fmt::format("{}: {} record{} of {} at positions {}:{} to {}:{} made it fail: {}",
                                     all_.options.in_logs(), a.records, a.records == 1 ? "" : "s", a.log,
                                     a.from.major, a.from.minor, a.to.major, a.to.minor, why)});
  std::map<log_id, position> settled;
  for (const auto& p : all_.partitions)
    if (const auto below = p->receivers.durable())
      settled[all_.log(*p)] = *below;
  all_.give(effects::tell_attempt_failed{a, std::string(why), std::move(settled)});
}

attempt record_work::attempt_on(const partition& p, const waiting_chunk& w, std::size_t last,
                                position to) const {
  const auto& c = *w.chunk;
  attempt a{all_.log(p), behind(c, w.next), to, last - w.next};
  if (a.records == 1) {
    a.record = c.positions[w.next];
    a.taken_before = p.receivers.have_had(*a.record);
  }
  return a;
}

const piece& record_work::prepare(const partition& p, waiting_chunk& w) {
  if (w.now)
    return *w.now;
  auto next = next_piece(w.chunk, w.next, all_.log(p), *all_.options.verdicts, all_.options.failing);
  if (next.given_up)
    next.parsed.dead.push_back({0, *next.given_up});
  else if (next.first < next.last)
    trying(attempt_on(p, w, next.last, behind(*w.chunk, next.last)), [&] {
      // A helper parses whole chunks, so its rows do not fit where the chunk falls into pieces.
      next.parsed = w.ahead && next.chunk == w.chunk ? std::move(*w.ahead) : parser_->parse(*next.chunk);
    });
  return w.now.emplace(std::move(next));
}

void record_work::add(frame_former& former, const partition& p, waiting_chunk& w, std::size_t last,
                      position to) {
  const auto& now = *w.now;
  const auto a = attempt_on(p, w, last, to);
  trying(a, [&] {
    former.add(*now.chunk, now.parsed, w.next - now.first, last - now.first, to, all_.options.clock->now());
  });
  if (const auto from =
          now.given_up || a.records == 0 ? std::nullopt : std::optional(w.chunk->positions[w.next]);
      from && all_.options.failing.went_well(a.log, *from))
    all_.give(effects::tell_went_well{a.log, *from});
  w.next = last;
  if (last == now.last)
    w.now.reset();
}

std::vector<delivery::lane_frame> record_work::cut(frame_former& former, const partition& p,
                                                   std::optional<position> alone) {
  const attempt a{all_.log(p),
                  former.start().at,
                  former.at().at,
                  former.records(),
                  alone,
                  true,
                  alone && p.receivers.have_had(*alone)};
  std::vector<delivery::lane_frame> frames;
  trying(a, [&] { frames = former.cut(); });
  return frames;
}

bool record_work::is_large(const frame_former& former) const {
  return multiplies_ && former.byte_size() >= large_frame;
}

std::size_t record_work::at_once(const source::chunk& c, std::size_t next, std::size_t last) const {
  return multiplies_ ? end_of_few(c, next, last) : last;
}

void record_work::note_late(const partition& p, const source::chunk& c) {
  const auto& o = all_.options;
  for (const auto& l : p.live->late()) {
    const auto& stage = o.plan->topology->stages[l.stage];
    if (!p.receivers.have_had(l.first))
      o.losses->note(l.read ? stage::loss::late_but_read : stage::loss::late, stage.name, l.count,
                     {o.plan->among_sources(c.part.empty() ? p.name : c.part), l.first, why_late(stage, l)},
                     all_.now());
  }
}

}  // namespace millrace::lane
