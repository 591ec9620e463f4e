#include "runtime/snapshot/life_fence.hpp"

#include <fmt/format.h>

namespace millrace::snapshot {

expected<void> life_fence::check(incarnation life, std::string_view actor) const {
  return newest == life ? expected<void>() : superseded(life, actor, newest);
}

unexpected superseded(incarnation life, std::string_view actor, incarnation by) {
  return fatal_error(ec::fenced,
                     fmt::format("incarnation {} of {} has been superseded by {}", life, actor, by));
}

}  // namespace millrace::snapshot
