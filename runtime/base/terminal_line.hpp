// The one line at the foot of a terminal that is rewritten as a run goes on. Rows and log lines, which come
// from other threads, take it away before they are printed, so that they stand on lines of their own.
#pragma once

#include <atomic>
#include <cstddef>
#include <mutex>
#include <string_view>

namespace millrace {

class terminal_line {
public:
  /// The line on standard error; a process has one.
  static terminal_line& of_process();

  explicit terminal_line(int descriptor) : descriptor_(descriptor) {}
  terminal_line(const terminal_line&) = delete;
  terminal_line& operator=(const terminal_line&) = delete;

  /// Replaces the shown line. The text is free of control characters, and no longer than columns().
  void show(std::string_view text);
  /// Takes it away; nothing is to be shown any more.
  void end();
  /// The line is away, and stays so as long as this is held. Costs nothing where none was ever shown.
  [[nodiscard]] std::unique_lock<std::recursive_mutex> cleared();
  /// Returns how long a line may be without going over into the next one.
  [[nodiscard]] std::size_t columns() const;

private:
  void write(std::string_view bytes) const;

  const int descriptor_;
  std::atomic<bool> in_use_{false};
  std::recursive_mutex mutex_;  // recursive: a thread that prints may log meanwhile
  bool visible_ = false;
};

}  // namespace millrace
