// Decides how many records a lane may process now under its source's `rate`: a bucket of tokens that fills
// with time. An empty bucket opens again after 50 milliseconds, so that a fast rate costs a frame for each of
// those and not for each record. Pure: the lane passes the time in, takes what it used, and is told how long
// to wait.
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
  /// Records that may go now: what has come due, but at most a fifth of a second's worth more than one.
  [[nodiscard]] std::size_t allowed(clock::time_point now);
  /// They went.
  void take(std::size_t records);
  /// The moment from which on its rate has made due what has not gone; without a rate, that of its beginning.
  [[nodiscard]] clock::time_point nothing_due_at() const;
  /// Returns the time until the next records may go, after allowed() has returned 0.
  [[nodiscard]] std::chrono::microseconds wait() const;

private:
  std::optional<double> a_second_;
  double tokens_ = 1;
  clock::time_point filled_at_;
  clock::time_point opens_at_{};  // no record goes before
};

}  // namespace millrace::lane
