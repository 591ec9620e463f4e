// Says when which record is due: steady, in bursts, or at once. Pure arithmetic on offsets from the
// beginning; the schedule knows nothing of the target and never waits for it.
#pragma once

#include "runtime/base/time.hpp"

#include <cmath>
#include <cstdint>
#include <limits>

namespace millrace::load {

class schedule {
public:
  [[nodiscard]] static schedule steady(double a_second) { return {a_second, 0, micros(0)}; }
  /// A burst of `size` records begins every `every`.
  [[nodiscard]] static schedule bursts(std::uint64_t size, micros every) { return {0, size, every}; }
  /// Sends as fast as the target takes them.
  [[nodiscard]] static schedule flat_out() { return {0, 0, micros(0)}; }

  [[nodiscard]] bool paced() const { return rate_ > 0 || burst_ > 0; }

  /// Returns when sending `i` is due, from the beginning; flat out: at once.
  [[nodiscard]] micros at(std::uint64_t i) const {
    if (burst_ > 0)
      return every_ * static_cast<std::int64_t>(i / burst_);
    if (rate_ > 0)
      return micros(static_cast<std::int64_t>(static_cast<double>(i) * 1e6 / rate_));
    return micros(0);
  }

  /// Counts the sendings that are due `elapsed` after the beginning: those with at(i) <= elapsed.
  [[nodiscard]] std::uint64_t due_by(micros elapsed) const {
    if (elapsed < micros(0))
      return 0;
    if (burst_ > 0)
      return (static_cast<std::uint64_t>(elapsed / every_) + 1) * burst_;
    if (rate_ > 0)
      return static_cast<std::uint64_t>(std::ceil(static_cast<double>(elapsed.count() + 1) * rate_ / 1e6));
    return std::numeric_limits<std::uint64_t>::max();
  }

private:
  schedule(double rate, std::uint64_t burst, micros every) : rate_(rate), burst_(burst), every_(every) {}

  double rate_;
  std::uint64_t burst_;
  micros every_;
};

}  // namespace millrace::load
