// The Kafka sink is compared with this, and benchmarks fill a topic by it: a bare idempotent producer that
// sends the lines of a file, without transactions: kafka_produce_bench BROKERS TOPIC FILE. Makes the topic,
// of one partition, if need be. Fails if one line is not delivered.
#include "bench/bare_kafka.hpp"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <string>

namespace {

using namespace millrace::bench;

constexpr int patience_ms = 60'000;
unsigned long long delivered = 0;
unsigned long long failed = 0;

/// One that is there already is well, too: what else is wrong shows when records are sent.
void make_topic(rd_kafka_t* client, const char* name) {
  char why[512];
  auto* wanted = rd_kafka_NewTopic_new(name, 1, 1, why, sizeof why);
  auto* answers = rd_kafka_queue_new(client);
  rd_kafka_CreateTopics(client, &wanted, 1, nullptr, answers);
  if (auto* answer = rd_kafka_queue_poll(answers, patience_ms))
    rd_kafka_event_destroy(answer);
  rd_kafka_queue_destroy(answers);
  rd_kafka_NewTopic_destroy(wanted);
}

void on_delivery(rd_kafka_t*, const rd_kafka_message_t* m, void*) { ++(m->err == 0 ? delivered : failed); }

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fputs("usage: kafka_produce_bench BROKERS TOPIC FILE\n", stderr);
    return 2;
  }
  std::ios::sync_with_stdio(false);
  std::ifstream lines(argv[3]);
  if (!lines)
    give_up("the file cannot be read");
  auto* conf = rd_kafka_conf_new();
  set(conf, "enable.idempotence", "true");
  set(conf, "linger.ms", "20");
  set(conf, "batch.size", "1000000");
  set(conf, "queue.buffering.max.messages", "1000000");
  rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
  auto* client = new_client(RD_KAFKA_PRODUCER, conf, argv[1]);
  make_topic(client, argv[2]);
  auto* topic = rd_kafka_topic_new(client, argv[2], nullptr);
  unsigned long long sent = 0;
  for (std::string line; std::getline(lines, line); ++sent) {
    while (rd_kafka_produce(topic, RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY, line.data(), line.size(),
                            nullptr, 0, nullptr) != 0) {
      if (rd_kafka_last_error() != RD_KAFKA_RESP_ERR__QUEUE_FULL)
        give_up(rd_kafka_err2str(rd_kafka_last_error()));
      rd_kafka_poll(client, 10);
    }
    if (sent % 1024 == 0)
      rd_kafka_poll(client, 0);
  }
  if (rd_kafka_flush(client, patience_ms) != RD_KAFKA_RESP_ERR_NO_ERROR || failed != 0 || delivered != sent)
    give_up("not every record was delivered");
  std::printf("%llu\n", delivered);
  rd_kafka_topic_destroy(topic);
  rd_kafka_destroy(client);
  return 0;
}
