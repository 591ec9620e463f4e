// The line that a process says when it ends by an exception that nobody took.
#pragma once

#include <chrono>
#include <exception>

namespace millrace::cli {

/// Has a process say its last words from here on, if memory or a thread is refused to it, or std::terminate
/// ends it: what was thrown, in which thread, and the remedy. The status is 1 where the machine gave no more,
/// and the same command may be started again; anything else is a fault of ours, which aborts, so that there
/// is a core to look into.
void explain_terminations();

/// The same line, about an exception that main took: it ends with status 1.
void explain(const std::exception& e);

/// Lives around the start of an actor system, which takes milliseconds. If one of its threads cannot be
/// started, CAF's destructors may wait for those that were, for ever: the process then ends by force after
/// this time, with the line and status 1. One at a time.
class start_watch {
public:
  explicit start_watch(std::chrono::seconds limit = std::chrono::seconds(20));
  ~start_watch();
  start_watch(const start_watch&) = delete;
  start_watch& operator=(const start_watch&) = delete;
};

}  // namespace millrace::cli
