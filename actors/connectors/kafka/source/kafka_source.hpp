// The Kafka source: the partitions of one topic as endless logs. config reads the declaration; the catalog
// makes readers.
#pragma once

#include "actors/connector.hpp"
#include "actors/stream/source/source.hpp"

#include <memory>
#include <string>

namespace millrace::source {

[[nodiscard]] config::connector kafka_source_declaration();
[[nodiscard]] connector kafka_source_connector();

/// Options as declared above, validated. Contacts the brokers from discover() on.
[[nodiscard]] expected<std::unique_ptr<reader>> make_kafka_reader(const config::values& options,
                                                                  const wants& wanted, std::string topology,
                                                                  std::string stage);

}  // namespace millrace::source
