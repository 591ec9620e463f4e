// Rows that the target refuses, on their way to the dead letters (refused_rows decides).
#include "actors/stream/sink/sink_life.hpp"

#include <utility>

namespace millrace::sink {
namespace {

constexpr std::size_t refused_at_once = 256;

}  // namespace

bool sink_life::on_dead_letter_sink(const life& now) {
  if (!refused_.came(now))
    return false;
  ask_dead_letter_sink();
  return true;
}

bool sink_life::on_dead_letter_sink_gone(const life& of) { return refused_.went(of); }

void sink_life::on_answer(const std::optional<delivery::answer>& answer) {
  if (!answer)
    return;
  refused_.answered(*answer);
  then(steps::forward_refused{});
}

void sink_life::run(const steps::forward_refused& /*s*/) {
  if (!refused_.is_there())
    return;
  switch (refused_.wanted()) {
  case refused_rows::next::nothing:
    return;
  case refused_rows::next::ask:
    return ask_dead_letter_sink();
  case refused_rows::next::read:
    break;
  }
  auto rows = target_.rejected(refused_.after(), refused_at_once);
  if (!rows)
    return went_wrong(rows.error());
  if (!rows->empty()) {
    refused_.send(std::move(*rows), effects_);
    note_standing();
  } else if (core_.complete()) {
    refused_.send_end(effects_);
    then(steps::tell_complete{});
  }
}

void sink_life::on_acknowledged(position below) {
  if (!refused_.acknowledged(below))
    return;
  if (is_open() && refused_.newest() != 0)
    target_.forget_rejected(refused_.newest());
  then(steps::forward_refused{});
}

}  // namespace millrace::sink
