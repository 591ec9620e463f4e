#include "actors/stream/source/spool_options.hpp"

#include "actors/stream/spool/chain_segments.hpp"
#include "actors/stream/spool/folder_segments.hpp"

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
          .doc = "How much may wait in the spool, received and not yet processed; above that, " + what,
          .default_text = "1 GB",
          .minimum = smallest_spool};
}

expected<spool_setup> spool_setup_of(const config::values& options, const spool_place& at) {
  spool_setup out;
  out.options.most_bytes = options.size("spool");
  out.options.segment_bytes = std::min(largest_segment, out.options.most_bytes / segments_of_spool);
  if (at.chains) {
    out.options.segment_bytes = std::min(out.options.segment_bytes, spool::largest_chain_segment);
    out.segments = std::make_unique<spool::chain_segments>(at.chains, at.stage, at.now);
    return out;
  }
  auto& files = snapshot::posix_file_system();
  const auto parent = at.spool_folder.substr(0, at.spool_folder.rfind('/'));
  RETURN_IF_ERROR(files.make_folder(parent));
  RETURN_IF_ERROR(files.sync_folder(parent.substr(0, parent.rfind('/'))));
  out.segments = std::make_unique<spool::folder_segments>(files, at.spool_folder);
  return out;
}

}  // namespace millrace::source
