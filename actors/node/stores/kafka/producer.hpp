// The idempotent producer that all chains of a process share: what is sent in one call is stored in its order,
// by all replicas that are in step, or it is not known what is. Any thread may call; each waits for its own.
#pragma once

#include "actors/connectors/kafka/client/client.hpp"
#include "actors/node/stores/kafka/record_format.hpp"

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace millrace::kafka_chain {

class producer {
public:
  /// `patience`: how long one call tries to reach the brokers. It asks them for the topic, which must be
  /// there.
  [[nodiscard]] static expected<std::unique_ptr<producer>> open(const kafka::connection& to,
                                                                const std::string& name,
                                                                const std::string& topic,
                                                                std::chrono::milliseconds patience);
  ~producer();
  producer(const producer&) = delete;
  producer& operator=(const producer&) = delete;

  /// Returns the offset of the last message.
  [[nodiscard]] expected<std::uint64_t> send(int partition, const std::vector<message>& messages);
  /// librdkafka refuses everything from now on: another one has to be opened.
  [[nodiscard]] bool is_over() const;

private:
  struct batch_under_way;
  producer(std::string topic, std::chrono::milliseconds patience)
      : topic_(std::move(topic)), patience_(patience) {}
  static void on_delivered(const rd_kafka_message_t& m);
  [[nodiscard]] rd_kafka_resp_err_t produce(int partition, const message& m,
                                            const std::shared_ptr<batch_under_way>& of);
  [[nodiscard]] error failed(int partition, rd_kafka_resp_err_t code) const;

  std::string topic_;
  std::chrono::milliseconds patience_;
  std::unique_ptr<kafka::client> client_;
  kafka::owned<rd_kafka_topic_t> handle_;
  std::atomic<bool> ends_{false};
  std::thread polls_;
};

}  // namespace millrace::kafka_chain
