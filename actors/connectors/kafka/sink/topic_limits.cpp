#include "actors/connectors/kafka/sink/topic_limits.hpp"

#include <charconv>
#include <chrono>

namespace millrace::sink {
namespace {

constexpr std::chrono::seconds patience{5};

}  // namespace

topic_limits limits_of(const kafka::client& c, const std::string& topic) {
  topic_limits limits;
  const auto settings = kafka::topic_settings(c, topic, patience);
  if (!settings)
    return limits;
  if (const auto policy = settings->find("cleanup.policy"); policy != settings->end())
    limits.compacted = policy->second.find("compact") != std::string::npos;
  if (const auto most = settings->find("max.message.bytes"); most != settings->end()) {
    std::int64_t bytes = 0;
    const auto& digits = most->second;
    if (std::from_chars(digits.data(), digits.data() + digits.size(), bytes).ec == std::errc{})
      limits.batch_bytes = bytes;
  }
  return limits;
}

}  // namespace millrace::sink
