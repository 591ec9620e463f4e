// Reading what the sink has stored of itself: the committed offset of its group, and single records of the
// positions topic. Writing happens in the sink's transaction.
#pragma once

#include "actors/connectors/kafka/client/client.hpp"
#include "actors/connectors/kafka/sink/position_record.hpp"

#include <functional>

namespace millrace::sink {

/// The envelope of the group's committed offset for partition 0 of the topic; no value when there is none. A
/// read_committed consumer waits for a transaction that holds the position; ec::unavailable after that.
[[nodiscard]] expected<std::optional<envelope>>
stored_envelope(const kafka::client& consumer, const std::string& group, const std::string& topic);

struct stored_part {
  std::int64_t offset = 0;
  std::string_view key;
  std::string_view value;
};
/// Reads the positions topic from this place on, until `take` says that it has all it wants. Nulls are passed
/// over.
[[nodiscard]] expected<void> read_positions(const kafka::client& consumer, std::int32_t partition,
                                            std::int64_t offset,
                                            const std::function<bool(const stored_part&)>& take);

}  // namespace millrace::sink
