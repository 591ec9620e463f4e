// Asks for the views of the live screen, and turns the answers into what they show. Blocks; it is called on a
// thread of its own.
#pragma once

#include "tools/console/screen.hpp"
#include "tools/remote/asking.hpp"

#include <string>

namespace millrace::console {

struct looked {
  content what;
  std::string topology;  // the one that was asked about
};

/// `stage`: or the edge of a tap, whose `cursor` is that of the content before. `topology`: empty for the only one there is; where there are several the content says that one has to be chosen.
[[nodiscard]] expected<looked> look(const remote::ask_function& ask, view v, const std::string& topology,
                                    const std::string& stage, const std::string& cursor);

}  // namespace millrace::console
