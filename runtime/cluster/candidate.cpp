#include "runtime/cluster/candidate.hpp"

#include "runtime/chain/rules.hpp"

#include <algorithm>
#include <utility>

namespace millrace::cluster {
namespace {

/// A process that has just begun hears a coordinator soon, if there is one, so that a patient cluster is founded as fast
/// as any.
constexpr micros stands_first_after = std::chrono::seconds(2);
/// A node that is stopped with all others is told to end by then, and leaves the lead where it is.
constexpr micros stands_when_yielded = std::chrono::milliseconds(250);
/// An opening takes some milliseconds, so that a part of the jitter keeps candidates apart that all see a process end.
constexpr int jitter_parts = 8;

}  // namespace

candidate::candidate(const silence& limits, moment now, micros jitter) : limits_(limits) {
  follow(now, jitter);
  stands_at_ =
      now.running + std::min(limits.away_after, stands_first_after) + std::min(jitter, stands_first_after);
}

void candidate::follow(moment now, micros jitter) {
  phase_ = phase::following;
  seems_over_ = false;
  is_yielded_to_ = false;
  stands_at_ = now.running + limits_.away_after + jitter;
  waits_at_most_until_ = now.running + limits_.unheard_after() + jitter;
}

void candidate::on_word(const epoch& of, moment now, micros jitter, bool yields) {
  if (of < highest_ || of == mine_)
    return;
  highest_ = of;
  if (phase_ != phase::following)
    return;
  if (!yields)
    follow(now, jitter);
  else if (!std::exchange(is_yielded_to_, true))
    stands_at_ = now.running + stands_when_yielded + std::min(jitter, stands_first_after) / jitter_parts;
}

micros candidate::patience(micros jitter) const {
  return seems_over_ ? limits_.over_after() + jitter / jitter_parts : limits_.away_after + jitter;
}

void candidate::on_heard(const epoch& of, moment now, micros jitter) {
  if (of < highest_ || of == mine_)
    return;
  seems_over_ = seems_over_ && of == highest_;
  is_yielded_to_ = is_yielded_to_ && of == highest_;
  highest_ = of;
  if (phase_ == phase::following && !is_yielded_to_)
    stands_at_ = std::max(stands_at_, std::min(now.running + patience(jitter), waits_at_most_until_));
}

void candidate::on_over(moment now, micros jitter) {
  if (phase_ != phase::following)
    return;
  seems_over_ = true;
  stands_at_ = std::min(stands_at_, now.running + patience(jitter));
}

bool candidate::tick(moment now) {
  if (phase_ != phase::following || now.running < stands_at_)
    return false;
  phase_ = phase::standing;
  return true;
}

epoch candidate::choose(const epoch& highest, std::uint32_t random) {
  mine_ = chain::chosen_above(std::max({highest, highest_, mine_}), random);
  return mine_;
}

bool candidate::must_give_up(const epoch& highest) const { return chain::is_taken(mine_, highest); }

void candidate::on_won() {
  phase_ = phase::leading;
  highest_ = std::max(highest_, mine_);
}

void candidate::on_lost(moment now, micros jitter) { follow(now, jitter); }

void candidate::on_stepped_down(bool stands_again, moment now, micros jitter) {
  follow(now, jitter);
  if (stands_again)
    stands_at_ = now.running;
}

}  // namespace millrace::cluster
