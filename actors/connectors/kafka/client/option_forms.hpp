// Tells which texts are names of Kafka topics and which are addresses of brokers: `check` can say that
// without a broker.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace millrace::kafka {

/// Says whether it is one, or holds a variable that is not set.
[[nodiscard]] bool is_topic_name(std::string_view name);
/// Says whether Kafka takes it.
[[nodiscard]] bool takes_as_topic(std::string_view name);
/// Says as `check` does why a name is none of a topic.
[[nodiscard]] std::string no_topic_name(std::string_view name);
/// Says what is wrong with a list of brokers; nothing where it can be one.
[[nodiscard]] std::optional<std::string> problem_of_brokers(std::string_view brokers);

}  // namespace millrace::kafka
