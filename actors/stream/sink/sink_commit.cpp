// Commits: when one is due, what it holds, and who is told.
#include "actors/stream/sink/sink_state.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace millrace::sink {
namespace {

constexpr std::chrono::seconds keep_alive_every{60};
/// A call that could not be made when it fell due (rows wait for their commit) is tried again after this
/// time.
constexpr std::chrono::milliseconds keep_alive_again{100};

}  // namespace

void sink_state::on_commit_tick(const commit_tick& m) {
  if (const auto at_once = commit_clock_.arrived(m.number))
    commit_if_due(*at_once);
}

void sink_state::commit_if_due(bool at_once) {
  if (!is_open() || !core_.has_uncommitted_progress())
    return;
  const bool has_ended_now = has_ended(core_.progress());
  if (const auto wait =
          rows_uncommitted_ != 0 && !stopping_ && !has_ended_now ? writer_->commit_in() : std::nullopt;
      wait && *wait > micros(0)) {
    if (const auto ask = commit_clock_.later(now(), *wait))
      self_->delayed_send(self_, ask->wait, commit_tick{ask->number});
    return;
  }
  if (at_once) {
    commit();
    return;
  }
  const auto due =
      commit_clock_.look(now(), {first_uncommitted_, last_commit_, has_ended_now, bytes_uncommitted_});
  if (due.commit)
    commit();
  else if (due.ask && due.ask->wait == clock::duration::zero())
    self_->send(self_, commit_tick{due.ask->number});
  else if (due.ask)
    self_->delayed_send(self_, due.ask->wait, commit_tick{due.ask->number});
}

/// A tick for when the target wants to be seen to, whether or not anything comes until then.
void sink_state::keep_alive_later() {
  const auto present = now();
  auto at = std::max(last_commit_ + keep_alive_every, present + keep_alive_again);
  if (const auto sooner = writer_->keep_alive_in())
    at = std::min(at, present + std::max<clock::duration>(*sooner, keep_alive_again));
  if (at >= keep_alive_at_)
    return;
  keep_alive_at_ = at;
  self_->delayed_send(self_, at - present, keep_alive_tick{});
}

void sink_state::on_keep_alive_tick() {
  const auto present = now();
  if (present < keep_alive_at_)
    return;  // another one is on its way
  keep_alive_at_ = clock::time_point::max();
  if (!is_open())
    return;  // opening asks for the next one
  const auto due = writer_->keep_alive_in();
  const bool wanted = (due && *due <= micros(0)) || present - last_commit_ >= keep_alive_every;
  if (wanted && !core_.has_uncommitted_progress() && rows_uncommitted_ == 0) {
    if (const auto kept = in_target([&] { return writer_->keep_alive(); }); !kept)
      return went_wrong(kept.error());
    note_answer(health_.kept_alive());
    last_commit_ = present;
  }
  keep_alive_later();
}

bool sink_state::commit() {
  progress p;
  p.positions = core_.progress();
  p.batch = batch_ + (rows_uncommitted_ != 0 ? 1 : 0);
  wire::writer counters;
  counts_.encode(counters);
  p.counters = counters.take();
  const auto begun = now();
  const auto refused = in_target([&] { return writer_->commit(p); });
  if (!refused) {
    went_wrong(refused.error());
    return false;
  }
  note_answer(health_.committed(p.positions, rows_uncommitted_ != 0));
  note_duration(begun, p.batch);
  note_latency(p.positions);
  last_commit_ = now();
  options_.flow->gained(committed_counts_, counts_);
  committed_counts_ = counts_;
  note_standing();
  batch_ = p.batch;
  options_.gauges->rows += rows_uncommitted_ - std::min(*refused, rows_uncommitted_);
  options_.gauges->rejected += *refused;
  options_.gauges->bytes.fetch_add(bytes_uncommitted_, std::memory_order_relaxed);
  ++options_.gauges->commits;
  rows_uncommitted_ = bytes_uncommitted_ = 0;
  first_uncommitted_.reset();
  in_target_ = {};
  note_letters();
  core_.committed(std::move(p.positions));
  note_commit();
  after_commit();
  keep_alive_later();
  if (*refused != 0)
    forward_refused();
  return true;
}

/// A target that has lost all of it is found by that, so nobody waits for it but a stop.
void sink_state::note_commit() {
  has_committed_ = true;
  if (commit_noted_ != noted::no || !options_.keeper)
    return;
  commit_noted_ = noted::asked;
  self_->send(options_.keeper,
              messages::keep_value{options_.name, life_, committed_name(options_.name), "1"});
}

