// The live screen of `millrace console`, in the terminal.
#pragma once

#include "tools/remote/asking.hpp"

#include <string>

namespace millrace::cli {

/// Shows it until the user ends it. User errors: no terminal, or one of a type that nobody knows.
[[nodiscard]] expected<void> show_live(const remote::ask_function& ask, const std::string& topology);

}  // namespace millrace::cli
