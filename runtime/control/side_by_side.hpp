// Jobs that block and do not depend on each other, on several threads at once: the shards of a process are
// restored so. The caller waits for all of them.
#pragma once

#include <cstddef>
#include <functional>

namespace millrace::control {

/// Calls job(0) to job(jobs - 1), each once, on the caller's thread and at most `threads` - 1 of its own,
/// which have ended when it returns. With one thread (0 counts as one) they run in order. A job that throws
/// keeps no other from running; the exception of the first of them, by its number, is thrown here in the end.
void side_by_side(std::size_t jobs, std::size_t threads, const std::function<void(std::size_t)>& job);

}  // namespace millrace::control
