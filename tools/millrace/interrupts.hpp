// Ctrl-C and SIGTERM of a command that computes for long: the first one interrupts what runs, the second ends
// the process at once.
#pragma once

#include <functional>
#include <thread>

namespace millrace::cli {

/// A signal has come. Any thread.
[[nodiscard]] bool interrupted();

/// While it lives, a signal calls `interrupt`, on a thread of its own; system calls of the main thread end
/// with EINTR. One at a time.
class interrupt_watch {
public:
  explicit interrupt_watch(std::function<void()> interrupt);
  ~interrupt_watch();
  interrupt_watch(const interrupt_watch&) = delete;
  interrupt_watch& operator=(const interrupt_watch&) = delete;

private:
  std::thread thread_;
};

}  // namespace millrace::cli
