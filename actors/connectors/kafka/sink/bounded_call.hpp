// Bounds calls of librdkafka that are given a time and may still not come back:
// rd_kafka_send_offsets_to_transaction() waits for a group coordinator that is away without looking at its
// time-out (librdkafka's issue 5456), rd_kafka_begin_transaction() takes none. So that a sink is not held up
// for good, such calls have a thread of their own, which is left to itself when one is long overdue. It is
// the same thread for call after call: a transaction makes three of them.
#pragma once

#include "actors/connectors/kafka/client/client.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>

namespace millrace::sink {

using kafka_call = std::function<kafka::owned<rd_kafka_error_t>()>;

/// One thread uses it.
class bounded_caller {
public:
  bounded_caller() = default;
  bounded_caller(const bounded_caller&) = delete;
  bounded_caller& operator=(const bounded_caller&) = delete;
  ~bounded_caller();

  /// Returns what the call returns (null: it went well); nothing when it has not come back within `most`. The
  /// call goes on then, so that it must own all that it uses; its thread frees that if it ever comes back,
  /// and the next call has another thread.
  [[nodiscard]] std::optional<kafka::owned<rd_kafka_error_t>> call(std::chrono::milliseconds most,
                                                                   kafka_call wanted);

private:
  struct worker;
  void leave();

  std::shared_ptr<worker> worker_;  // its thread holds it as well
};

}  // namespace millrace::sink
