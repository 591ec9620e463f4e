// Computes how long to wait before the next try: exponential with a cap and jitter, so that many who failed
// together do not come back together. Pure: the seed decides the series, the caller does the waiting. Used to
// restart actors and to reconnect to servers.
#pragma once

#include "runtime/base/random.hpp"
#include "runtime/base/time.hpp"

#include <algorithm>
#include <cstdint>
#include <random>

namespace millrace {

struct backoff_options {
  micros first{std::chrono::milliseconds(100)};
  micros longest{std::chrono::seconds(10)};
  double factor = 2;
  /// Each wait lies in [(1 - jitter) * w, w] of its undisturbed length w; 0: none, 1: anything up to it.
  double jitter = 0.5;
};

class backoff {
public:
  explicit backoff(backoff_options options = {}, std::uint64_t seed = random_bits())
      : options_(options), random_(seed), undisturbed_(options.first) {}

  /// The wait before the next try; undisturbed, it grows by the factor each time, up to the cap.
  [[nodiscard]] micros next() {
    const auto full = std::clamp(undisturbed_, micros(0), options_.longest);
    // Compared as doubles: the product may leave the range of the integers.
    const double longer = static_cast<double>(full.count()) * std::max(1.0, options_.factor);
    undisturbed_ = longer >= static_cast<double>(options_.longest.count())
                       ? options_.longest
                       : micros(static_cast<std::int64_t>(longer));
    ++tries_;
    const double share = static_cast<double>(random_() >> 11) * 0x1p-53;  // [0, 1), the same on every library
    const double off = std::clamp(options_.jitter, 0.0, 1.0) * share * static_cast<double>(full.count());
    return full - micros(static_cast<std::int64_t>(off));
  }
  /// It worked: the next failure starts from the shortest wait again.
  void reset() {
    undisturbed_ = options_.first;
    tries_ = 0;
  }
  /// Calls of next() since the beginning or reset().
  [[nodiscard]] std::uint64_t tries() const { return tries_; }

private:
  backoff_options options_;
  std::mt19937_64 random_;
  micros undisturbed_;
  std::uint64_t tries_ = 0;
};

}  // namespace millrace
