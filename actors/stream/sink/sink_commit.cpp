// Commits: when one is due, what it holds, and who is told.
#include "actors/stream/sink/rows_to_write.hpp"
#include "actors/stream/sink/sink_gauges.hpp"
#include "actors/stream/sink/sink_life.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace millrace::sink {
namespace {

/// The figures that a sink gains with a commit.
struct done_commit {
  using clock = std::chrono::steady_clock;
  std::uint64_t batch = 0;
  std::uint64_t rows = 0;
  std::uint64_t refused = 0;
  std::size_t bytes = 0;
  std::optional<clock::time_point> first_row;
  clock::time_point began, ended;
  clock::duration in_target{0};  // time of all calls for it
};

/// `now`: by the wall clock.
void note_commit(sink_gauges& gauges, const done_commit& c, event_micros now) {
  using std::chrono::duration_cast;
  gauges.batch = c.batch;
  gauges.rows += c.rows - std::min(c.refused, c.rows);
  gauges.rejected += c.refused;
  gauges.bytes.fetch_add(c.bytes, std::memory_order_relaxed);
  ++gauges.commits;
  if (c.rows == 0 || !c.first_row)
    return;
  const auto took = static_cast<std::uint64_t>(duration_cast<micros>(c.ended - c.began).count());
  const auto waited = static_cast<std::uint64_t>(duration_cast<micros>(c.began - *c.first_row).count());
  gauges.in_target.add(duration_cast<micros>(c.in_target));
  ++gauges.row_commits;
  gauges.wait_micros += waited;
  gauges.commit_micros += took;
  gauges.commit_times.add(micros(static_cast<std::int64_t>(took)));
  gauges.last_rows = c.rows;
  gauges.last_micros = took;
  gauges.history.add({c.batch, now, c.rows, waited, took});
}

/// Notes for each log that `reached` has beyond `before` how far behind event time its rows were committed. A lane's rows
/// reach as far as its watermark, a shard's as far as its windows have fired. A log that has ended says nothing.
void note_latency(sink_gauges& gauges, const std::vector<window_input>& windows,
                  const std::map<log_id, mark>& before, const std::map<log_id, mark>& reached,
                  event_micros now) {
  for (const auto& [name, m] : reached) {
    const auto& log = name;
    if (const auto known = before.find(log); known != before.end() && known->second == m)
      continue;
    const bool is_window = std::any_of(windows.begin(), windows.end(), [&](const auto& w) {
      return std::find(w.logs.begin(), w.logs.end(), log) != w.logs.end();
    });
    const auto time = is_window ? m.at.major : m.watermark;
    if (time != no_watermark && time != end_of_time)
      gauges.latency.add(micros(now - time));
  }
}

}  // namespace

void sink_life::on_commit_tick(std::uint64_t number) {
  if (const auto at_once = commit_clock_.arrived(number))
    then(steps::commit_if_due{*at_once});
}

void sink_life::run(const steps::commit_if_due& s) {
  if (!core_.has_uncommitted_progress())
    return;
  const bool has_ended_now = has_ended(core_.progress());
  const bool may_wait = taken_.rows() != 0 && phase_ == phase::running && !has_ended_now;
  if (const auto wait = may_wait ? target_.commit_in() : std::nullopt; wait && *wait > micros(0)) {
    if (const auto ask = commit_clock_.later(now(), *wait))
      look_later(*ask);
    return;
  }
  if (s.at_once)
    return run(steps::commit{});
  const auto due = commit_clock_.look(
      now(), {taken_.first(), last_commit_, is_first_commit_, has_ended_now, taken_.bytes()});
  if (due.commit)
    run(steps::commit{});
  else if (due.ask)
    look_later(*due.ask);
}

void sink_life::run(const steps::commit& /*s*/) {
  auto p = taken_.commit_of(core_.progress());
  const auto began = now();
  const auto refused = target_.commit(p);
  if (!refused)
    return went_wrong(refused.error());
  note_answer(health_.committed(p.positions, taken_.rows() != 0));
  last_commit_ = now();
  is_first_commit_ = false;
  auto& gauges = *options_.gauges;
  note_commit(gauges,
              {p.batch, taken_.rows(), *refused, taken_.bytes(), taken_.first(), began, last_commit_,
               target_.spent()},
              options_.clock->now());
  if (taken_.rows() != 0)
    note_latency(gauges, options_.windows, core_.committed(), p.positions, options_.clock->now());
  taken_.committed(p.batch);
  note_standing();
  core_.committed(std::move(p.positions));
  note_first_commit();
  if (*refused != 0)
    then(steps::forward_refused{});
  then(steps::acknowledge{});
  keep_alive_later();
}

/// A target that has lost all of it is found by that, so nobody waits for it but a stop.
void sink_life::note_first_commit() {
  if (note_ == commit_note::not_committed)
    note_ = commit_note::missing;
  if (note_ != commit_note::missing || first_commit_ == first_commit::goes_untold)
    return;
  note_ = commit_note::under_way;
  effects_.emplace_back(effects::keep_commit{life_});
}

void sink_life::on_kept(const std::optional<error>& failure) {
  note_ = failure ? commit_note::missing : commit_note::kept;
  if (!failure)
    told_of_note_.clear();
  else if (std::exchange(told_of_note_, failure->message) != failure->message)
    say(stage::log_level::warning, fmt::format("{}; tried again with the next commit", failure->message));
  end_if_stopping();
}

void sink_life::run(const steps::acknowledge& /*s*/) {
  senders_.acknowledge(core_.committed(), effects_);
  then(steps::tell_complete{});
}

/// A tick for when the target wants to be seen to, whether or not anything comes until then.
void sink_life::keep_alive_later() {
  if (const auto wait = keep_alive_clock_.next(now(), last_commit_, target_.keep_alive_in()))
    effects_.emplace_back(effects::keep_alive_later{*wait});
}

void sink_life::on_keep_alive_tick() {
  const auto present = now();
  if (!keep_alive_clock_.arrived(present) || !is_open())
    return;  // another one is on its way, or opening asks for it
  if (keep_alive_clock::is_due(present, last_commit_, target_.keep_alive_in()) &&
      !core_.has_uncommitted_progress() && taken_.rows() == 0) {
    if (const auto kept = target_.keep_alive(); !kept)
      return went_wrong(kept.error());
    note_answer(health_.kept_alive());
    last_commit_ = present;
  }
  keep_alive_later();
}

}  // namespace millrace::sink
