// Reading what the sink has stored of itself: the committed offset of its group, and single records of the
// positions topic. Writing happens in the sink's transaction.
#pragma once

#include "actors/client/kafka/client.hpp"
#include "actors/sink/kafka/position_record.hpp"

namespace millrace::sink {

/// The envelope of the group's committed offset for partition 0 of the topic; nothing when there is none.
/// With a read_committed consumer it waits for a transaction that holds the position; ec::unavailable after
/// that.
[[nodiscard]] expected<std::optional<envelope>>
stored_envelope(const kafka::client& consumer, const std::string& group, const std::string& topic);

/// Values of the first `count` records whose key begins with `prefix`, from this place of the positions topic
/// on.
[[nodiscard]] expected<std::vector<std::string>> read_positions(const kafka::client& consumer,
                                                                std::int32_t partition, std::int64_t offset,
                                                                std::string_view prefix, std::size_t count);

}  // namespace millrace::sink
