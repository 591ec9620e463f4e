// The captures of a shard: by time, for a decision, a report or the stop.
#include "actors/stream/shard/shard.hpp"

#include <fmt/format.h>

#include <chrono>
#include <utility>

namespace millrace::shard {
namespace {

/// The delay after a failed capture, where no snapshots are taken by time.
constexpr std::chrono::seconds capture_again{1};

}  // namespace

void shard::take_snapshot() { make(captures_.on_time(core_->wants_capture())); }

void shard::make(captures::due what, bool twice) {
  switch (what) {
  case captures::due::none:
    return;
  case captures::due::changes:
    return capture(twice);
  case captures::due::refused:
    core_->capture_again();
    return write(std::make_shared<const std::string>(), false);
  }
}

void shard::capture(bool twice) {
  const auto begun = time_.now();
  auto bytes = std::make_shared<const std::string>(core_->capture_changes());
  figures_.has_captured(time_.now() - begun);
  write(std::move(bytes), twice);
}

void shard::write(std::shared_ptr<const std::string> bytes, bool twice) {
  captures_.begun(time_.now(), bytes->size());
  figures_.waits_for_disk(captures_.oldest());
  gate_.capture_begun();
  effects_.emplace_back(
      effects::tell_writer{messages::write_capture{options_.name, life_, std::move(bytes), twice}});
}

void shard::on_capture_written(const messages::capture_written& m) {
  const auto answer = captures_.written(time_.now(), m.failure);
  figures_.waits_for_disk(captures_.oldest());
  switch (answer.what) {
  case captures::outcome::fenced:
    return output_.fail(*m.failure);
  case captures::outcome::contested:
    say(stage::log_level::info, fmt::format("a snapshot waits: {}", m.failure->message));
    return capture_failed(*m.failure);
  case captures::outcome::failed_first:
    say(stage::log_level::error,
        fmt::format("no snapshot could be written: {}; output goes on, trying again", m.failure->message));
    [[fallthrough]];
  case captures::outcome::failed:
    figures_.has_failed(*m.failure);
    return capture_failed(*m.failure);
  case captures::outcome::durable_again:
    say(stage::log_level::info, "snapshots are written again");
    [[fallthrough]];
  case captures::outcome::durable:
    figures_.is_durable(answer);
    return captured_durable(m.twice);
  }
}

void shard::capture_failed(const error& why) {
  core_->capture_failed();
  gate_.capture_failed();
  give_report();
  // One that is still being written has the changes of this one, too.
  if (captures_.stop_is_due()) {
    tell_supervisor(messages::stage_failed{options_.name, life_, why});
    stop_if_due();
  }
  // The next wake-up writes it together with what has changed since.
  if (!options_.snapshot_every)
    wake(capture_again, wake_up::to_capture);
}

void shard::captured_durable(bool twice) {
  core_->captured_durable(twice);
  lanes_.acknowledge();
  input_.acknowledge();
  gate_.capture_durable(twice);
  output_.remove_unneeded();
  output_.pump();
  for (const auto& log : lanes_.answer_waiting())
    held_.drop_lane(log);
  give_report();
  stop_if_due();
}

/// The report of a shard that has ended says that this is durable: a next run begins from it, on a
/// cluster also where the shard's node dies before the stop (docs/design/next-run.md).
void shard::on_report() {
  make(captures_.on_report(core_->changed(), core_->ended()));
  give_report();
}

void shard::give_report() {
  if (!captures_.takes_report())
    return;
  messages::report_part part;
  part.actor = options_.name;
  part.life = life_;
  part.counts = core_->counts();
  part.rows = core_->rows_out();
  part.late_at_shard = core_->late_at_shard();
  part.vector = core_->in().vector();
  part.vector[options_.name] = {core_->out().sent(), core_->fired()};
  tell_supervisor(std::move(part));
}

/// The last capture is in two copies where files of spilled output go with it: no later life falls back to before
/// it.
void shard::on_stop() {
  const bool has_decided = std::exchange(has_decided_, false);
  make(captures_.on_stop(core_->changed() || has_decided), has_decided || core_->out().has_outlived_files());
  stop_if_due();
}

void shard::stop_if_due() {
  if (!captures_.stop_is_due())
    return;
  figures_.note_flow();
  tell_supervisor(messages::stopped{options_.name, life_});
  effects_.emplace_back(effects::end{});
}

}  // namespace millrace::shard
