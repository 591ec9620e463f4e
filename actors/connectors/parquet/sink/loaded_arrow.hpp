// Loads the module that has Apache Arrow (arrow_module.hpp). Arrow's libraries are 62 MB, and a start that needs none of them pays for none.
#pragma once

#include "actors/connectors/parquet/sink/arrow_module.hpp"
#include "runtime/base/error.hpp"

#include <string>

namespace millrace::sink {

inline constexpr const char* arrow_module = "libmillrace_parquet.so";

/// Loaded at the first call, and for good. An error says what is missing, where it was looked for, and the remedy: in a
/// build without Arrow, too. Any thread.
[[nodiscard]] expected<const parquet_module::functions*> load_arrow(const std::string& file = arrow_module);

}  // namespace millrace::sink
