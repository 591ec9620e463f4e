// Makes man pages in roff (man(7)) from descriptions. Pure: the same declarations give the same bytes.
#pragma once

#include "config/catalog.hpp"
#include "tools/command_line/description.hpp"

#include <map>

namespace millrace::command_line {

/// Makes the pages by file name: "millrace.1", "millrace-run.1", ..., "millrace-topology.5".
[[nodiscard]] std::map<std::string, std::string> man_pages(const command& millrace, std::string_view version,
                                                           const config::catalog& connectors);

/// Escapes text so that roff shows it as it is: backslashes, hyphens, quotes, and lines that begin a request.
[[nodiscard]] std::string roff(std::string_view text);

}  // namespace millrace::command_line
