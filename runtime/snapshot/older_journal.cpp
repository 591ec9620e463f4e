#include "runtime/snapshot/older_journal.hpp"

#include "runtime/snapshot/journal_format.hpp"
#include "runtime/snapshot/size_limits.hpp"

#include <fmt/format.h>

#include <tuple>
#include <utility>

namespace millrace::snapshot {
namespace {

std::string copy_of_journal(const std::string& stem, int copy) { return fmt::format("{}.{}", stem, copy); }

}  // namespace

/// The higher generation, of equal ones the longer. A rewriting that was cut short leaves one copy of each
/// generation, both whole.
expected<std::vector<std::string>> read_older_journal(file_system& files, const std::string& stem,
                                                      std::string_view actor) {
  journal_contents best;
  int there = 0, whole = 0;
  for (const int copy : {1, 2}) {
    const auto bytes = read_at_most(files, copy_of_journal(stem, copy), largest_journal);
    if (!bytes && bytes.error().code == ec::not_found)
      continue;
    if (!bytes && bytes.error().code != ec::corrupt)
      return unexpected(bytes.error());
    ++there;
    journal_contents found;
    const auto result = bytes ? decode_journal(*bytes, actor, found) : reading::damaged;
    if (result == reading::later)
      return user_error(ec::unsupported,
                        fmt::format("{} was written by a later version of millrace; run that "
                                    "version, or choose another --state",
                                    copy_of_journal(stem, copy)));
    if (result == reading::damaged)
      continue;
    ++whole;
    if (whole == 1 ||
        std::tuple(found.generation, found.entries.size()) > std::tuple(best.generation, best.entries.size()))
      best = std::move(found);
  }
  if (there > 0 && whole == 0)
    return user_error(ec::corrupt,
                      fmt::format("both copies of the journal {} are damaged; restore the folder "
                                  "from a backup, or start over with --fresh",
                                  copy_of_journal(stem, 1)));
  return std::move(best.entries);
}

expected<void> remove_older_journal(file_system& files, const std::string& stem) {
  return files.remove(copy_of_journal(stem, 1)).and_then([&] {
    return files.remove(copy_of_journal(stem, 2));
  });
}

}  // namespace millrace::snapshot
