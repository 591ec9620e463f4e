#include "actors/stream/spool/folder_segments.hpp"

#include "actors/stream/spool/spool_format.hpp"
#include "runtime/snapshot/size_limits.hpp"

#include <algorithm>

namespace millrace::spool {

expected<std::vector<std::uint64_t>> folder_segments::open() {
  RETURN_IF_ERROR(files_.make_folder(folder_));
  // The parent is synced also when the folder was there: its maker may not have come so far.
  RETURN_IF_ERROR(files_.sync_folder(folder_.substr(0, folder_.rfind('/'))));
  ASSIGN_OR_RETURN(const auto entries, files_.list(folder_));
  std::vector<std::uint64_t> bases;
  for (const auto& e : entries)
    if (const auto base = parse_segment_name(e.name))
      bases.push_back(*base);
  std::ranges::sort(bases);
  return bases;
}

expected<std::string> folder_segments::read(std::uint64_t base) const {
  return snapshot::read_at_most(files_, path(base), snapshot::largest_spooled);
}

expected<void> folder_segments::begin(std::uint64_t base, std::string_view header) {
  RETURN_IF_ERROR(files_.write(path(base), {header}, true));
  return files_.sync_folder(folder_);
}

std::string folder_segments::path(std::uint64_t base) const { return folder_ + "/" + segment_name(base); }

std::string folder_segments::remedy() const {
  return "restore the state folder from a backup, or start over with --fresh, which drops them";
}

}  // namespace millrace::spool
