#include "tools/cli/resources.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <sys/mman.h>
#include <sys/resource.h>
#include <system_error>
#include <thread>
#include <vector>

namespace millrace::cli {
namespace {

/// A topology of some size needs this many: connections, files of a table, and segments.
constexpr rlim_t few_files = 256;
/// The limit is not raised beyond this: one without end would only make tables of descriptors large.
constexpr rlim_t enough_files = 65'536;
/// Address space for threads of libraries, their stacks and what is allocated, beside the threads that are tried.
/// Where the allocator has no room for a thread's first allocation, it ends the process by a signal.
constexpr std::size_t further_space = 192UL << 20U;

/// Whether there is so much address space left.
bool has_room(std::size_t bytes) {
  auto* at = mmap(nullptr, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return at != MAP_FAILED && munmap(at, bytes) == 0;
}

}  // namespace

expected<void> try_threads(std::size_t count) {
  std::vector<std::thread> tried;
  std::atomic<bool> enough{false};
  std::string why;
  try {
    tried.reserve(count);
    while (tried.size() < count)
      tried.emplace_back([&] { enough.wait(false); });
  } catch (const std::system_error& e) {
    why = e.code().message();
  }
  const bool roomy = has_room(further_space);
  enough = true;
  enough.notify_all();
  for (auto& t : tried)
    t.join();
  if (why.empty() && !roomy)
    return outside_error(ec::io,
                         fmt::format("{} threads can be started, and leave less than {} MB of address "
                                     "space, too little memory for the work; raise the limit of "
                                     "address space (ulimit -v), or lower --threads",
                                     count, further_space >> 20U));
  if (why.empty())
    return {};
  return outside_error(ec::io, fmt::format("only {} of {} threads can be started: {}; raise the limits of "
                                           "processes (ulimit -u) and of address space (ulimit -v), or lower "
                                           "--threads",
                                           tried.size(), count, why));
}

std::optional<std::string> raise_file_limit() {
  rlimit now{};
  if (getrlimit(RLIMIT_NOFILE, &now) != 0)
    return std::nullopt;
  if (now.rlim_cur < enough_files && now.rlim_cur < now.rlim_max) {
    auto more = now;
    more.rlim_cur = std::min(now.rlim_max, enough_files);
    if (setrlimit(RLIMIT_NOFILE, &more) == 0)
      now = more;
  }
  if (now.rlim_cur >= few_files)
    return std::nullopt;
  return fmt::format(
      "only {} files and connections can be open at a time, which a run may need more of; raise "
      "the limit (ulimit -n, the service's LimitNOFILE)",
      now.rlim_cur);
}

}  // namespace millrace::cli
