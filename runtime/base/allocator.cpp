#include "runtime/base/allocator.hpp"

#include "runtime/base/sanitizer.hpp"

#ifdef MILLRACE_IS_SANITIZED

namespace millrace {

malloc_figures figures_of_malloc() { return {}; }
void return_freed_memory() {}

}  // namespace millrace

#else

#include <cstddef>
#include <jemalloc/jemalloc.h>

/// jemalloc reads this before main. Blocks of 8 MiB and more are like others: given back at once, as they are by
/// default, their pages would be faulted in anew for the next batch.
const char* malloc_conf = "oversize_threshold:0";

namespace millrace {
namespace {

std::uint64_t figure(const char* name) {
  std::size_t value = 0;
  std::size_t size = sizeof value;
  return ::mallctl(name, &value, &size, nullptr, 0) == 0 ? value : 0;
}

}  // namespace

malloc_figures figures_of_malloc() {
  std::uint64_t epoch = 1;  // any number: what is written makes the figures new
  static_cast<void>(::mallctl("epoch", nullptr, nullptr, &epoch, sizeof epoch));
  return {figure("stats.allocated"), figure("stats.resident")};
}

void return_freed_memory() {
  bool yes = true;
  static_cast<void>(::mallctl("background_thread", nullptr, nullptr, &yes, sizeof yes));
}

}  // namespace millrace

#endif
