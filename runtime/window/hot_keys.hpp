// The share of the largest key of a window among its records of the last minutes, found in little memory.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>

namespace millrace::window {

/// The records of one key among those of a frame, or of some time. `of`: 0 where there were none.
struct largest_key {
  std::uint32_t shard = 0;
  std::uint32_t tag = 0;  // the part of its hash that tells it from others of the shard
  std::uint64_t records = 0;
  std::uint64_t of = 0;
  friend bool operator==(const largest_key&, const largest_key&) = default;
};

/// Space-Saving (Metwally, Agrawal, El Abbadi: Efficient Computation of Frequent and Top-k Elements in Data Streams, 2005) over the
/// largest key of each frame: a key that has a large share is the largest of most frames. Counts halve each minute. What it gives is no
/// more than the key has had as the largest of a frame, and less by at most the smallest counter. Any thread may call.
class hot_keys {
public:
  using clock = std::chrono::steady_clock;
  static constexpr std::chrono::minutes halved_each{1};

  /// The largest key of one frame; `records` is 0 where no key has come twice.
  void add(const largest_key& of_frame, clock::time_point now) {
    const std::lock_guard lock(mutex_);
    if (halved_ == clock::time_point{})
      halved_ = now;
    for (; now - halved_ >= halved_each; halved_ += halved_each) {
      if (now - halved_ >= most_halved * halved_each)
        halved_ = now - most_halved * halved_each;
      of_ /= 2;
      for (auto& c : counters_) {
        c.key.records /= 2;
        c.over /= 2;
      }
    }
    of_ += of_frame.of;
    if (of_frame.records == 0)
      return;
    auto* least = &counters_.front();
    for (auto& c : counters_) {
      if (c.key.records != 0 && c.key.shard == of_frame.shard && c.key.tag == of_frame.tag) {
        c.key.records += of_frame.records;
        return;
      }
      if (c.key.records < least->key.records)
        least = &c;
    }
    // The counter goes on: the key may have had as many as the one whose place it takes.
    const auto over = least->key.records;
    *least = {{of_frame.shard, of_frame.tag, over + of_frame.records, 0}, over};
  }
  [[nodiscard]] largest_key top() const {
    const std::lock_guard lock(mutex_);
    largest_key out;
    for (const auto& c : counters_)
      if (c.key.records - c.over > out.records)
        out = {c.key.shard, c.key.tag, c.key.records - c.over, 0};
    out.of = of_;
    return out;
  }

private:
  struct counter {
    largest_key key;
    std::uint64_t over = 0;  // so many of its records may be of keys before it
  };
  static constexpr int most_halved = 64;  // nothing is left by then

  mutable std::mutex mutex_;
  std::array<counter, 16> counters_{};
  std::uint64_t of_ = 0;
  clock::time_point halved_{};  // not yet
};

}  // namespace millrace::window
