// The options of all commands that ask over the API: the node to ask, and the user to ask as.
#pragma once

#include "tools/remote/asking.hpp"

#include <CLI/CLI.hpp>

namespace millrace::cli {

void add_connect_options(CLI::App& to, remote::connect_arguments& a);

/// Makes the asker; the environment may name the token, and the folder of a node on this machine.
[[nodiscard]] remote::ask_function quiet_asker_for(const remote::connect_arguments& a);
/// The same, which says on standard error that it waits once an answer takes a while.
[[nodiscard]] remote::ask_function asker_for(const remote::connect_arguments& a);

}  // namespace millrace::cli
