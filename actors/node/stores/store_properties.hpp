// A node's way to a store in Kafka: the properties of librdkafka in a file of the process's own, under the
// rules that topologies have (actors/connectors/kafka/client/properties.hpp). Also tells who else reaches the store, as far as
// the properties show.
#pragma once

#include "actors/node/stores/store_address.hpp"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace millrace::node {

/// Reads a `name=value` a line; empty lines and those that begin with # are passed over, and in a value of a name that ends with .pem the
/// two characters \n are a line's end. `allowed`: what --allow-kafka-property gives. User errors name file, line and column, and no
/// secret. Pure.
[[nodiscard]] expected<std::map<std::string, std::string>>
parse_store_properties(std::string_view text, std::string_view file, const std::set<std::string>& allowed);

/// Reads them from a file, which is this user's alone (0600).
[[nodiscard]] expected<std::map<std::string, std::string>> read_store_properties(const std::string& path);

/// Says that everybody who reaches the brokers may write to the topic, as no client says who it is; nothing where they are this machine's
/// own, or where clients do. Pure.
[[nodiscard]] std::optional<std::string> openness_of(const kafka_address& store);

}  // namespace millrace::node
