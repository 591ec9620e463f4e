#include "runtime/snapshot/size_limits.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unistd.h>

namespace millrace::snapshot {
namespace {

std::uint64_t memory_of_machine() {
  const auto pages = ::sysconf(_SC_PHYS_PAGES);
  const auto size = ::sysconf(_SC_PAGESIZE);
  constexpr std::uint64_t unknown = largest_chain_file;
  return pages > 0 && size > 0 ? static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(size)
                               : unknown;
}

}  // namespace

expected<std::string> read_at_most(file_system& files, const std::string& path, std::uint64_t largest) {
  const auto most = std::min(largest, memory_of_machine());
  const auto beyond = files.read_part(path, most, 1);
  if (!beyond)
    return beyond;
  if (beyond->empty())
    return files.read(path);
  return fatal_error(ec::corrupt,
                     fmt::format("{} has more than {} MiB, and millrace writes none so large; restore "
                                 "the folder from a backup, or start over with --fresh",
                                 path, most >> 20U));
}

}  // namespace millrace::snapshot
