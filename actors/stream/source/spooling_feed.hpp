// The state that feeds have in common: the log, the gauges, the trouble that readers see, and the thread. Each feed ends its
// thread in its own destructor.
#pragma once

#include "actors/stream/source/feed.hpp"

#include <fmt/format.h>

#include <condition_variable>
#include <thread>
#include <utility>

namespace millrace::source {

class spooling_feed : public feed {
public:
  spooling_feed() = default;
  spooling_feed(const spooling_feed&) = delete;
  spooling_feed& operator=(const spooling_feed&) = delete;

  expected<void> wait_until_begun(std::chrono::milliseconds) override { return {}; }
  std::optional<error> trouble() const final {
    const std::scoped_lock lock(mutex_);
    return trouble_;
  }
  const std::shared_ptr<spool::log>& log() const final { return log_; }
  const std::shared_ptr<feed_gauges>& gauges() const final { return gauges_; }

protected:
  void say(std::optional<error> why) {
    const std::scoped_lock lock(mutex_);
    trouble_ = std::move(why);
  }
  /// The feed itself tries again.
  void say_for_now(std::optional<error> why) {
    if (why)
      why->retry = true;
    say(std::move(why));
  }

  std::shared_ptr<spool::log> log_;
  const std::shared_ptr<feed_gauges> gauges_ = std::make_shared<feed_gauges>();
  fullness fullness_;
  mutable std::mutex mutex_;
  std::optional<error> trouble_;
  std::atomic<bool> done_{false};
  std::thread thread_;
};

/// A feed that asks others for its input.
class asking_feed : public spooling_feed {
public:
  expected<void> wait_until_begun(std::chrono::milliseconds timeout) final {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, timeout, [&] { return begun_ || in_vain_; });
    if (begun_)
      return {};
    if (trouble_)
      return unexpected(*trouble_);
    return outside_error(ec::unavailable, fmt::format("{}: it has not answered yet", asked()));
  }

protected:
  [[nodiscard]] virtual std::string asked() const = 0;

  std::condition_variable changed_;
  bool begun_ = false;    // it has answered, once
  bool in_vain_ = false;  // asking again will not help
};

}  // namespace millrace::source
