// Waits for marks that only go on: what is added, by the mark from which on it is due, the least first. A radix heap:
// an item lies by the highest bit in which its mark differs from the one that was taken last, so it is moved a few
// times, always together with its neighbours. A binary heap goes to memory at each of its levels. Pure.
#pragma once

#include "runtime/base/time.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace millrace::window {

template<class T>
class mark_queue {
public:
  /// A mark below the one that was taken last counts as that one.
  void add(event_micros mark, T what) {
    put({std::max(mark, taken_), what});
    ++size_;
  }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] std::size_t size() const { return size_; }
  /// The least mark; end_of_time where nothing waits.
  [[nodiscard]] event_micros least() const { return empty() ? end_of_time : buckets_[first()].least; }
  /// Takes all with the least mark, in no order; something waits.
  [[nodiscard]] std::vector<T> take_least() {
    const auto moved = std::exchange(buckets_[first()], {});
    taken_ = moved.least;
    std::vector<T> out;
    for (const auto& i : moved.items)
      if (i.mark == taken_)
        out.push_back(i.what);
      else
        put(i);
    size_ -= out.size();
    return out;
  }

private:
  struct item {
    event_micros mark;
    T what;
  };
  struct bucket {
    std::vector<item> items;
    event_micros least = end_of_time;
  };

  void put(item i) {
    auto& to = buckets_[static_cast<std::size_t>(
        std::bit_width(static_cast<std::uint64_t>(i.mark) ^ static_cast<std::uint64_t>(taken_)))];
    to.items.push_back(i);
    to.least = std::min(to.least, i.mark);
  }
  [[nodiscard]] std::size_t first() const {
    std::size_t i = 0;
    while (buckets_[i].items.empty())
      ++i;
    return i;
  }

  std::array<bucket, 65> buckets_;
  event_micros taken_ = no_watermark;
  std::size_t size_ = 0;
};

}  // namespace millrace::window
