// The connector "kafka" as a sink: rows into one topic, exactly once by transactions.
#pragma once

#include "actors/connector.hpp"
#include "actors/stream/sink/sink.hpp"

namespace millrace::sink {

[[nodiscard]] config::connector kafka_sink_declaration();
[[nodiscard]] connector kafka_sink_connector();

/// `rows`: the schema of the batches it gets. The options have passed the connector's check. Contacts the
/// brokers from open() on.
[[nodiscard]] expected<std::unique_ptr<writer>> make_kafka_writer(const config::values& options,
                                                                  const data::schema_ptr& rows);

}  // namespace millrace::sink
