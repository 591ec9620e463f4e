// The place of a cluster's chains, as the option --store says it. Plain functions without I/O.
#pragma once

#include "runtime/base/error.hpp"

#include <map>
#include <string>
#include <string_view>
#include <variant>

namespace millrace::node {

/// A folder that every node of the cluster mounts, or that one machine has.
struct dir_place {
  std::string folder;
  friend bool operator==(const dir_place&, const dir_place&) = default;
};
struct postgresql_place {
  std::string uri;  // a text for libpq; it may hold a password
  friend bool operator==(const postgresql_place&, const postgresql_place&) = default;
};
struct kafka_place {
  std::string brokers;  // HOST:PORT, with commas between them
  std::string topic;
  std::map<std::string, std::string> properties = {};  // librdkafka's; may hold secrets
  friend bool operator==(const kafka_place&, const kafka_place&) = default;
};

using store_place = std::variant<dir_place, postgresql_place, kafka_place>;

inline constexpr std::string_view default_chain_topic = "millrace-chains";

/// Takes `dir:PATH`, `postgresql://...` and `kafka:BROKERS[/TOPIC]`. ec::invalid_argument, with the forms and
/// without what might be a password, where the text is none of them.
[[nodiscard]] expected<store_place> parse_store_place(std::string_view text);

}  // namespace millrace::node
