// Ends the process by a signal, also if the process hangs. A thread of its own, started first thing in main,
// takes SIGTERM, SIGINT, SIGHUP and SIGUSR1 for all threads; it takes no lock, allocates nothing, and uses no
// library but the C library's system calls.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <string_view>
#include <thread>

namespace millrace::cli {

/// Opens /dev/null on those of the descriptors 0 to 2 that are closed. Else a file that is opened later, the
/// state folder's lock, say, would be standard output. False, where that is not possible.
[[nodiscard]] bool keep_standard_descriptors();

/// Called once, before any other thread is there: they inherit that the signals are blocked. A signal before
/// an orderly_end lives ends the process as if it was not caught at all. SIGINT and SIGHUP stay ignored where
/// the process was started so (nohup). Zero, or an errno.
[[nodiscard]] int start_signal_watch();

/// The first SIGTERM, SIGINT or SIGHUP while it lives calls `on_stop`, on a thread of its own, and begins the
/// time `limit`; SIGUSR1 calls `on_report`. The process ends with status 1 and a line that says what still
/// goes on when `limit` is over, also when this object is gone by then; likewise after 5 s where a call of an
/// actor has worked on the same records all the time. It ends at once by a second SIGTERM or SIGINT, half a
/// second later or more. One at a time. Throws std::system_error where no thread can be started.
class orderly_end {
public:
  orderly_end(std::chrono::seconds limit, std::function<void()> on_stop,
              std::function<void()> on_report = {});
  ~orderly_end();
  orderly_end(const orderly_end&) = delete;
  orderly_end& operator=(const orderly_end&) = delete;

private:
  std::thread thread_;
};

/// The process leaves with this status when so much time has passed, without a word: all is said and stored,
/// and what still goes on cannot be ended.
void leave_within(std::chrono::seconds limit, int status);

/// The last words of a process whose time is over name `what` while this lives. Any thread; beyond some dozen
/// at a time they are not noted.
class noted_work {
public:
  explicit noted_work(std::string_view what);
  ~noted_work();
  noted_work(const noted_work&) = delete;
  noted_work& operator=(const noted_work&) = delete;

private:
  int slot_;
};

}  // namespace millrace::cli
