// The way of a command's answer to standard output. A terminal gets it with everything visible that it would obey; a
// file or a pipe gets the bytes as they are. Errors go to stderr by complain (logging.hpp).
#pragma once

#include <string>

namespace millrace::cli {

/// Prints whole lines. The exit status of a command that has done nothing else: exit_failed where they cannot be
/// written.
int print(std::string lines);

}  // namespace millrace::cli
