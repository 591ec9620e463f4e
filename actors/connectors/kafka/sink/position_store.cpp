#include "actors/connectors/kafka/sink/position_store.hpp"

#include "actors/connectors/kafka/sink/transaction.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace millrace::sink {
namespace {

using std::chrono::milliseconds;
using clock = std::chrono::steady_clock;

constexpr milliseconds one_try{2000};

int left(clock::time_point deadline) {
  const auto rest = std::chrono::duration_cast<milliseconds>(deadline - clock::now());
  return static_cast<int>(std::max(milliseconds(1), std::min(rest, one_try)).count());
}

}  // namespace

expected<std::optional<envelope>> stored_envelope(const kafka::client& consumer, const std::string& group,
                                                  const std::string& topic) {
  const auto deadline = clock::now() + look_up_patience;
  for (;;) {
    const kafka::owned<rd_kafka_topic_partition_list_t> list(rd_kafka_topic_partition_list_new(1));
    rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), 0);
    auto code = rd_kafka_committed(consumer.get(), list.get(), left(deadline));
    const auto& entry = list->elems[0];
    // Both must be good: with a time-out the offset alone looks like "never committed".
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
      code = entry.err;
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
      consumer.answered();
      if (entry.offset < 0)
        return std::optional<envelope>{};
      ASSIGN_OR_RETURN(auto e,
                       decode_envelope({static_cast<const char*>(entry.metadata), entry.metadata_size}));
      return std::optional<envelope>(std::move(e));
    }
    auto told = kafka::translate(code, fmt::format("group \"{}\": reading the position", group));
    if (!told.retry || clock::now() >= deadline)
      return unexpected(std::move(told));
    consumer.poll(milliseconds(100));
  }
}

expected<void> read_positions(const kafka::client& consumer, std::int32_t partition, std::int64_t offset,
                              const std::function<bool(const stored_part&)>& take) {
  const auto doing =
      fmt::format("topic \"{}\": reading from partition {}, offset {}", positions_topic, partition, offset);
  const kafka::owned<rd_kafka_topic_partition_list_t> list(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_list_add(list.get(), std::string(positions_topic).c_str(), partition)->offset =
      offset;
  if (const auto code = rd_kafka_assign(consumer.get(), list.get()); code != RD_KAFKA_RESP_ERR_NO_ERROR)
    return unexpected(kafka::translate(code, doing));
  std::optional<error> failed;
  const auto deadline = clock::now() + patience;
  for (bool done = false; !done && !failed;) {
    const kafka::owned<rd_kafka_message_t> m(rd_kafka_consumer_poll(consumer.get(), left(deadline)));
    if (m && m->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
      if (m->key && m->payload)
        done = take({m->offset,
                     {static_cast<const char*>(m->key), m->key_len},
                     {static_cast<const char*>(m->payload), m->len}});
    } else if (m && !kafka::translate(m->err, doing).retry) {
      failed = kafka::translate(m->err, doing);
    } else if (clock::now() >= deadline) {
      failed =
          outside_error(ec::unavailable, doing + ": no broker answers, or the record is not there").value();
    }
  }
  rd_kafka_assign(consumer.get(), nullptr);
  if (failed)
    return unexpected(std::move(*failed));
  return {};
}

}  // namespace millrace::sink
