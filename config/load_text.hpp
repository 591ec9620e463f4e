// A topology whose text is at hand, such as one that another process has sent.
#pragma once

#include "config/plan.hpp"

#include <string>
#include <string_view>

namespace millrace::config {

/// Does what load() does of a file with that text; findings have `name` where they would name the file. The text has come to a node, so
/// `${VAR}` in it is an error, and the environment stays out of it.
[[nodiscard]] loaded load_text(std::string_view text, const std::string& name, const catalog& connectors);

}  // namespace millrace::config
