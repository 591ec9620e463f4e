// All subcommands, declared.
#pragma once

#include "tools/cli/subcommands.hpp"

#include <memory>

namespace millrace::cli {

/// Parsing runs the subcommand that was asked for, which leaves its exit status in `status`; that must live
/// until then.
[[nodiscard]] std::unique_ptr<CLI::App> make_command_line(int& status);

}  // namespace millrace::cli
