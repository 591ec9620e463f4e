#include "actors/source/feed.hpp"

#include <spdlog/spdlog.h>

namespace millrace::source {

bool is_full(const spool::log& log, feed_gauges& gauges, const std::string& stage, std::string_view what) {
  const bool full = log.full();
  if (full && !gauges.spool_full.exchange(true))
    spdlog::warn(
        "{}: the spool holds {} MB that are not processed yet; {} until there is room (option `spool`)",
        stage, log.bytes() / 1'000'000, what);
  if (!full && gauges.spool_full.exchange(false))
    spdlog::info("{}: the spool has room again", stage);
  return full;
}

}  // namespace millrace::source
