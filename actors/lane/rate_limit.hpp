// How many records a lane may process now under its source's `rate`: a bucket of tokens that fills with time.
// Pure: the lane passes the time in, takes what it used, and is told how long to wait.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>

namespace millrace::lane {

class rate_limit {
public:
  using clock = std::chrono::steady_clock;

  /// Records a second; nothing: no limit. One record may go at once.
  explicit rate_limit(std::optional<double> a_second, clock::time_point now)
      : a_second_(a_second), filled_at_(now) {}

  [[nodiscard]] bool limits() const { return a_second_.has_value(); }
  /// Records that may go now: at most a tenth of a second's worth, and never less than one in the long run.
  [[nodiscard]] std::size_t allowed(clock::time_point now);
  /// They went.
  void take(std::size_t records);
  /// Until the next record may go, after allowed() has said none.
  [[nodiscard]] std::chrono::microseconds wait() const;

private:
  std::optional<double> a_second_;
  double tokens_ = 1;
  clock::time_point filled_at_;
};

}  // namespace millrace::lane
