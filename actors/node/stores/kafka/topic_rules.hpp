// Says what a topic must be so that chains can lie in it: how it is made, and why one that is there is
// refused, with the command that mends it. Plain functions without I/O.
#pragma once

#include "actors/connectors/kafka/client/connection_failure.hpp"
#include "runtime/base/error.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace millrace::kafka_chain {

/// The topic's cluster and name, for messages and commands.
struct topic_address {
  std::string topic;
  std::string brokers;
};

/// `topic "millrace-chains" at kafka-1:9092`
[[nodiscard]] std::string shown_of(const topic_address& at);

/// Remedies name these options of a node.
inline const kafka::setting_names names_of_settings{.brokers = "--store", .properties = "--store-properties"};

/// The topic's max.message.bytes: a broker's default.
inline constexpr std::int64_t usual_batch = 1'048'588;
/// kafka-configs.sh with these settings, NAME=VALUE with commas between.
[[nodiscard]] std::string altering_command(const topic_address& at, std::string_view settings);

struct creation {
  int replication = 1;
  std::vector<std::pair<std::string, std::string>> settings;
};

/// `replication` as asked for; 0: three, or as many as there are brokers. Two of two or more replicas have to
/// store a record before it is acknowledged. ec::invalid_argument where there are fewer brokers than replicas
/// asked for.
[[nodiscard]] expected<creation> plan_creation(const topic_address& at, int brokers, int replication);

/// kafka-topics.sh with what plan_creation says, for a user who has the right.
[[nodiscard]] std::string creating_command(const topic_address& at, const creation& c);

/// Says why the topic could not be made: the broker's error, and the remedy where a right is missing.
[[nodiscard]] error not_created(error why, const topic_address& at, const creation& c);

struct existing_topic {
  int partitions = 0;
  int fewest_replicas = 0;
  /// None where they may not be asked for.
  std::optional<std::map<std::string, std::string>> settings;
};

/// ec::mismatch where records would be deleted, or cannot be as large as pieces are, or where there are fewer
/// partitions than chains lie in. More do no harm.
[[nodiscard]] expected<void> check_topic(const topic_address& at, const existing_topic& found);

/// Returns what the topic allows although it may lose what was acknowledged, one line each.
[[nodiscard]] std::vector<std::string> warnings_of(const topic_address& at, const existing_topic& found,
                                                   int brokers);

}  // namespace millrace::kafka_chain
