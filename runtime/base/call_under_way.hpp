// The call to a server or a disk that is under way, and its age.
#pragma once

#include "runtime/base/pace.hpp"
#include "runtime/base/time.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <optional>

namespace millrace {

/// One thread begins and ends it; anyone reads.
class call_under_way {
public:
  using clock = std::chrono::steady_clock;

  void begin(clock::time_point now) {
    began_.store(now.time_since_epoch().count(), std::memory_order_relaxed);
  }
  void end() { began_.store(none, std::memory_order_relaxed); }
  /// Its age; none: no call is under way.
  [[nodiscard]] std::optional<micros> age(clock::time_point now) const {
    const auto began = began_.load(std::memory_order_relaxed);
    if (began == none)
      return std::nullopt;
    const auto since = now - clock::time_point(clock::duration(began));
    return std::max(micros(0), std::chrono::duration_cast<micros>(since));
  }

private:
  static constexpr auto none = clock::duration::rep(-1);
  std::atomic<clock::duration::rep> began_{none};
};

/// The calls that one thread makes to a server or a disk.
struct timed_calls {
  call_under_way now;
  usual_time takes;

  template<class Call>
  auto time(Call&& call) {
    const auto began = call_under_way::clock::now();
    now.begin(began);
    auto done = call();
    now.end();
    takes.add(std::chrono::ceil<micros>(call_under_way::clock::now() - began));
    return done;
  }
};

}  // namespace millrace
