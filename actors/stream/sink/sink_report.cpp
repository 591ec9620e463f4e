// Tells the supervisor that all rows are committed, how the ledger stands, and that the sink stops.
#include "actors/stream/sink/sink_life.hpp"

#include <algorithm>
#include <utility>

namespace millrace::sink {

void sink_life::run(const steps::tell_complete& /*s*/) {
  if (!core_.complete())
    return;
  // It is looked at again once it was complete: a new life of the dead-letter sink wants the end again, and a partition that was found
  // later gives rows after it.
  if (!options_.takes_dead_letters && !refused_.end_is_sent())
    return then(steps::forward_refused{});
  if (const auto found = completion_.news())
    effects_.emplace_back(effects::tell_complete{life_, *found});
}

/// A ledger from before the target is open would say that there are none. Rows that the target has refused went in, and not out.
void sink_life::note_standing() {
  auto now = taken_.committed_counts();
  if (const auto refused = refused_.newest(); refused != 0) {
    auto& own = now[options_.name];
    own.out -= std::min(own.out, refused);
    own.dead += refused;
  }
  options_.flow->stands(options_.name, std::move(now));
}

void sink_life::on_report() {
  if (ledger_ == ledger_state::read || note_ == commit_note::not_committed)
    report();
  else
    ledger_ = ledger_state::awaited;
}

void sink_life::run(const steps::give_report& /*s*/) { report(); }

void sink_life::report() {
  effects::report part;
  part.life = life_;
  // Sources, parsers and windows count in the dead-letter sink: what it has taken, although it commits
  // progress alone only now and then.
  part.counts = options_.takes_dead_letters ? taken_.counts() : taken_.committed_counts();
  part.rejected = refused_.newest();
  part.vector = options_.takes_dead_letters ? core_.progress() : core_.committed();
  effects_.emplace_back(std::move(part));
}

void sink_life::on_stop() {
  if (phase_ == phase::over)
    return;
  then(steps::end_if_stopping{});
  if (std::exchange(phase_, phase::stopping) == phase::running)
    then(steps::commit_if_due{true});
}

void sink_life::run(const steps::end_if_stopping& /*s*/) { end_if_stopping(); }

void sink_life::end_if_stopping() {
  if (phase_ != phase::stopping || note_ == commit_note::under_way)
    return;
  report();  // the last word, whether the target was reached or not; what was just committed is in it
  effects_.emplace_back(effects::tell_stopped{life_});
  end();
}

void sink_life::end() {
  if (std::exchange(phase_, phase::over) != phase::over)
    effects_.emplace_back(effects::end{});
  steps_.clear();
}

}  // namespace millrace::sink
