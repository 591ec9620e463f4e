// Signals of a run: they may come before anything runs, and while it ends. Any thread may call.
#pragma once

#include <functional>
#include <mutex>
#include <utility>

namespace millrace::cli {

/// Decides what a signal does to the run, from before there is anything that runs.
class stop_desk {
public:
  /// The first one counts.
  void stop();
  void report();
  [[nodiscard]] bool asked() const;
  /// A stop that came earlier is told at once. Neither can be taken back.
  void attach(std::function<void()> on_stop, std::function<void()> on_report);

private:
  mutable std::mutex mutex_;
  bool asked_ = false;
  std::function<void()> on_stop_;
  std::function<void()> on_report_;
};

/// Signals reach the run while this lives.
class attached {
public:
  attached(stop_desk& desk, std::function<void()> on_stop, std::function<void()> on_report) : desk_(desk) {
    desk_.attach(std::move(on_stop), std::move(on_report));
  }
  ~attached() { desk_.attach({}, {}); }
  attached(const attached&) = delete;
  attached& operator=(const attached&) = delete;

private:
  stop_desk& desk_;
};

}  // namespace millrace::cli
