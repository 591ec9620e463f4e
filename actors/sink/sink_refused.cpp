// Rows that the target refuses, on their way to the dead letters. The target keeps them with the commit that
// passed them; towards the dead-letter sink they are a log like any other: position (0, sequence of the last
// one sent). The end of that log is position (0, last sequence + 1); where the topology has come to its end
// and replayed records come after all, it goes on at (1, sequence), and so forth.
#include "actors/sink/sink_state.hpp"

#include <spdlog/spdlog.h>

namespace millrace::sink {
namespace {

constexpr std::size_t refused_at_once = 256;

bool is_end(const mark& m) { return m.watermark == end_of_time; }
/// Sequence of the last row in front of this mark of the log.
std::uint64_t sequence_at(const mark& m) {
  return static_cast<std::uint64_t>(m.at.minor - (is_end(m) ? 1 : 0));
}

}  // namespace

void sink_state::on_dead_letter_sink(const messages::receiver_up& m) {
  dead_letter_sink_ = m.handle;
  ask_dead_letter_sink();
}

void sink_state::ask_dead_letter_sink() {
  refused_fence_.reset();
  refused_under_way_ = false;
  if (dead_letter_sink_ && life_ != 0)
    self_->send(dead_letter_sink_, messages::ask_position{rejected_log(options_.name), life_, 0,
                                                          caf::actor_cast<caf::actor>(self_)});
}

void sink_state::on_answer(const messages::position_answered& m) {
  if (!m.answer)
    return;
  refused_fence_ = m.answer->stamp;
  refused_sent_ = m.answer->have;
  refused_under_way_ = false;
  refused_ = std::max(refused_, sequence_at(refused_sent_));
  forward_refused();
}

void sink_state::forward_refused() {
  if (!dead_letter_sink_ || !is_open_ || refused_under_way_)
    return;
  if (!refused_fence_)
    return ask_dead_letter_sink();
  auto rows = writer_->rejected(sequence_at(refused_sent_), refused_at_once);
  if (!rows)
    return went_wrong(rows.error());
  if (!rows->empty())
    send_refused(std::move(*rows), false);
  else if (core_.complete()) {
    if (!is_end(refused_sent_))
      send_refused({}, true);
    refused_done_ = true;
    tell_complete();
  }
}

void sink_state::send_refused(std::vector<rejected_row> rows, bool end) {
  delivery::lane_frame f;
  f.log = rejected_log(options_.name);
  f.stamp = *refused_fence_;
  f.from = refused_sent_.at;
  f.to = f.from;
  if (end) {
    f.to.minor += 1;
    f.watermark = end_of_time;
  } else {
    auto letters = std::make_shared<delivery::dead_payload>();
    if (is_end(refused_sent_))
      f.to.major += 1;
    for (auto& r : rows) {
      f.to.minor = static_cast<std::int64_t>(r.sequence);
      letters->letters.push_back({options_.name, f.log, f.to, std::move(r.error), std::move(r.record)});
    }
    refused_ = std::max(refused_, static_cast<std::uint64_t>(f.to.minor));
    f.content = std::move(letters);
  }
  refused_sent_ = {f.to, f.watermark};
  refused_under_way_ = true;
  self_->send(dead_letter_sink_,
              messages::lane_frame{std::make_shared<const delivery::lane_frame>(std::move(f)), 0,
                                   caf::actor_cast<caf::actor>(self_)});
}

void sink_state::on_acknowledged(const messages::acknowledged& m) {
  if (m.below < refused_sent_.at)
    return;
  refused_under_way_ = false;
  if (is_open_ && refused_ != 0)
    writer_->forget_rejected(refused_);
  forward_refused();
}

}  // namespace millrace::sink
