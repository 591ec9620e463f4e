// The Kafka side of latency_bench: a producer that sends at once, and a bare consumer, the floor of what any
// reader of the topic can do. Both end the program where anything is wrong.
#pragma once

#include "bench/bare_kafka.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

namespace millrace::bench {

/// Sends lines as records to partition 0; `send` returns before they have arrived.
class record_sender {
public:
  record_sender(const char* brokers, const char* topic) {
    auto* conf = rd_kafka_conf_new();
    set(conf, "linger.ms", "0");  // no wait of its own: the measured part comes after it
    set(conf, "acks", "1");
    set(conf, "socket.nagle.disable", "true");
    client_ = new_client(RD_KAFKA_PRODUCER, conf, brokers);
    topic_ = rd_kafka_topic_new(client_, topic, nullptr);
  }

  void send(const std::string& lines) const {
    for (std::size_t at = 0; at < lines.size();) {
      const auto end = lines.find('\n', at);
      while (rd_kafka_produce(topic_, 0, RD_KAFKA_MSG_F_COPY, const_cast<char*>(lines.data()) + at, end - at,
                              nullptr, 0, nullptr) != 0) {
        if (rd_kafka_last_error() != RD_KAFKA_RESP_ERR__QUEUE_FULL)
          give_up(rd_kafka_err2str(rd_kafka_last_error()));
        rd_kafka_poll(client_, 1);  // the broker is behind; a record's time has begun before
      }
      at = end + 1;
    }
    rd_kafka_poll(client_, 0);
  }

private:
  rd_kafka_t* client_ = nullptr;  // lives until the program ends
  rd_kafka_topic_t* topic_ = nullptr;
};

/// Reads partition 0 from its present end on a thread of its own, with librdkafka's defaults (what is committed
/// alone), and counts: `seen(n, value)` is called there with each record, the first is 0.
class bare_consumer {
public:
  bare_consumer(const char* brokers, const char* topic,
                std::function<void(std::int64_t, std::string_view)> seen)
      : seen_(std::move(seen)) {
    auto* conf = rd_kafka_conf_new();
    set(conf, "group.id", "millrace-bench");
    set(conf, "enable.partition.eof", "true");
    client_ = new_client(RD_KAFKA_CONSUMER, conf, brokers);
    topic_ = rd_kafka_topic_new(client_, topic, nullptr);
    if (rd_kafka_consume_start(topic_, 0, RD_KAFKA_OFFSET_END) != 0)
      give_up(rd_kafka_err2str(rd_kafka_last_error()));
    thread_ = std::thread([this] { run(); });
  }
  /// Waits until the reader is at the end: records that are sent from now on are read.
  void wait_for_the_end() const { at_end_.wait(false); }
  void stop() {
    done_ = true;
    thread_.join();
    rd_kafka_consume_stop(topic_, 0);
    rd_kafka_topic_destroy(topic_);
    rd_kafka_destroy(client_);
  }

private:
  void run() {
    for (std::int64_t n = 0; !done_;) {
      auto* m = rd_kafka_consume(topic_, 0, 20);
      if (m == nullptr)
        continue;
      if (m->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        seen_(n++, {static_cast<const char*>(m->payload), m->len});
      } else if (m->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
        at_end_ = true;
        at_end_.notify_all();
      } else {
        give_up(rd_kafka_message_errstr(m));
      }
      rd_kafka_message_destroy(m);
    }
  }

  std::function<void(std::int64_t, std::string_view)> seen_;
  rd_kafka_t* client_ = nullptr;
  rd_kafka_topic_t* topic_ = nullptr;
  std::atomic<bool> at_end_{false};
  std::atomic<bool> done_{false};
  std::thread thread_;
};

}  // namespace millrace::bench
