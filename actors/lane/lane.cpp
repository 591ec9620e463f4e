#include "actors/lane/lane.hpp"

#include "actors/stage/unnest.hpp"
#include "runtime/control/spawn.hpp"

#include <caf/send.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>

namespace millrace::lane {
namespace {

/// How long a source actor waits for data before it looks at its mailbox again.
constexpr std::chrono::milliseconds read_wait{50};
/// How soon a partition that was held back by `max_drift` looks again at the others.
constexpr std::chrono::milliseconds drift_wait{20};
/// Chunks that may wait for one partition: one in work, one read ahead.
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

lane::lane(caf::event_based_actor* self, lane_options options, incarnation life,
           delivery::lane_log::start how, caf::actor supervisor)
    : self_(self), options_(std::move(options)), life_(life), how_(how), supervisor_(std::move(supervisor)),
      away_(away_backoff, control::jitter_seed(*self)), rate_(options_.rate, now()),
      drift_(options_.max_drift), unnests_(unnests(options_.plan->roots)) {
  receivers_.resize(options_.plan->receivers);
  for (const auto& name : options_.partitions)
    partitions_.push_back(std::make_unique<partition>(options_.plan, name, how_, now()));
}

bool lane::start() {
  auto reader = options_.make_reader();
  if (!reader) {
    fail(reader.error());
    return false;
  }
  connector_ = std::move(*reader);
  auto parser = options_.make_parser();
  if (!parser) {
    fail(parser.error());
    return false;
  }
  parser_ = std::move(*parser);
  source_ = source::spawn_source(self_->system(), connector_, options_.identities);
  self_->monitor(source_);
  self_->set_down_handler([this](const caf::down_msg& m) {
    // A catch-up reader that is over is not among them any more.
    const bool ours = m.source == source_.address() || std::ranges::any_of(catch_ups_, [&](const auto& c) {
                        return m.source == c->source.address();
                      });
    if (ours && !stopped_)
      self_->quit(m.reason ? m.reason : caf::exit_reason::unhandled_exception);
  });
  look_again_later();
  return true;
}

lane::~lane() { stop(); }

void lane::stop() {
  if (std::exchange(stopped_, true))
    return;
  if (connector_)
    connector_->interrupt();
  if (source_)
    caf::anon_send(source_, messages::stop{});
  for (auto& c : catch_ups_)
    end_catch_up(*c);
  catch_ups_.clear();
}

void lane::fail(error e) {
  if (failed_)
    return;
  failed_ = true;
  if (e.stage.empty())
    e.stage = options_.plan->source->name;
  self_->send(supervisor_, messages::stage_failed{options_.name, std::move(e)});
}

void lane::pump() {
  if (stopped_ || failed_)
    return;
  for (auto& p : partitions_)
    process(*p);
  if (fail_at_a_refused_record() || (broken_ && fail_at_the_end_of_what_was_read()))
    return;
  read_more();
  start_catch_ups();
  for (auto& c : catch_ups_)
    catch_up_step(*c);
  std::erase_if(catch_ups_, [&](auto& c) {
    if (!is_over(*c))
      return false;
    end_catch_up(*c);
    return true;
  });
  update_gauges();
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
  fail(*broken_);
  return true;
}

void lane::read_more() {
  if (reading_ || failed_ || broken_ || waits_until(read_again_at_))
    return;
  std::vector<partition*> ready;
  for (auto& p : partitions_) {
    if (!p->live || p->ended() || p->refused)
      continue;
    if (p->may_send(options_.credit) && p->waiting.size() < max_waiting &&
        (p->waiting.empty() || !p->waiting.back().chunk->at_end))
      ready.push_back(p.get());
  }
  hold_back(ready);
  if (ready.empty())
    return;
  std::stable_sort(ready.begin(), ready.end(), [](const partition* a, const partition* b) {
    return a->live->at().watermark < b->live->at().watermark;
  });
  source::read request{++ticket_, {}, options_.chunk_bytes, read_wait};
  if (options_.rate)  // no more ahead than a few seconds' worth
    request.max_bytes = std::min<std::size_t>(request.max_bytes, 64U << 10);
  for (const auto* p : ready)
    request.wanted.push_back(p->name);
  reading_ = true;
  self_->send(source_, std::move(request));
}

/// Under `max_drift`: whoever is too far ahead of the slowest partition that still has something to read
/// waits, over all lanes of the parser.
void lane::hold_back(std::vector<partition*>& ready) {
  if (!drift_.limits())
    return;
  drift_.begin();
  for (const auto& p : partitions_)
    if (!p->ended() && !p->caught_up)
      drift_.sees(p->live ? p->live->at().watermark : no_watermark);
  options_.gauges->slowest = drift_.slowest();
  for (const auto& peer : options_.peers)
    drift_.sees(peer->slowest);
  const auto held =
      std::erase_if(ready, [&](const partition* p) { return drift_.holds(p->live->at().watermark); });
  if (held != 0)
    wake_in(drift_wait);
}

void lane::on_chunk(const source::chunk_read& m, const caf::actor& from) {
  if (from != source_) {
    for (auto& c : catch_ups_)
      if (c->source == from)
        return on_catch_up_chunk(*c, m);
    return;
  }
  reading_ = false;
  if (m.lag)
    options_.gauges->lag = static_cast<std::int64_t>(*m.lag);
  if (m.lag_bytes)
    options_.gauges->lag_bytes = static_cast<std::int64_t>(*m.lag_bytes);
  if (m.failure) {
    if (m.failure->code == ec::cancelled)
      return;
    if (!m.failure->retry) {
      broken_ = *m.failure;
      return pump();
    }
    if (away_.tries() == 0)
      spdlog::warn("{}: {}; waiting for it", options_.plan->source->name, m.failure->message);
    const auto wait = away_.next();
    read_again_at_ = now() + wait;
    options_.gauges->away = true;
    return pump();
  }
  if (away_.tries() != 0) {
    spdlog::info("{}: the source answers again", options_.plan->source->name);
    away_.reset();
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
      p->waiting.push_back({m.chunk, now()});
      p->last_data = now();
      p->idle_sent = false;
    }
  read_more();  // the source reads on while this chunk is processed
  pump();
}

void lane::process(partition& p) {
  using std::chrono::duration_cast;
  auto& g = *options_.gauges;
  while (!p.waiting.empty() && !p.refused && p.may_send(options_.credit)) {
    const auto began = now();
    if (auto& w = p.waiting.front(); !std::exchange(w.begun, true)) {
      ++g.chunks;
      g.wait_micros += static_cast<std::uint64_t>(duration_cast<micros>(began - w.arrived).count());
    }
    const bool more = process_some(p, p.waiting.front());
    g.work_micros += static_cast<std::uint64_t>(duration_cast<micros>(now() - began).count());
    if (!more)
      return;
  }
}

/// Up to the next cut, or what `rate` allows, or all of the piece. False: nothing more can be done now.
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
  auto to = behind(c, last);
  const auto cut = p.log.next_cut();
  if (cut && *cut >= p.live->at().at && *cut < to) {
    last = record_at(c, *cut);
    to = *cut;
  }
  const auto at_once = end_at_once(w, last);
  const bool partly = at_once < last;
  if (partly) {
    last = at_once;
    to = c.positions[last];
  }
  const auto allowed = rate_.allowed(now());
  if (allowed < last - w.next) {
    if (allowed == 0) {
      wake_in(rate_.wait());
      return false;
    }
    last = w.next + allowed;
    to = c.positions[last];
  }
  rate_.take(last - w.next);
  const bool own_frame = piece.own_frame;
  if (own_frame)
    flush(p);
  p.alone = p.live->empty() && last - w.next == 1 ? std::optional(c.positions[w.next]) : std::nullopt;
  add(*p.live, p, w, last, to);
  note_late(p, c);
  const bool at_cut = cut && p.live->at().at == *cut;
  const bool done = to == c.to;
  const bool at_end = done && c.at_end;
  const bool more_waits = done ? p.waiting.size() > 1 : true;
  const bool drained = done && c.drained && !more_waits;
  if (at_end)
    p.live->add_end();
  p.caught_up = done && c.caught_up && !more_waits;
  if (done)
    p.waiting.pop_front();
  if (at_cut || at_end || own_frame || p.caught_up || drained || options_.rate ||
      p.live->records() >= options_.frame_records || is_large(*p.live) || (!reading_ && !partly))
    flush(p);
  return true;
}

void lane::wake_in(std::chrono::microseconds d) {
  if (wake_ups_.arm(now() + d))
    self_->delayed_send(self_, d, wake_up{});
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
  wake_ups_.arrived(now());
  pump();
}

void lane::update_gauges() {
  auto watermark = end_of_time;
  std::size_t bytes = 0;
  for (const auto& p : partitions_) {
    watermark = std::min(watermark, p->live ? p->live->at().watermark : no_watermark);
    for (const auto b : p->in_flight)
      bytes += b;
    options_.gauges->stalls += p->live && !p->may_send(options_.credit);
  }
  options_.gauges->watermark = watermark;
  options_.gauges->in_flight_bytes = bytes;
}

}  // namespace millrace::lane
