// The connector "console": rows on standard output, as tables or as JSON lines.
#pragma once

#include "actors/connector.hpp"
#include "actors/stream/sink/sink.hpp"

#include <cstdio>
#include <filesystem>

namespace millrace::sink {

[[nodiscard]] config::connector console_sink_declaration();
[[nodiscard]] connector console_sink_connector();

/// Its progress is kept in `state_folder`; without one it keeps none. `out` outlives the writer.
[[nodiscard]] expected<std::unique_ptr<writer>> make_console_writer(const config::values& options,
                                                                    const data::schema_ptr& rows,
                                                                    const std::filesystem::path& state_folder,
                                                                    std::FILE* out = stdout);

}  // namespace millrace::sink
