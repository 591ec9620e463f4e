#include "runtime/snapshot/life_fence.hpp"

#include <fmt/format.h>

namespace millrace::snapshot {

expected<void> life_fence::check(incarnation life, std::string_view actor) const {
  return newest == life ? expected<void>() : superseded(life, actor, newest);
}

unexpected superseded(incarnation life, std::string_view actor, incarnation by) {
  if (by >= most_terms)
    return not_given(actor, by);
  return fatal_error(ec::fenced,
                     fmt::format("incarnation {} of {} has been superseded by {}", life, actor, by));
}

unexpected not_given(std::string_view actor, incarnation term) {
  return fatal_error(
      ec::corrupt,
      fmt::format("the store holds the incarnation {} of {}, which nobody can have given: it is damaged, "
                  "or somebody else writes to it; look who may write there, then restore it from a "
                  "backup or begin with a new one",
                  term, actor));
}

}  // namespace millrace::snapshot
