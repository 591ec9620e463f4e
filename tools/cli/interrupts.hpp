// Ctrl-C and SIGTERM of a command that computes for long: the first one interrupts what runs, the second ends
// the process at once.
#pragma once

#include "tools/cli/signal_watch.hpp"

#include <atomic>
#include <functional>

namespace millrace::cli {

/// A signal calls `interrupt`, on a thread of its own, while this lives. One at a time.
class interrupt_watch {
public:
  explicit interrupt_watch(std::function<void()> interrupt);
  ~interrupt_watch() { done_ = true; }
  interrupt_watch(const interrupt_watch&) = delete;
  interrupt_watch& operator=(const interrupt_watch&) = delete;

private:
  std::atomic<bool> done_{false};
  orderly_end end_;
};

/// A signal has come. Any thread.
[[nodiscard]] bool interrupted();

}  // namespace millrace::cli
