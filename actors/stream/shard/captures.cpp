#include "actors/stream/shard/captures.hpp"

#include <utility>

namespace millrace::shard {

captures::due captures::on_time(bool wanted) const {
  if ((!wanted && !is_unwritten_) || !under_way_.empty())
    return due::none;
  return unwritten_ < most_unwritten ? due::changes : due::refused;
}

captures::due captures::on_stop(bool changed) {
  stopping_ = true;
  return changed || (is_unwritten_ && under_way_.empty()) ? due::changes : due::none;
}

captures::due captures::on_report(bool changed, bool ended) {
  report_ = report::due;
  if (!ended || end_is_kept_ || stopping_ || is_unwritten_)
    return due::none;
  if (changed || !under_way_.empty())
    report_ = report::waits_for_end;
  return changed ? due::changes : due::none;
}

void captures::begun(time_point now, std::size_t bytes) {
  under_way_.push_back({now, bytes});
  unwritten_ += bytes;
}

captures::answer captures::written(time_point now, const std::optional<error>& failure) {
  answer a;
  if (!under_way_.empty()) {
    a.took = now - under_way_.front().begun;
    a.bytes = under_way_.front().bytes;
    under_way_.pop_front();
  }
  if (failure && failure->code == ec::fenced) {
    a.what = outcome::fenced;
  } else if (failure) {
    is_unwritten_ = true;
    const bool is_contested = failure->code == ec::locked && !failing_ && contested_ < most_contested;
    if (is_contested)
      ++contested_;
    a.what = is_contested                    ? outcome::contested
             : std::exchange(failing_, true) ? outcome::failed
                                             : outcome::failed_first;
    if (report_ == report::waits_for_end)
      report_ = report::due;
  } else {
    a.what = std::exchange(failing_, false) ? outcome::durable_again : outcome::durable;
    is_unwritten_ = false;
    contested_ = 0;
    unwritten_ = 0;
    if (report_ == report::waits_for_end && under_way_.empty()) {
      end_is_kept_ = true;
      report_ = report::due;
    }
  }
  return a;
}

bool captures::takes_report() {
  if (report_ != report::due)
    return false;
  report_ = report::none;
  return true;
}

}  // namespace millrace::shard
