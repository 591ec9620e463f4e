// The last words of a command that cannot go on, each with the exit status that goes with them.
#pragma once

#include "runtime/base/error.hpp"
#include "tools/cli/subcommands.hpp"

#include <string>

namespace millrace::cli {

/// Prints why the command ends, and returns its exit status.
int refuse(const std::string& why, int status = exit_wrong);
int refuse(const error& why, int status = exit_wrong);
/// The status says whose fault it is: exit_wrong for the user's, else exit_failed.
int refuse_by_fault(const error& why);

}  // namespace millrace::cli
