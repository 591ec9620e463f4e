// malloc is jemalloc (docs/design/performance.md, "Memory that was freed"): what it has in use and holds, and when it gives pages back.
// A build with a sanitizer has that one's malloc, and no figures.
#pragma once

#include <cstdint>

namespace millrace {

/// Held memory that is not used is free for the next blocks; the kernel may have its pages back.
struct malloc_figures {
  std::uint64_t used_bytes = 0;
  std::uint64_t held_bytes = 0;
};
/// Adds up the figures of all arenas: some 10 us, however many blocks there are. Freed blocks that a thread keeps for itself count as
/// used, up to some hundred KB a thread. Any thread.
[[nodiscard]] malloc_figures figures_of_malloc();

/// Called once, by a process that works on. A thread of jemalloc's gives back the pages that nothing has used for ten seconds, also of
/// arenas whose threads have nothing to do. Where no thread can be started, threads that allocate give back those of their own arenas.
void return_freed_memory();

}  // namespace millrace
