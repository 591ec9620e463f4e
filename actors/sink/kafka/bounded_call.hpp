// A call of librdkafka that is given a time and may still not come back:
// rd_kafka_send_offsets_to_transaction() waits for a group coordinator that is away without looking at its
// time-out (librdkafka's issue 5456), rd_kafka_begin_transaction() takes none. So that a sink is not held up
// for good, such a call has a thread of its own, and is left to itself when it is long overdue.
#pragma once

#include "actors/client/kafka/client.hpp"

#include <chrono>
#include <functional>
#include <optional>

namespace millrace::sink {

using kafka_call = std::function<kafka::owned<rd_kafka_error_t>()>;

/// What the call returns (null: it went well); nothing when it has not come back within `most`. It goes on
/// then, so that it must own all that it uses; its thread frees that if it ever comes back.
[[nodiscard]] std::optional<kafka::owned<rd_kafka_error_t>> bounded(std::chrono::milliseconds most,
                                                                    kafka_call call);

}  // namespace millrace::sink
