#include "actors/observe/pause.hpp"

#include "runtime/base/visible_text.hpp"

#include <fmt/format.h>

namespace millrace::observe {

error nothing_to_restart(const std::string& topology, const std::string& who) {
  return user_error(
             ec::not_found,
             fmt::format("topology {} has no actor {}, and no parser, window or sink of that name; the "
                         "console's `stages` has the stages, `nodes` the actors",
                         topology, visible(who)))
      .value();
}

}  // namespace millrace::observe
