#include "tools/cli/resources.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
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
  enough = true;
  enough.notify_all();
  for (auto& t : tried)
    t.join();
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
