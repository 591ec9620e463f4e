#include "actors/node/stores/kafka/producer.hpp"

#include "actors/node/stores/kafka/topic_rules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>

namespace millrace::kafka_chain {
namespace {

using std::chrono::milliseconds;

/// librdkafka looks for messages that are too old once a second.
constexpr milliseconds report_grace{3'000};
/// One wait for a full queue takes at most this long.
constexpr milliseconds queue_wait{20};

}  // namespace

/// One call's messages; reports that come after the call has given up find it still there.
struct producer::batch_under_way {
  std::mutex mutex;
  std::condition_variable reported;
  std::size_t left = 0;
  std::int64_t last_offset = 0;
  rd_kafka_resp_err_t failure = RD_KAFKA_RESP_ERR_NO_ERROR;
};

expected<std::unique_ptr<producer>> producer::open(const kafka::connection& to, const std::string& name,
                                                   const std::string& topic, milliseconds patience) {
  auto client = kafka::client::open(RD_KAFKA_PRODUCER, to,
                                    {.name = name,
                                     .own = {{"enable.idempotence", "true"},
                                             {"acks", "all"},
                                             {"linger.ms", "0"},
                                             {"retry.backoff.ms", "20"},
                                             {"message.timeout.ms", std::to_string(patience.count())},
                                             {"message.max.bytes", "1000000"},
                                             {"queue.buffering.max.kbytes", "65536"}},
                                     .delivered = &producer::on_delivered,
                                     .names = names_of_settings});
  if (!client)
    return unexpected(client.error());
  // The look-up spares the first record a wait for metadata, up to a second.
  RETURN_IF_ERROR(kafka::known_partition_count(*client, topic, patience));
  std::unique_ptr<producer> p(new producer(topic, patience));
  p->client_ = std::make_unique<kafka::client>(std::move(*client));
  p->handle_.reset(rd_kafka_topic_new(p->client_->get(), topic.c_str(), nullptr));
  if (!p->handle_)
    return unexpected(p->failed(0, rd_kafka_last_error()));
  p->polls_ = std::thread([raw = p.get()] {
    while (!raw->ends_)
      raw->client_->poll(milliseconds(50));
  });
  return p;
}

producer::~producer() {
  ends_ = true;
  if (polls_.joinable())
    polls_.join();
  if (!client_)
    return;
  // The sender has gone: messages that are under way are given up, and their reports free what they hold.
  rd_kafka_purge(client_->get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
  while (client_->poll(milliseconds(0)) > 0) {
  }
}

void producer::on_delivered(const rd_kafka_message_t& m) {
  // NOLINTNEXTLINE: produce() has given it away.
  const std::unique_ptr<std::shared_ptr<batch_under_way>> of(
      static_cast<std::shared_ptr<batch_under_way>*>(m._private));
  auto& s = **of;
  const std::lock_guard lock(s.mutex);
  if (m.err == RD_KAFKA_RESP_ERR_NO_ERROR)
    s.last_offset = std::max(s.last_offset, m.offset);
  else if (s.failure == RD_KAFKA_RESP_ERR_NO_ERROR)
    s.failure = m.err;
  --s.left;
  s.reported.notify_all();
}

rd_kafka_resp_err_t producer::produce(int partition, const message& m,
                                      const std::shared_ptr<batch_under_way>& of) {
  auto opaque = std::make_unique<std::shared_ptr<batch_under_way>>(of);
  {
    const std::lock_guard lock(of->mutex);
    ++of->left;
  }
  const auto& bytes = m.value ? *m.value : std::string();
  // NOLINTNEXTLINE: librdkafka copies and does not change it.
  auto* value = m.value ? const_cast<char*>(bytes.data()) : nullptr;
  if (rd_kafka_produce(handle_.get(), partition, RD_KAFKA_MSG_F_COPY, value, bytes.size(), m.key.data(),
                       m.key.size(), opaque.get()) == 0) {
    (void)opaque.release();  // the report's
    return RD_KAFKA_RESP_ERR_NO_ERROR;
  }
  const std::lock_guard lock(of->mutex);
  --of->left;
  return rd_kafka_last_error();
}

expected<std::uint64_t> producer::send(int partition, const std::vector<message>& messages) {
  const auto until = std::chrono::steady_clock::now() + patience_ + report_grace;
  const auto of = std::make_shared<batch_under_way>();
  for (const auto& m : messages) {
    auto code = produce(partition, m, of);
    while (code == RD_KAFKA_RESP_ERR__QUEUE_FULL && std::chrono::steady_clock::now() < until) {
      std::unique_lock lock(of->mutex);
      of->reported.wait_for(lock, queue_wait);
      lock.unlock();
      code = produce(partition, m, of);
    }
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
      return unexpected(failed(partition, code));
  }
  std::unique_lock lock(of->mutex);
  const bool are_all = of->reported.wait_until(lock, until, [&] { return of->left == 0; });
  if (!are_all)
    return unexpected(failed(partition, RD_KAFKA_RESP_ERR__MSG_TIMED_OUT));
  if (of->failure != RD_KAFKA_RESP_ERR_NO_ERROR)
    return unexpected(failed(partition, of->failure));
  client_->answered();
  return static_cast<std::uint64_t>(of->last_offset);
}

bool producer::is_over() const {
  return rd_kafka_fatal_error(client_->get(), nullptr, 0) != RD_KAFKA_RESP_ERR_NO_ERROR;
}

error producer::failed(int partition, rd_kafka_resp_err_t code) const {
  auto e = kafka::translate(code, fmt::format("topic \"{}\" at {}, partition {}: appending", topic_,
                                              client_->brokers(), partition));
  if (const auto away = client_->outage(); away && e.retry)
    e.message += "; " + away->message;
  else if (code == RD_KAFKA_RESP_ERR__MSG_TIMED_OUT)
    e.message +=
        fmt::format(" after {} s; remedy: see that the partition has a leader and as many replicas in "
                    "step as the topic's min.insync.replicas",
                    std::chrono::duration_cast<std::chrono::seconds>(patience_).count());
  else if (code == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE)
    e.message += fmt::format(
        "; remedy: raise max.message.bytes of the topic to {} ({})", usual_batch,
        altering_command({topic_, client_->brokers()}, fmt::format("max.message.bytes={}", usual_batch)));
  return e;
}

}  // namespace millrace::kafka_chain
