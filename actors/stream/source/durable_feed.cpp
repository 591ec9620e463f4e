#include "actors/stream/source/durable_feed.hpp"

#include <spdlog/spdlog.h>

#include <utility>

namespace millrace::source {

bool make_durable(spool::log& log, const std::string& stage, std::string_view what,
                  const std::function<void(std::optional<error>)>& tell, const std::function<bool()>& wait) {
  bool refused = false;
  while (log.pending() != 0) {
    const auto kept = log.commit();
    if (kept)
      break;
    if (!std::exchange(refused, true))
      spdlog::warn("{}: {}; {} until it can be written", stage, kept.error().message, what);
    tell(kept.error());
    if (!wait())
      return false;
  }
  if (refused) {
    spdlog::info("{}: the spool can be written again", stage);
    tell(std::nullopt);
  }
  return true;
}

}  // namespace millrace::source
