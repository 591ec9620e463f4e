// The body of millrace-topology(5), from the declarations that `check` goes by.
#pragma once

#include "config/catalog.hpp"

#include <string>

namespace millrace::command_line {

[[nodiscard]] std::string topology_page(const config::catalog& connectors);

}  // namespace millrace::command_line
