// The writer of the SQL sink: buffers small batches, keeps one transaction from the first flush to the
// commit, and ends it with the position.
#pragma once

#include "actors/sink/sink.hpp"
#include "actors/sink/sql/table.hpp"

namespace millrace::sink::sql {

[[nodiscard]] std::unique_ptr<writer> make_writer(target where, table_options table);

}  // namespace millrace::sink::sql
