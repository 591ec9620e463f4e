// The patience of a starting node with what may come later: its store, other nodes. Pure.
#pragma once

#include <chrono>
#include <optional>

namespace millrace::host {

class start_wait {
public:
  using clock = std::chrono::steady_clock;
  enum class next { quiet, tell, over };

  start_wait(clock::time_point begin, std::chrono::milliseconds patience)
      : begin_(begin), until_(begin + patience) {}

  /// It is not there yet: says whether to wait on in silence, to log a line, or to give up. A failure is told at once,
  /// a call that has not come back (`failed` is false) after a second, either again every ten.
  [[nodiscard]] next look(clock::time_point now, bool failed) {
    if (now >= until_)
      return next::over;
    const auto due =
        told_ ? *told_ + std::chrono::seconds(10) : begin_ + std::chrono::seconds(failed ? 0 : 1);
    if (now < due)
      return next::quiet;
    told_ = now;
    return next::tell;
  }
  [[nodiscard]] bool was_told() const { return told_.has_value(); }

private:
  clock::time_point begin_, until_;
  std::optional<clock::time_point> told_;
};

}  // namespace millrace::host
