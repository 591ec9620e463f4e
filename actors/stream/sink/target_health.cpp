#include "actors/stream/sink/target_health.hpp"

#include <algorithm>
#include <utility>

namespace millrace::sink {

bool target_health::opened(const std::optional<positions>& stored) {
  state_ = state::open;
  was_open_ = true;
  const bool takes = !owed_ || (owed_->rows && stored && has_what_it_owed(*stored));
  return takes && answered();
}

bool target_health::committed(const positions& stored, bool with_rows) {
  return (!owed_ || with_rows || has_what_it_owed(stored)) && answered();
}

bool target_health::kept_alive() { return (!owed_ || !owed_->rows) && answered(); }

std::optional<target_health::reaction> target_health::failed(const error& why, clock::time_point now,
                                                             const positions& progress, bool with_rows) {
  if (state_ == state::given_up)
    return std::nullopt;
  if (std::exchange(state_, state::away) == state::open)
    owed_ = owed{progress, with_rows};
  else
    owed_.reset();  // the line that it can be opened again will say enough
  if (!away_since_)
    away_since_ = now;
  if (!why.retry || has_waited_long_enough(now)) {
    state_ = state::given_up;
    return reaction{true};
  }
  reaction out;
  if (!told_ && (!told_at_ || now - *told_at_ >= told_again_after)) {
    out.tell = told_ = true;
    told_at_ = now;
  }
  out.try_again = away_.next();
  return out;
}

bool target_health::has_what_it_owed(const positions& stored) const {
  return std::ranges::all_of(owed_->progress, [&](const auto& owed) {
    const auto has = stored.find(owed.first);
    return has != stored.end() && has->second.at >= owed.second.at;
  });
}

bool target_health::has_waited_long_enough(clock::time_point now) const {
  return was_open_ ? !patience_.only_first && now - *away_since_ >= patience_.first
                   : now - began_ >= patience_.first;
}

bool target_health::answered() {
  owed_.reset();
  away_since_.reset();
  away_.reset();
  return std::exchange(told_, false);
}

}  // namespace millrace::sink
