#include "runtime/window/timed_rows.hpp"

#include <algorithm>
#include <utility>

namespace millrace::window {
namespace {

/// Removed rows stay at the front until they are so many, and as many as the others.
constexpr std::size_t least_gone = 16;

/// The bytes begin with the time, but those of a row that is lost.
bool in_front(const timed_row& a, const timed_row& b) {
  return a.time != b.time ? a.time < b.time : a.what.bytes < b.what.bytes;
}

}  // namespace

void timed_rows::add(timed_row r) {
  bytes_ += r.what.bytes.size();
  first_time_ = std::min(first_time_, r.time);
  const bool in_order = ordered_ == rows_.size() && (size() == 0 || !in_front(r, rows_.back()));
  rows_.push_back(std::move(r));
  if (in_order)
    ordered_ = rows_.size();
}

/// Most rows come nearly in order: few of the others are moved.
void timed_rows::settle() const {
  if (ordered_ == rows_.size())
    return;
  const auto waiting = rows_.begin() + static_cast<std::ptrdiff_t>(ordered_);
  std::sort(waiting, rows_.end(), in_front);
  const auto first = rows_.begin() + static_cast<std::ptrdiff_t>(gone_);
  std::inplace_merge(std::upper_bound(first, waiting, *waiting, in_front), waiting, rows_.end(), in_front);
  ordered_ = rows_.size();
}

std::span<const timed_row> timed_rows::all() const {
  settle();
  return {rows_.data() + gone_, size()};
}

std::span<const timed_row> timed_rows::between(event_micros from, event_micros to) const {
  const auto rows = all();
  const auto at = [&](event_micros time) {
    return std::ranges::lower_bound(rows, time, {}, &timed_row::time);
  };
  return from < to ? std::span<const timed_row>(at(from), at(to)) : std::span<const timed_row>();
}

void timed_rows::drop_before(event_micros time) {
  if (first_time_ < time)
    drop(between(no_watermark, time).size());
}

void timed_rows::drop(std::size_t rows) {
  settle();
  for (; rows > 0; --rows, ++gone_) {
    auto& r = rows_[gone_];
    bytes_ -= r.what.bytes.size();
    std::string().swap(r.what.bytes);
  }
  first_time_ = gone_ == rows_.size() ? end_of_time : rows_[gone_].time;
  if (gone_ < rows_.size() && (gone_ < least_gone || gone_ < size()))
    return;
  rows_.erase(rows_.begin(), rows_.begin() + static_cast<std::ptrdiff_t>(gone_));
  if (rows_.size() < rows_.capacity() / 4)
    rows_.shrink_to_fit();
  ordered_ = rows_.size();
  gone_ = 0;
}

}  // namespace millrace::window
