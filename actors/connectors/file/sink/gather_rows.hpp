// Rows into the text that waits to be written; both ways of writing files share it.
#pragma once

#include "actors/stream/sink/files/side_file.hpp"
#include "actors/stream/sink/row_format.hpp"

#include <functional>
#include <string>

namespace millrace::sink {

/// Appends the rows to `buffer`, with the format's head before them where `begins` says that a file begins
/// with them. Whenever the buffer has its size, `flush` empties it under the side file's lock.
[[nodiscard]] expected<void> gather_rows(std::string& buffer, const row_format& format,
                                         const data::batch& rows, bool begins, side_file& side,
                                         const std::function<expected<void>()>& flush);

}  // namespace millrace::sink
