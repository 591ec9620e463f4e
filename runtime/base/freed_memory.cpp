#include "runtime/base/freed_memory.hpp"

#include <algorithm>

namespace millrace {
namespace {

using std::chrono::nanoseconds;
using std::chrono::steady_clock;

/// What batches free within it, the next ones find again. 64 MB faulted in anew once a minute are below a thousandth of a core.
constexpr std::chrono::minutes shortest_pause{1};
/// Returns take at most one part in so many of the time.
constexpr int share = 10'000;

}  // namespace

malloc_figures figures_of_malloc() {
  const auto all = ::mallinfo2();
  return {all.uordblks + all.hblkhd, all.arena + all.hblkhd};
}

nanoseconds pause_after_return(nanoseconds took) {
  return std::max<nanoseconds>(shortest_pause, took * share);
}

void freed_memory_return::run(const std::stop_token& end) {
  std::unique_lock lock(mutex_);
  for (nanoseconds pause = shortest_pause;
       !ended_.wait_for(lock, end, pause, [] { return false; }) && !end.stop_requested();) {
    const auto began = steady_clock::now();
    ::malloc_trim(0);
    pause = pause_after_return(steady_clock::now() - began);
  }
}

}  // namespace millrace
