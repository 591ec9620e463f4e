#include "actors/stream/lane/chunk_reader.hpp"

#include "actors/stream/replay/replay_format.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <span>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace millrace::lane {
namespace {

/// Chunks that may wait for one partition: one in work, one read ahead; beside them one a helper.
constexpr std::size_t max_waiting = 2;

}  // namespace

void chunk_reader::begin_at(partition& p) {
  p.live = std::make_unique<frame_former>(all_.options.plan, p.name, p.log().at());
  p.live->show_to(all_.options.taps);
  p.live->tell_largest_to([g = all_.options.gauges](const std::string& window, const window::largest_key& k) {
    if (const auto hot = g->hot_keys.find(window); k.of != 0 && hot != g->hot_keys.end())
      hot->second.add(k, window::hot_keys::clock::now());
  });
  p.waiting.clear();
  p.alone.reset();
  p.refused.reset();
  p.first_ticket = schedule_.ticket() + 1;
  p.asked = 0;
  p.caught_up = false;
  p.last_data = all_.now();
  if (!p.ended())
    all_.give(effects::assign{live_reader, {p.name, p.log().at().at}});
}

void chunk_reader::read_more() {
  if (schedule_.is_reading() || all_.is_over || broken_ || all_.paused_since ||
      all_.waits_until(schedule_.health.ask_at()))
    return;
  const auto stand = places();
  if (const auto news = schedule_.news_for_others(stand))
    all_.give(effects::tell_slowest{*news});
  if (auto request = schedule_.next(stand)) {
    std::unordered_map<std::string_view, std::size_t> wanted;
    for (const auto& name : request->wanted)
      wanted.emplace(name, wanted.size());
    for (auto& p : all_.partitions)
      if (const auto turn = wanted.find(p->name); turn != wanted.end()) {
        p->asked = request->ticket;
        p->turn = turn->second;
      }
    all_.give(effects::read{live_reader, std::move(*request)});
  }
}

std::vector<schedule::place> chunk_reader::places() const {
  const auto& o = all_.options;
  std::vector<schedule::place> out;
  out.reserve(all_.partitions.size());
  for (const auto& p : all_.partitions) {
    const bool has_room = p->waiting.size() < max_waiting + o.ahead.helpers &&
                          (p->waiting.empty() || !p->waiting.back().chunk->at_end);
    out.push_back(
        {.name = p->name,
         .watermark = p->live ? p->live->at().watermark : no_watermark,
         .has_more = !p->ended() && !p->caught_up,
         .wanted = p->live && !p->ended() && !p->refused && has_room && p->receivers.may_send(o.credit)});
  }
  return out;
}

bool chunk_reader::on_chunk(const source::chunk_read& m) {
  auto& g = *all_.options.gauges;
  schedule_.answered();
  if (m.lag)
    figures_.note_lag(*m.lag);
  g.lag_bytes = m.lag_bytes ? static_cast<std::int64_t>(*m.lag_bytes) : -1;
  if (m.failure) {
    if (m.failure->code == ec::cancelled)
      return false;
    on_failure(*m.failure);
    return true;
  }
  if (schedule_.health.answered()) {
    all_.give(effects::say{stage::log_level::info, all_.options.in_logs(all_.options.plan->source->name) +
                                                       ": the source answers again"});
    g.away = false;
  }
  if (m.chunk)
    take(m.chunk, m.ticket);
  else
    on_nothing(m.ticket);
  return true;
}

void chunk_reader::on_failure(const error& why) {
  if (!why.retry) {
    broken_ = broken{why};
    return;
  }
  if (schedule_.health.failed(all_.now()))
    all_.give(effects::say{stage::log_level::warning,
                           fmt::format("{}: {}; waiting for it",
                                       all_.options.in_logs(all_.options.plan->source->name), why.message)});
  all_.options.gauges->why_away.note(why.message);
  all_.options.gauges->away = true;
}

/// It says nothing of a partition that was not asked for: one without credit, or one that begins only now.
void chunk_reader::on_nothing(std::uint64_t ticket) {
  for (auto& p : all_.partitions)
    if (p->live && !p->ended() && p->waiting.empty()) {
      const bool has_no_more = p->asked == ticket;
      p->caught_up = p->caught_up || has_no_more;
      dispatch_.flush(*p);
      if (has_no_more)
        dispatch_.send_idle(*p);
    }
}

