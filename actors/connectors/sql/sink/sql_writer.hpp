// The writer of the SQL sink: buffers small batches, keeps one transaction from the first flush to the
// commit, and ends it with the position.
#pragma once

#include "actors/connectors/sql/sink/table.hpp"
#include "actors/stream/sink/sink.hpp"

namespace millrace::sink::sql {

[[nodiscard]] std::unique_ptr<writer> make_writer(target where, table_options table);

}  // namespace millrace::sink::sql
