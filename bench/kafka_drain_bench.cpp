// The Kafka source is compared with this: librdkafka's own way to read a topic from its first record to its
// present end, and nothing done with the records: kafka_drain_bench BROKERS TOPIC. Prints records and bytes.
#include "bench/bare_kafka.hpp"

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <set>

namespace {

using namespace millrace::bench;

constexpr int patience_ms = 30'000;

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("usage: kafka_drain_bench BROKERS TOPIC\n", stderr);
    return 2;
  }
  auto* conf = rd_kafka_conf_new();
  set(conf, "group.id", "millrace-bench");
  set(conf, "enable.auto.commit", "false");
  set(conf, "enable.partition.eof", "true");
  auto* client = new_client(RD_KAFKA_CONSUMER, conf, argv[1]);
  const rd_kafka_metadata_t* found = nullptr;
  auto* topic = rd_kafka_topic_new(client, argv[2], nullptr);
  if (rd_kafka_metadata(client, 0, topic, &found, patience_ms) != RD_KAFKA_RESP_ERR_NO_ERROR ||
      found->topic_cnt != 1 || found->topics[0].partition_cnt == 0)
    give_up("the topic is not there");
  auto* from = rd_kafka_topic_partition_list_new(found->topics[0].partition_cnt);
  std::set<int> open;
  for (int i = 0; i < found->topics[0].partition_cnt; ++i) {
    const auto id = found->topics[0].partitions[i].id;
    rd_kafka_topic_partition_list_add(from, argv[2], id)->offset = RD_KAFKA_OFFSET_BEGINNING;
    open.insert(id);
  }
  rd_kafka_metadata_destroy(found);
  rd_kafka_poll_set_consumer(client);
  if (rd_kafka_assign(client, from) != RD_KAFKA_RESP_ERR_NO_ERROR)
    give_up("the partitions could not be assigned");
  auto* queue = rd_kafka_queue_get_consumer(client);
  constexpr std::size_t at_once = 10'000;
  auto messages = std::make_unique<rd_kafka_message_t*[]>(at_once);
  unsigned long long records = 0;
  unsigned long long bytes = 0;
  while (!open.empty()) {
    const auto n = rd_kafka_consume_batch_queue(queue, 100, messages.get(), at_once);
    for (ssize_t i = 0; i < n; ++i) {
      auto* m = messages[static_cast<std::size_t>(i)];
      if (m->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        ++records;
        bytes += m->len;
      } else if (m->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
        open.erase(m->partition);
      } else {
        give_up(rd_kafka_message_errstr(m));
      }
      rd_kafka_message_destroy(m);
    }
  }
  std::printf("%llu %llu\n", records, bytes);
  rd_kafka_queue_destroy(queue);
  rd_kafka_topic_partition_list_destroy(from);
  rd_kafka_topic_destroy(topic);
  rd_kafka_consumer_close(client);
  rd_kafka_destroy(client);
  return 0;
}
