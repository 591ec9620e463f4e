// Waits until one of some files is written to, by inotify. If the system gives none (too many watches, a network file
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

  /// Watches the file of this descriptor from now on, also after a rename, instead of the one of `number`; returns its number.
  int watch(int file, int number = -1);
  /// Blocks until one of them has been written to since the last call, the time is there, or interrupt().
  /// False: interrupted.
  [[nodiscard]] bool wait_until(std::chrono::steady_clock::time_point until);
  /// The next wait, or the present one, ends with false.
  void interrupt();

private:
  int events_;       // inotify's; negative where there is none
  int interrupted_;  // an eventfd
};

}  // namespace millrace::source
