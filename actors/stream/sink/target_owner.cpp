#include "actors/stream/sink/target_owner.hpp"

#include <fmt/format.h>

namespace millrace::sink {

expected<ownership> judge(const target_owner& old, const claim& who, std::string_view target,
                          at_start begin) {
  const bool mine = old.topology == who.topology && old.sink == who.sink;
  const bool same = mine && old.state_id == who.state_id;
  if (same && old.life > who.life)
    return fatal_error(ec::fenced, fmt::format("a newer life of this sink has taken over {}", target));
  if (same || (mine && who.adopt))
    return ownership::ours;
  if (who.fresh || (mine && begin == at_start::empty))
    return ownership::replaced;
  return user_error(
      ec::mismatch,
      fmt::format("{} belongs to sink '{}' of topology '{}' under another state folder or name; write to "
                  "another path, go on with that state (--adopt, where its folder is lost), or replace the "
                  "file with --fresh",
                  target, old.sink, old.topology));
}

unexpected progress_missing(std::string_view target, std::string_view side) {
  return fatal_error(ec::mismatch,
                     fmt::format("the state folder says that this sink has committed rows to {}, but its "
                                 "progress is missing from {}; restore both files together, or start "
                                 "over with --fresh",
                                 target, side));
}

}  // namespace millrace::sink
