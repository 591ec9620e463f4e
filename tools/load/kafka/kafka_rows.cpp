// The records that come into a Kafka topic from now on, committed ones only.
#include "actors/connectors/kafka/client/client.hpp"
#include "tools/load/measured_rows.hpp"

#include <fmt/format.h>

namespace millrace::load {
namespace {

class kafka_rows final : public row_source {
public:
  kafka_rows(kafka::client client, std::string topic)
      : topic_(std::move(topic)), client_(std::move(client)) {}

  expected<void> begin(std::chrono::milliseconds timeout) override {
    const auto doing = fmt::format("--measure kafka:{}", topic_);
    ASSIGN_OR_RETURN(const auto partitions, kafka::partition_count(client_, topic_, timeout));
    const kafka::owned<rd_kafka_topic_partition_list_t> all(rd_kafka_topic_partition_list_new(partitions));
    for (int p = 0; p < partitions; ++p) {
      std::int64_t low = 0;
      std::int64_t high = 0;
      const auto code = rd_kafka_query_watermark_offsets(client_.get(), topic_.c_str(), p, &low, &high,
                                                         static_cast<int>(timeout.count()));
      if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
        return unexpected(kafka::translate(code, doing));
      rd_kafka_topic_partition_list_add(all.get(), topic_.c_str(), p)->offset = high;
    }
    if (const auto code = rd_kafka_assign(client_.get(), all.get()); code != RD_KAFKA_RESP_ERR_NO_ERROR)
      return unexpected(kafka::translate(code, doing));
    rd_kafka_poll_set_consumer(client_.get());
    return {};
  }

  expected<void> take(std::chrono::milliseconds wait,
                      const std::function<void(std::string_view)>& row) override {
    const kafka::owned<rd_kafka_message_t> m(
        rd_kafka_consumer_poll(client_.get(), static_cast<int>(wait.count())));
    if (m && m->err == RD_KAFKA_RESP_ERR_NO_ERROR && m->payload != nullptr)
      row({static_cast<const char*>(m->payload), m->len});
    return {};
  }

private:
  std::string topic_;
  kafka::client client_;
};

}  // namespace

expected<std::unique_ptr<row_source>> make_kafka_rows(const options& o) {
  auto client = kafka::client::open(RD_KAFKA_CONSUMER, {o.brokers, o.properties},
                                    {.name = "millrace-load-measure",
                                     .own = {{"group.id", "millrace-load"},
                                             {"enable.auto.commit", "false"},
                                             {"isolation.level", "read_committed"},
                                             {"fetch.wait.max.ms", "10"}},
                                     .names = {"--kafka", "--property"}});
  if (!client)
    return unexpected(client.error());
  return std::make_unique<kafka_rows>(std::move(*client), o.measure_topic);
}

}  // namespace millrace::load
