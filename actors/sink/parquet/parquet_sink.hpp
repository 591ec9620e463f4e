// The connector "parquet": its options, and how a writer is made from them.
#pragma once

#include "actors/sink/sink.hpp"
#include "config/catalog.hpp"
#include "runtime/base/time.hpp"

namespace millrace::sink {

[[nodiscard]] config::connector parquet_sink_connector();

/// `rows`: the schema of the batches it gets. The options have passed the connector's check.
[[nodiscard]] expected<std::unique_ptr<writer>> make_parquet_writer(const config::values& options,
                                                                    const data::schema_ptr& rows,
                                                                    const wall_clock& clock = system_clock());

}  // namespace millrace::sink
