// Dead letters as rows of the dead-letter sink.
#pragma once

#include "actors/stream/sink/row_format.hpp"
#include "runtime/data/batch.hpp"
#include "runtime/delivery/frame.hpp"

#include <span>

namespace millrace::sink {

/// Rows under config::dead_letter_schema(). `id` is a hash of stage, partition and position: the same letter
/// has the same id however often it is formed. `record` holds text, `record_base64` what is not UTF-8.
[[nodiscard]] data::batch dead_letter_rows(std::span<const delivery::dead_letter> letters, event_micros now);
/// A line of JSON each, with `record` or `record_base64`.
[[nodiscard]] row_format dead_letter_format(const data::schema& rows);

}  // namespace millrace::sink
