#include "actors/source/spool_options.hpp"

#include <algorithm>

namespace millrace::source {
namespace {

/// A spool that turns over within less would stop the reading all the time.
constexpr std::int64_t smallest_spool = 1'000'000;
/// Segments of a spool: a share of it, so that there is always one to remove.
constexpr std::uint64_t segments_of_spool = 8;
constexpr std::uint64_t largest_segment = 8'000'000;

}  // namespace

config::option spool_option(const std::string& what) {
  return {.name = "spool",
          .type = config::option_type::size,
          .doc = "How much may wait in the state folder, received and not processed; beyond, " + what,
          .default_text = "1 GB",
          .minimum = smallest_spool};
}

expected<spool::spool_options> spool_options_of(const config::values& options, const std::string& folder) {
  auto& files = snapshot::posix_file_system();
  const auto parent = folder.substr(0, folder.rfind('/'));
  if (auto made = files.make_folder(parent); !made)
    return unexpected(made.error());
  if (auto synced = files.sync_folder(parent.substr(0, parent.rfind('/'))); !synced)
    return unexpected(synced.error());
  spool::spool_options s;
  s.folder = folder;
  s.most_bytes = options.size("spool");
  s.segment_bytes = std::min(largest_segment, s.most_bytes / segments_of_spool);
  return s;
}

}  // namespace millrace::source
