// The subcommands that ask a node's API, as subcommands.hpp has the others.
#pragma once

#include <CLI/CLI.hpp>

namespace millrace::cli {

void add_apply(CLI::App& app, int& status);
void add_list(CLI::App& app, int& status);
void add_nodes(CLI::App& app, int& status);
void add_wait(CLI::App& app, int& status);
void add_stop(CLI::App& app, int& status);
void add_start(CLI::App& app, int& status);
void add_remove(CLI::App& app, int& status);
void add_drain(CLI::App& app, int& status);
void add_undrain(CLI::App& app, int& status);
void add_forget(CLI::App& app, int& status);
void add_events(CLI::App& app, int& status);
void add_letters(CLI::App& app, int& status);

}  // namespace millrace::cli
