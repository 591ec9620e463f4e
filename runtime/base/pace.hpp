// One rule for "this takes longer than it usually does": the call to a target that is under way, the silence of a
// partition. Pure, but for the mean, which one thread adds to and any thread reads.
#pragma once

#include "runtime/base/time.hpp"

#include <atomic>
#include <cstdint>
#include <optional>
#include <string_view>

namespace millrace {

/// A decaying mean of how long something took: each time counts an eighth of what is said afterwards.
class usual_time {
public:
  void add(micros took) {
    const auto known = mean_.load(std::memory_order_relaxed);
    mean_.store(known < 0 ? took.count() : known + (took.count() - known) / 8, std::memory_order_relaxed);
  }
  /// Returns no value before the first time.
  [[nodiscard]] std::optional<micros> mean() const {
    const auto known = mean_.load(std::memory_order_relaxed);
    return known < 0 ? std::nullopt : std::optional(micros(known));
  }

private:
  std::atomic<std::int64_t> mean_{-1};
};

enum class pace : std::uint8_t { usual, slow, stalled };

/// Compares `so_far` with what is usual: slow beyond three times that, stalled beyond fifteen times. Less
/// than two seconds, or none known, counts as two, so nothing is slow before 6 s or stalled before 30 s.
[[nodiscard]] constexpr pace pace_of(micros so_far, std::optional<micros> usual) {
  constexpr micros least = std::chrono::seconds(2);
  const auto base = usual && *usual > least ? *usual : least;
  if (so_far / 15 > base)
    return pace::stalled;
  return so_far / 3 > base ? pace::slow : pace::usual;
}

[[nodiscard]] constexpr std::string_view to_string(pace p) {
  return p == pace::usual ? "usual" : p == pace::slow ? "slow" : "stalled";
}

}  // namespace millrace
