// Clusters for tests: a real one named by KAFKA_BROKERS, or librdkafka's mock, whose broker can be taken
// away. Topics get names of their own, so that tests run beside each other and again.
#pragma once

#include "actors/connectors/kafka/client/client.hpp"

#include <catch2/catch.hpp>
#include <librdkafka/rdkafka_mock.h>

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>
#include <unistd.h>

namespace millrace::test {

using namespace std::chrono_literals;

/// The real cluster; where there is none, says loudly that the test did not run.
inline std::optional<std::string> real_brokers() {
  const char* brokers = std::getenv("KAFKA_BROKERS");
  if (brokers != nullptr && *brokers != '\0')
    return std::string(brokers);
  std::cout << "SKIPPED: \"" << Catch::getResultCapture().getCurrentTestName() << "\" needs KAFKA_BROKERS\n";
  return std::nullopt;
}

inline std::string fresh_name(std::string_view what) {
  static int number = 0;
  return std::string(what) + "-" + std::to_string(::getpid()) + "-" +
         std::to_string(std::chrono::system_clock::now().time_since_epoch().count() % 1'000'000'000) + "-" +
         std::to_string(++number);
}

inline kafka::client open_client(rd_kafka_type_t type, const std::string& brokers, kafka::settings own = {}) {
  auto c = kafka::client::open(type, {brokers, {}}, {fresh_name("test"), std::move(own)});
  REQUIRE(c);
  return std::move(*c);
}

/// Deletes a topic of the real cluster.
inline void delete_topic(const std::string& brokers, const std::string& topic) {
  const auto c = open_client(RD_KAFKA_PRODUCER, brokers);
  auto* old = rd_kafka_DeleteTopic_new(topic.c_str());
  const kafka::owned<rd_kafka_queue_t> answers(rd_kafka_queue_new(c.get()));
  rd_kafka_DeleteTopics(c.get(), &old, 1, nullptr, answers.get());
  const kafka::owned<rd_kafka_event_t> answer(rd_kafka_queue_poll(answers.get(), 10'000));
  rd_kafka_DeleteTopic_destroy(old);
}

/// A broker that can go away and come back. It keeps its records in memory.
class mock_cluster {
public:
  mock_cluster() : owner_(open_client(RD_KAFKA_PRODUCER, "127.0.0.1:1")) {
    cluster_ = rd_kafka_mock_cluster_new(owner_.get(), 1);
    REQUIRE(cluster_ != nullptr);
  }
  mock_cluster(const mock_cluster&) = delete;
  mock_cluster& operator=(const mock_cluster&) = delete;
  ~mock_cluster() { rd_kafka_mock_cluster_destroy(cluster_); }
  [[nodiscard]] std::string brokers() const { return rd_kafka_mock_cluster_bootstraps(cluster_); }
  void create(const std::string& topic, int partitions) const {
    REQUIRE(rd_kafka_mock_topic_create(cluster_, topic.c_str(), partitions, 1) == RD_KAFKA_RESP_ERR_NO_ERROR);
  }
  /// It says that there is no such topic.
  void deny(const std::string& topic) const {
    rd_kafka_mock_topic_set_error(cluster_, topic.c_str(), RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
  }
  void admit(const std::string& topic) const {
    rd_kafka_mock_topic_set_error(cluster_, topic.c_str(), RD_KAFKA_RESP_ERR_NO_ERROR);
  }
  void take_away() const { rd_kafka_mock_broker_set_down(cluster_, 1); }
  void bring_back() const { rd_kafka_mock_broker_set_up(cluster_, 1); }

private:
  kafka::client owner_;
  rd_kafka_mock_cluster_t* cluster_;
};

}  // namespace millrace::test
