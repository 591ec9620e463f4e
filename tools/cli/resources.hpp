// Looks at what the machine gives this process before a run begins, when it can be said clearly.
#pragma once

#include "runtime/base/error.hpp"

#include <cstddef>
#include <optional>
#include <string>

namespace millrace::cli {

/// Starts so many threads, looks whether address space is left for the work beside them, and ends them again. A
/// thread that a library cannot start later, or that has no room for its memory, ends the process in the middle of
/// its work.
[[nodiscard]] expected<void> try_threads(std::size_t count);

/// Raises the soft limit of open files to the hard one. A warning with the remedy where that is few.
[[nodiscard]] std::optional<std::string> raise_file_limit();

}  // namespace millrace::cli
