// What malloc keeps of freed memory, in programs through which frames go: enough for the next ones, and none of what
// came once.
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <malloc.h>
#include <mutex>
#include <stop_token>
#include <thread>

namespace millrace {

/// Called once, by main. Blocks of some MiB come and go. Given back to the kernel each time, their pages would be faulted in again for
/// the next ones: with a row for each record, a fifth of all CPU time. An arena keeps the most that its threads have needed at once, so
/// there is one a core; by itself malloc makes eight.
inline void keep_freed_memory() {
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
  mallopt(M_TRIM_THRESHOLD, 64 << 20);
  mallopt(M_ARENA_MAX, static_cast<int>(std::max(2U, std::thread::hardware_concurrency())));
}

/// Held memory that is not used is free for the next blocks; the kernel may have its pages back.
struct malloc_figures {
  std::uint64_t used_bytes = 0;
  std::uint64_t held_bytes = 0;
};
/// Locks one arena after the other and walks its free blocks: 0.2 us a block.
[[nodiscard]] malloc_figures figures_of_malloc();

/// The time from one return to the next: a minute, and longer where a return takes long, since allocations of other threads
/// wait for it meanwhile.
[[nodiscard]] std::chrono::nanoseconds pause_after_return(std::chrono::nanoseconds took);

/// A thread that gives the pages of free memory back to the system now and then, until it is destroyed. malloc has an arena for each
/// of many threads, and each would keep the most that any of its threads has ever needed at once.
class freed_memory_return {
public:
  freed_memory_return() : thread_([this](const std::stop_token& end) { run(end); }) {}

private:
  void run(const std::stop_token& end);

  std::mutex mutex_;
  std::condition_variable_any ended_;
  std::jthread thread_;  // the last member: it uses those above
};

}  // namespace millrace
