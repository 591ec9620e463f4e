// Whom a command asks over the API, and as whom: options that all such commands share.
#pragma once

#include "tools/remote/asking.hpp"

#include <CLI/CLI.hpp>

namespace millrace::cli {

void add_connect_options(CLI::App& to, remote::connect_arguments& a);

/// With what the environment says of the token, and of the folder of a node on this machine.
[[nodiscard]] remote::ask_function asker_for(const remote::connect_arguments& a);

}  // namespace millrace::cli
