// The address of a cluster's chains, as the option --store says it. Plain functions without I/O.
#pragma once

#include "runtime/base/error.hpp"

#include <map>
#include <string>
#include <string_view>
#include <variant>

namespace millrace::node {

/// A folder that every node of the cluster mounts, or that one machine has.
struct dir_address {
  std::string folder;
  friend bool operator==(const dir_address&, const dir_address&) = default;
};
struct postgresql_address {
  std::string uri;  // a text for libpq; it may hold a password
  friend bool operator==(const postgresql_address&, const postgresql_address&) = default;
};
struct kafka_address {
  std::string brokers;  // HOST:PORT, with commas between them
  std::string topic;
  std::map<std::string, std::string> properties = {};  // librdkafka's; may hold secrets
  friend bool operator==(const kafka_address&, const kafka_address&) = default;
};

using store_address = std::variant<dir_address, postgresql_address, kafka_address>;

inline constexpr std::string_view default_chain_topic = "millrace-chains";

/// Takes `dir:PATH`, `postgresql://...` and `kafka:BROKERS[/TOPIC]`. ec::invalid_argument, with the forms and
/// without what might be a password, where the text is none of them.
[[nodiscard]] expected<store_address> parse_store_address(std::string_view text);

}  // namespace millrace::node
