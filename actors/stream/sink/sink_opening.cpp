// Openings of the target: what it has is what counts. Failures: it is waited for, or given up.
#include "actors/stream/sink/sink_life.hpp"

#include <fmt/format.h>

#include <stdexcept>

namespace millrace::sink {

void sink_life::open() {
  if (is_open() || health_.is_given_up() || phase_ != phase::running)
    return;
  if (life_.count == most_counts)
    throw std::runtime_error("its target was opened too often for one life");
  ++life_.count;
  options_.gauges->life = number_of(life_);
  auto who = options_.who;
  who.life = number_of(life_);
  who.expects_progress = note_ != commit_note::not_committed;
  const auto stored = target_.open(who);
  if (!stored)
    return went_wrong(stored.error());
  if (*stored && core_.lacks_a_run((*stored)->positions))
    return went_wrong({ec::log_trimmed,
                       fault::user,
                       false,
                       fmt::format("sink '{}' stands before what the topology's last run gave it: its target "
                                   "was restored from an older copy, or it was left out of that run; put it "
                                   "back as it was, or start over with --fresh",
                                   options_.name),
                       {}});
  note_answer(health_.opened(*stored ? std::optional((*stored)->positions) : std::nullopt));
  options_.who.fresh = false;
  options_.gauges->reached = true;
  restore(*stored);
  keep_alive_later();
}

void sink_life::restore(const std::optional<progress>& stored) {
  if (const auto ok = taken_.restore(stored); !ok)
    say(stage::log_level::error, fmt::format("{}; the report counts from here", ok.error().message));
  note_standing();
  core_.restore(stored ? stored->positions : std::map<log_id, mark>{}, life_);
  senders_.begin(core_, life_, effects_);
  if (std::exchange(ledger_, ledger_state::read) == ledger_state::awaited)
    then(steps::give_report{});
  if (!core_.committed().empty())
    then(steps::acknowledge{});
  if (!options_.takes_dead_letters)
    then(steps::forward_refused{});
}

void sink_life::note_answer(bool again) {
  if (again)
    say(stage::log_level::info, "the target answers again");
  options_.gauges->away = health_.is_away();
}

void sink_life::went_wrong(const error& e, bool with_rows) {
  const auto reaction = health_.failed(e, now(), core_.progress(), with_rows || taken_.rows() != 0);
  if (!reaction)
    return;
  options_.gauges->why_away.note(e.message);
  options_.gauges->away = true;
  if (reaction->give_up)
    fail(e);
  if (reaction->tell && e.code == ec::fenced)
    say(stage::log_level::info, fmt::format("{}; looking whether another life has its place", e.message));
  else if (reaction->tell)
    say(stage::log_level::warning, fmt::format("{}; waiting for it", e.message));
  if (phase_ != phase::running)
    return end_if_stopping();
  if (!reaction->give_up)
    effects_.emplace_back(effects::open_later{reaction->try_again});
}

void sink_life::fail(error why) {
  if (why.stage.empty())
    why.stage = options_.name;
  if (why.code != ec::fenced) {
    effects_.emplace_back(effects::tell_failed{life_, std::move(why)});
    return;
  }
  say(stage::log_level::info, fmt::format("this life is over: {}", why.message));
  on_report();  // reports the commits until now
  effects_.emplace_back(effects::tell_fenced{life_, std::move(why)});
  end_if_stopping();
  end();
}

void sink_life::say(stage::log_level level, const std::string& text) {
  effects_.emplace_back(effects::say{level, fmt::format("{}: {}", options_.in_logs(), text)});
}

}  // namespace millrace::sink
