// A topic of a test and what is produced into it.
#pragma once

#include "tests/unit/kafka_client/cluster.hpp"

#include <librdkafka/rdkafka.h>

#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

namespace millrace::test {

struct message {
  std::optional<std::string> value;
  std::optional<std::string> key{};
  std::int64_t time_ms = 0;  // 0: now
  std::vector<std::pair<std::string, std::optional<std::string>>> headers{};
};

class producer {
public:
  explicit producer(const std::string& brokers, kafka::settings own = {})
      : client_(open_client(RD_KAFKA_PRODUCER, brokers, with_defaults(std::move(own)))) {}
  [[nodiscard]] rd_kafka_t* get() const { return client_.get(); }

  void send(const std::string& topic, int partition, const message& m) const {
    auto* headers = rd_kafka_headers_new(4);
    for (const auto& [name, value] : m.headers)
      rd_kafka_header_add(headers, name.c_str(), -1, value ? value->data() : nullptr,
                          value ? static_cast<ssize_t>(value->size()) : 0);
    void* const value = m.value ? const_cast<char*>(m.value->data()) : nullptr;
    const std::size_t value_size = m.value ? m.value->size() : 0;
    const void* const key = m.key ? m.key->data() : nullptr;
    const std::size_t key_size = m.key ? m.key->size() : 0;
    const auto code =
        rd_kafka_producev(client_.get(), RD_KAFKA_V_TOPIC(topic.c_str()), RD_KAFKA_V_PARTITION(partition),
                          RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY | RD_KAFKA_MSG_F_BLOCK),
                          RD_KAFKA_V_VALUE(value, value_size), RD_KAFKA_V_KEY(key, key_size),
                          RD_KAFKA_V_TIMESTAMP(m.time_ms), RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_END);
    REQUIRE(code == RD_KAFKA_RESP_ERR_NO_ERROR);
  }
  void flush() const { REQUIRE(rd_kafka_flush(client_.get(), 20'000) == RD_KAFKA_RESP_ERR_NO_ERROR); }
  void send_all(const std::string& topic, int partition, const std::vector<message>& all) const {
    for (const auto& m : all)
      send(topic, partition, m);
    flush();
  }

private:
  static kafka::settings with_defaults(kafka::settings own) {
    own.emplace_back("linger.ms", "1");
    own.emplace_back("message.max.bytes", "20000000");
    return own;
  }
  kafka::client client_;
};

/// Makes a topic on a real cluster.
inline std::string make_topic(const std::string& brokers, int partitions,
                              const std::vector<std::pair<std::string, std::string>>& settings = {}) {
  const auto admin = open_client(RD_KAFKA_PRODUCER, brokers);
  const auto name = fresh_name("source");
  char text[256];
  const kafka::owned<rd_kafka_NewTopic_t> topic(
      rd_kafka_NewTopic_new(name.c_str(), partitions, 1, text, sizeof(text)));
  for (const auto& [key, value] : settings)
    rd_kafka_NewTopic_set_config(topic.get(), key.c_str(), value.c_str());
  const kafka::owned<rd_kafka_queue_t> queue(rd_kafka_queue_new(admin.get()));
  auto* list = topic.get();
  rd_kafka_CreateTopics(admin.get(), &list, 1, nullptr, queue.get());
  const kafka::owned<rd_kafka_event_t> event(rd_kafka_queue_poll(queue.get(), 20'000));
  REQUIRE(event);
  REQUIRE(rd_kafka_event_error(event.get()) == RD_KAFKA_RESP_ERR_NO_ERROR);
  const auto asking = open_client(RD_KAFKA_CONSUMER, brokers);
  for (int i = 0; i < 100; ++i) {
    if (kafka::partition_count(asking, name, 5s) == partitions)
      return name;
    asking.poll(50ms);
  }
  FAIL("the topic did not appear");
  return name;
}

/// A topic of a test's own on the real cluster, and a producer for it.
struct server_topic {
  std::string brokers;
  std::string name;
  producer by{brokers};
  void send(int partition, const std::vector<message>& all) const { by.send_all(name, partition, all); }
};

/// Makes the topic; nothing where there is no cluster.
inline std::optional<server_topic>
topic_on_server(int partitions, const std::vector<std::pair<std::string, std::string>>& settings = {}) {
  const auto brokers = real_brokers();
  if (!brokers)
    return std::nullopt;
  return server_topic{*brokers, make_topic(*brokers, partitions, settings)};
}

}  // namespace millrace::test
