// The connector "sql": its options, and how a writer is made from them.
#pragma once

#include "actors/connector.hpp"
#include "actors/stream/sink/sink.hpp"

namespace millrace::sink {

[[nodiscard]] config::connector sql_sink_declaration();
[[nodiscard]] connector sql_sink_connector();

/// `rows`: the schema of the batches it gets. The options have passed the connector's check.
[[nodiscard]] expected<std::unique_ptr<writer>> make_sql_writer(const config::values& options,
                                                                const data::schema_ptr& rows,
                                                                const wall_clock& clock = system_clock());

}  // namespace millrace::sink
