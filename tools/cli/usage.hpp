// A command line that is wrong, in one line: which option, what is expected, what was probably meant.
#pragma once

#include <CLI/CLI.hpp>

#include <string>

namespace millrace::cli {

/// Words the error `e` that parsing for `app` threw. Pure.
[[nodiscard]] std::string usage_error(const CLI::App& app, const CLI::ParseError& e);

/// Words that the command which was given beside --help or --version is none; empty: there was none, or it is one. Pure.
[[nodiscard]] std::string unknown_command(const CLI::App& app);

/// Checks an option that takes a number of threads: 1 to `most`.
[[nodiscard]] CLI::Validator at_most_threads(unsigned most);

/// Refuses a URL in each option, of all commands, that names a file or folder: one would make a folder called `s3:`.
void require_local_paths(CLI::App& app);

}  // namespace millrace::cli