void sink_state::on_kept(const messages::value_kept& m) {
  commit_noted_ = m.failure ? noted::no : noted::yes;
  if (m.failure)
    spdlog::warn("{}: {}; tried again with the next commit", options_.in_logs(), m.failure->message);
  end_if_stopping();
}

void sink_state::note_duration(clock::time_point begun, std::uint64_t batch) {
  using std::chrono::duration_cast;
  auto& g = *options_.gauges;
  g.batch = batch;
  if (rows_uncommitted_ == 0 || !first_uncommitted_)
    return;
  const auto took = static_cast<std::uint64_t>(duration_cast<micros>(now() - begun).count());
  g.in_target.add(duration_cast<micros>(in_target_));
  ++g.row_commits;
  const auto waited = static_cast<std::uint64_t>(duration_cast<micros>(begun - *first_uncommitted_).count());
  g.wait_micros += waited;
  g.commit_micros += took;
  g.commit_times.add(micros(static_cast<std::int64_t>(took)));
  g.last_rows = rows_uncommitted_;
  g.last_micros = took;
  g.history.add({batch, options_.clock->now(), rows_uncommitted_, waited, took});
}

/// A lane's rows reach as far as its watermark, a shard's as far as its windows have fired. A log that has ended
/// says nothing.
void sink_state::note_latency(const std::map<log_id, mark>& reached) {
  if (rows_uncommitted_ == 0)
    return;
  const auto present = options_.clock->now();
  for (const auto& one : reached) {
    const auto& log = one.first;
    const auto& m = one.second;
    const auto before = core_.committed().find(log);
    if (before != core_.committed().end() && before->second == m)
      continue;
    const bool is_window = std::any_of(options_.windows.begin(), options_.windows.end(), [&](const auto& w) {
      return std::find(w.logs.begin(), w.logs.end(), log) != w.logs.end();
    });
    const auto time = is_window ? m.at.major : m.watermark;
    if (time != no_watermark && time != end_of_time)
      options_.gauges->latency.add(micros(present - time));
  }
}

void sink_state::after_commit() {
  for (const auto& [log, m] : core_.committed()) {
    const auto lane = lanes_.find(log);
    if (lane != lanes_.end() && lane->second.told != m.at) {
      lane->second.told = m.at;
      self_->send(lane->second.handle, messages::acknowledged{log, lane->second.receiver, m.at});
    }
    const auto shard = shards_.find(log);
    if (shard != shards_.end())
      self_->send(shard->second.handle, messages::output_acknowledged{log, options_.name, m.at});
  }
  tell_complete();
}

void sink_state::tell_complete() {
  if (!core_.complete())
    return;
  // Also once it was complete: a new life of the dead-letter sink wants the end again, and a partition that was found
  // later gives rows after it.
  if (!options_.takes_dead_letters && !refused_.end_is_sent())
    return forward_refused();
  if (const auto found = completion_.news())
    self_->send(supervisor_, messages::completed{options_.name, life_, *found});
}

/// The counts of earlier lives lie in the target: before it has read them there it would say that there are none.
/// Rows that the target has refused went in, and not out.
void sink_state::note_standing() {
  auto now = committed_counts_;
  if (const auto refused = refused_.newest(); refused != 0) {
    auto& own = now[options_.name];
    own.out -= std::min(own.out, refused);
    own.dead += refused;
  }
  options_.flow->stands(options_.name, std::move(now));
}

void sink_state::on_report() {
  report_is_due_ = !has_counts_ && has_committed_;
  if (!report_is_due_)
    report();
}

void sink_state::report() {
  messages::report_part part;
  part.actor = options_.name;
  part.life = life_;
  // Sources, parsers and windows count in the dead-letter sink: what it has taken, although it commits
  // progress alone only now and then.
  part.counts = options_.takes_dead_letters ? counts_ : committed_counts_;
  part.rejected = refused_.newest();
  part.vector = options_.takes_dead_letters ? core_.progress() : core_.committed();
  self_->send(supervisor_, std::move(part));
}

void sink_state::on_stop() {
  if (!stopping_) {
    stopping_ = true;
    commit_if_due(true);
  }
  end_if_stopping();
}

void sink_state::end_if_stopping() {
  if (!stopping_ || commit_noted_ == noted::asked)
    return;
  report();  // the last word, whether the target was reached or not; what was just committed is in it
  self_->send(supervisor_, messages::stopped{options_.name, life_});
  self_->quit();
}

}  // namespace millrace::sink
