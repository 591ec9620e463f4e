#include "actors/observe/pause.hpp"

#include "runtime/base/visible_text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace millrace::observe {

error nothing_to_restart(const std::string& topology, const std::string& who,
                         const std::set<std::string>& there) {
  return user_error(ec::not_found,
                    fmt::format(
                        "topology {} has no actor {}, and no parser, window or sink of that name; it has {}, "
                        "and `nodes` shows the actors",
                        topology, visible(who), fmt::join(there, ", ")))
      .value();
}

}  // namespace millrace::observe
