// The topic of a Kafka cluster that all chains of a store lie in, by librdkafka: one producer and one consumer
// for all chains that are open in this process. The consumer follows the partitions from their ends on; an
// opening reads its own partition from the beginning by a consumer of its own.
#pragma once

#include "actors/node/stores/kafka/follower.hpp"
#include "actors/node/stores/kafka/partition_reader.hpp"
#include "actors/node/stores/kafka/producer.hpp"
#include "actors/node/stores/kafka/topic_rules.hpp"
#include "runtime/base/random.hpp"

namespace millrace::kafka_chain {

struct kafka_topic_options {
  kafka::connection to;
  std::string topic = "millrace-chains";
  std::string name = "chains";  // client.id and in logs
  /// A topic that is made gets so many replicas; 0: three, or as many as there are brokers.
  int replication = 0;
  /// The time for which brokers are tried in one call, and a reader waits for the next message.
  std::chrono::milliseconds patience{std::chrono::seconds(30)};
  /// The time for which the topic's settings are asked for; without an answer they are not checked, and a
  /// warning says so.
  std::chrono::milliseconds settings_patience{std::chrono::seconds(10)};
};

class kafka_topic final : public topic {
public:
  /// Makes the topic where it is missing, and refuses one in which chains cannot lie, with the remedy
  /// (topic_rules.hpp). ec::unavailable where no broker answers in time.
  [[nodiscard]] static expected<std::shared_ptr<kafka_topic>> open(kafka_topic_options options);
  ~kafka_topic() override;
  kafka_topic(const kafka_topic&) = delete;
  kafka_topic& operator=(const kafka_topic&) = delete;

  expected<std::uint64_t> append(std::string_view prefix, std::vector<message> messages) override;
  expected<std::uint64_t> read(std::string_view prefix, std::uint64_t from, std::uint64_t least,
                               const taker& take) override;
  expected<std::unique_ptr<followed>> follow(std::string_view prefix) override;
  std::uint64_t unique() override { return random_bits(); }
  /// Lists the actors of a topology that have records, or had some. Reads all partitions.
  [[nodiscard]] expected<std::set<std::string>> list(std::string_view topology);
  /// Writes tombstones for all records of a topology whose name nobody uses any more. Reads all partitions.
  [[nodiscard]] expected<void> clear(std::string_view topology);
  const std::string& shown() const override { return shown_; }

private:
  explicit kafka_topic(kafka_topic_options options);
  [[nodiscard]] expected<void> find_topic();
  [[nodiscard]] expected<void> make_topic();
  [[nodiscard]] expected<void> begin_to_follow();
  [[nodiscard]] expected<std::int64_t> end_of(int partition) const;
  void follow_all();
  void take(const rd_kafka_message_t& m);
  [[nodiscard]] expected<void> clear(int partition, std::string_view prefix);
  [[nodiscard]] expected<partition_reader> reader_of(int partition) const;
  [[nodiscard]] expected<kafka::client> open_consumer(kafka::settings own) const;
  [[nodiscard]] expected<std::shared_ptr<producer>> a_producer();

  kafka_topic_options options_;
  std::string shown_;
  std::shared_ptr<follower> follower_;
  std::unique_ptr<kafka::client> consumer_;
  kafka::owned<rd_kafka_topic_t> handle_;
  kafka::owned<rd_kafka_queue_t> queue_;
  int followed_ = 0;  // partitions that are read
  std::atomic<bool> ends_{false};
  std::thread reads_;
  std::mutex mutex_;  // guards the members below
  std::shared_ptr<producer> producer_;
};

}  // namespace millrace::kafka_chain
