// The subcommands of the binary. Each add_* declares one and, when it is called, leaves its exit status in
// `status`.
#pragma once

#include <CLI/CLI.hpp>

namespace millrace::cli {

inline constexpr int exit_done = 0;
inline constexpr int exit_failed = 1;  // failed while running
inline constexpr int exit_wrong = 2;   // found wrong before anything was contacted

void add_run(CLI::App& app, int& status);
void add_node(CLI::App& app, int& status);
void add_check(CLI::App& app, int& status);
void add_convert(CLI::App& app, int& status);
void add_console(CLI::App& app, int& status);
void add_load(CLI::App& app, int& status);
void add_test(CLI::App& app, int& status);
void add_sql(CLI::App& app, int& status);
void add_model(CLI::App& app, int& status);
void add_table(CLI::App& app, int& status);
void add_state(CLI::App& app, int& status);
void add_replay(CLI::App& app, int& status);
void add_complete(CLI::App& app, int& status);  // hidden: for the scripts of completion
void add_completion(CLI::App& app, int& status);
void add_man(CLI::App& app, int& status);
void add_reference(CLI::App& app, int& status);  // hidden: for developers

}  // namespace millrace::cli
