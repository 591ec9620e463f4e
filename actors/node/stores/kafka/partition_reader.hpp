// Reads one partition once, from an offset to its end, by a consumer of its own; and what any consumer's
// messages say. It belongs to one thread.
#pragma once

#include "actors/connectors/kafka/client/client.hpp"
#include "actors/node/stores/kafka/topic.hpp"

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace millrace::kafka_chain {

/// A callback that gets each message as it stands in the topic.
using message_taker =
    std::function<void(std::uint64_t offset, std::string_view key, std::optional<std::string_view> value)>;

class partition_reader {
public:
  /// `patience`: how long it waits for the next message.
  partition_reader(kafka::client by, std::string topic, int partition, std::chrono::milliseconds patience);
  /// Does what topic::read() says. ec::log_trimmed where `from` was deleted.
  [[nodiscard]] expected<std::uint64_t> read(std::string_view prefix, std::uint64_t from, std::uint64_t least,
                                             const taker& take);
  /// Reads in the same way the messages of all owners.
  [[nodiscard]] expected<std::uint64_t> read_all(std::uint64_t from, std::uint64_t least,
                                                 const message_taker& take);

private:
  [[nodiscard]] expected<std::uint64_t> read_started(std::uint64_t from, std::uint64_t least,
                                                     const message_taker& take);
  [[nodiscard]] unexpected silent() const;

  kafka::client client_;
  std::string topic_, shown_;
  int partition_;
  std::chrono::milliseconds patience_;
  kafka::owned<rd_kafka_topic_t> handle_;
};

[[nodiscard]] std::string_view key_of(const rd_kafka_message_t& m);
[[nodiscard]] std::optional<std::string_view> value_of(const rd_kafka_message_t& m);
[[nodiscard]] error failure_of(const rd_kafka_message_t& m, std::string_view shown);
/// Returns whether the partition ended right after this message when it was fetched. The end is that of the
/// newest answer, so no message that was there then is still to come.
[[nodiscard]] bool is_at_end(const kafka::client& c, const std::string& topic, const rd_kafka_message_t& m);

}  // namespace millrace::kafka_chain
