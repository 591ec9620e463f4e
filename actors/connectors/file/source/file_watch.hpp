// Waits until a file is written to, by inotify. If the system gives none (too many watches, a network file
// system), the wait ends with its time alone: the caller looks again. The followed reader owns one;
// interrupt() may come from any thread.
#pragma once

#include <chrono>

namespace millrace::source {

class file_watch {
public:
  file_watch();
  ~file_watch();
  file_watch(const file_watch&) = delete;
  file_watch& operator=(const file_watch&) = delete;

  /// Watches the file of this descriptor from now on, also after a rename, instead of the one before.
  void watch(int file);
  /// Blocks until the file has been written to since the last call, the time is there, or interrupt().
  /// False: interrupted.
  [[nodiscard]] bool wait_until(std::chrono::steady_clock::time_point until);
  /// The next wait, or the present one, ends with false.
  void interrupt();

private:
  int events_;       // inotify's; negative where there is none
  int interrupted_;  // an eventfd
  int watched_ = -1;
};

}  // namespace millrace::source