void chunk_reader::take(const std::shared_ptr<const source::chunk>& c, std::uint64_t ticket) {
  for (auto& p : all_.partitions)
    if (p->name == c->partition && p->live && ticket >= p->first_ticket) {
      parse_ahead(*p, p->waiting.emplace_back(waiting_chunk{c, all_.now()}));
      figures_.note_records(*p, *c);
      p->last_data = all_.now();
      p->idle_sent = false;
      if (!replay::parse_partition_name(p->name))  // a batch comes before all others
        tell_idle_before(p->turn, ticket);
    }
  read_more();  // the source reads on while this chunk is processed
}

/// The source gives records of the first that has any: those in front of it had none.
void chunk_reader::tell_idle_before(std::size_t turn, std::uint64_t ticket) {
  for (auto& p : all_.partitions)
    if (p->asked == ticket && p->turn < turn && p->live && !p->ended() && p->waiting.empty())
      dispatch_.send_idle(*p);
}

void chunk_reader::parse_ahead(const partition& p, waiting_chunk& w) {
  const auto& o = all_.options;
  if (o.ahead.helpers == 0 || w.chunk->bytes.size() < o.ahead.least_bytes)
    return;
  // A record that has ended a process, or was given up, is not shown to anybody among others.
  const auto& c = *w.chunk;
  const auto log = all_.log(p);
  if (o.failing.next(log, c.from, c.to) || o.verdicts->next(log, c.from, c.to))
    return;
  w.number = ++given_away_;
  all_.give(effects::parse{w.number, {log, c.from, c.to, c.records()}, w.chunk});
}

bool chunk_reader::on_parsed(const chunk_parsed& m) {
  for (auto& p : all_.partitions)
    for (auto& w : p->waiting)
      if (w.number == m.number) {
        w.number = 0;
        w.ahead = m.rows;
        all_.options.gauges->work_micros += static_cast<std::uint64_t>(m.took.count());
        return true;
      }
  return false;
}

/// The chunks that the source gave before it broke go on their way first: all that it says was read has been
/// read.
bool chunk_reader::fail_at_the_end_of_what_was_read() {
  if (!broken_)
    return false;
  for (const auto& p : all_.partitions)
    if (!p->waiting.empty())
      return false;
  for (auto& p : all_.partitions)
    if (p->live)
      dispatch_.flush(*p);
  if (broken_->why.code == ec::log_trimmed && !is_still_needed())
    return false;
  all_.fail(broken_->why);
  return true;
}

/// Returns whether a position that is gone from the log is still needed. Receivers may have other lives by
/// now, which stand further on, and a newer life of the lane may read. So all are asked, and no record is
/// read until those that are up have answered. The source does not say which partition the position belongs
/// to. If all receivers of a partition have gone on, reading begins anew: a position that is still needed
/// turns out to be gone again.
bool chunk_reader::is_still_needed() {
  auto& partitions = all_.partitions;
  auto& stood_at = broken_->stood_at;
  if (!stood_at) {
    stood_at.emplace();
    for (auto& p : partitions) {
      stood_at->push_back(p->log().at().at);
      for (std::size_t r = 0; p->live && !p->ended() && r < all_.up.size(); ++r)
        dispatch_.ask(*p, r);
    }
    return false;
  }
  const auto asked = std::span(partitions).first(stood_at->size());
  if (std::ranges::none_of(all_.up, std::identity()) ||
      std::ranges::any_of(asked, [](const auto& p) { return p->live && p->log().is_asking(); }))
    return false;
  const auto before = *std::exchange(stood_at, std::nullopt);
  bool are_needed = true;
  for (std::size_t i = 0; i < before.size(); ++i)
    are_needed = are_needed && (!partitions[i]->live || partitions[i]->log().lowest() <= before[i]);
  if (are_needed)
    return true;
  broken_.reset();
  for (std::size_t i = 0; i < before.size(); ++i)
    if (partitions[i]->live && partitions[i]->log().at().at == before[i])
      begin_at(*partitions[i]);
  return false;
}

}  // namespace millrace::lane
