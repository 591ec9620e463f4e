// The subcommand `tls`, as subcommands.hpp has the others.
#pragma once

#include <CLI/CLI.hpp>

namespace millrace::cli {

void add_tls(CLI::App& app, int& status);

}  // namespace millrace::cli
