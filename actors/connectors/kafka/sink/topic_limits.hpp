// Asks what a topic refuses before anything is written, so that no record dooms a transaction.
#pragma once

#include "actors/connectors/kafka/client/client.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace millrace::sink {

struct topic_limits {
  std::optional<std::int64_t> batch_bytes;  // max.message.bytes; nothing where we may not ask
  bool compacted = false;                   // takes no null keys
};
[[nodiscard]] topic_limits limits_of(const kafka::client& c, const std::string& topic);

}  // namespace millrace::sink
