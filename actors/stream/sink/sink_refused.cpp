// Rows that the target refuses, on their way to the dead letters (refused_rows decides).
#include "actors/stream/sink/sink_state.hpp"

namespace millrace::sink {
namespace {

constexpr std::size_t refused_at_once = 256;

}  // namespace

void sink_state::on_dead_letter_sink(const messages::receiver_up& m) {
  if (m.life < dead_letter_life_)
    return;
  dead_letter_sink_ = m.handle;
  dead_letter_life_ = m.life;
  ask_dead_letter_sink();
}

void sink_state::on_dead_letter_sink_gone(const messages::receiver_down& m) {
  if (m.life >= dead_letter_life_)  // else a later life, on another node, has been introduced meanwhile
    dead_letter_sink_ = nullptr;
}

void sink_state::ask_dead_letter_sink() {
  refused_.ask_again();
  if (dead_letter_sink_ && life_.count != 0)
    self_->send(dead_letter_sink_, messages::ask_position{refused_.log(), life_, 0, self_});
}

void sink_state::on_answer(const messages::position_answered& m) {
  if (!m.answer)
    return;
  refused_.answered(*m.answer);
  forward_refused();
}

void sink_state::forward_refused() {
  if (!dead_letter_sink_ || !is_open())
    return;
  switch (refused_.wanted()) {
  case refused_rows::next::nothing:
    return;
  case refused_rows::next::ask:
    return ask_dead_letter_sink();
  case refused_rows::next::read:
    break;
  }
  auto rows = in_target([&] { return writer_->rejected(refused_.after(), refused_at_once); });
  if (!rows)
    return went_wrong(rows.error());
  if (!rows->empty()) {
    send_refused(refused_.send(std::move(*rows)));
    note_standing();
  } else if (core_.complete()) {
    if (auto end = refused_.send_end())
      send_refused(std::move(*end));
    tell_complete();
  }
}

void sink_state::send_refused(delivery::lane_frame frame) {
  self_->send(dead_letter_sink_,
              messages::take_frame{std::make_shared<const delivery::lane_frame>(std::move(frame)), 0, self_});
}

void sink_state::on_acknowledged(const messages::acknowledged& m) {
  if (!refused_.acknowledged(m.below))
    return;
  if (is_open() && refused_.newest() != 0)
    writer_->forget_rejected(refused_.newest());
  forward_refused();
}

}  // namespace millrace::sink
