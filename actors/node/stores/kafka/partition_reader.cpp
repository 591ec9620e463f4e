#include "actors/node/stores/kafka/partition_reader.hpp"

#include "actors/node/stores/kafka/follower.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace millrace::kafka_chain {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds one_wait{100};

}  // namespace

std::string_view key_of(const rd_kafka_message_t& m) {
  return {static_cast<const char*>(m.key), m.key == nullptr ? 0 : m.key_len};
}

std::optional<std::string_view> value_of(const rd_kafka_message_t& m) {
  if (m.payload == nullptr)
    return std::nullopt;
  return std::string_view(static_cast<const char*>(m.payload), m.len);
}

error failure_of(const rd_kafka_message_t& m, std::string_view shown) {
  auto e = kafka::translate(m.err, fmt::format("{}, partition {}: reading", shown, m.partition),
                            rd_kafka_message_errstr(&m));
  if (e.code == ec::log_trimmed)
    e.message +=
        "; records were deleted from it (a finite retention, kafka-delete-records.sh, or it was made "
        "anew); remedy: restore it from a backup, or take another topic";
  return e;
}

bool is_at_end(const kafka::client& c, const std::string& topic, const rd_kafka_message_t& m) {
  std::int64_t low = 0, high = 0;
  return rd_kafka_get_watermark_offsets(c.get(), topic.c_str(), m.partition, &low, &high) ==
             RD_KAFKA_RESP_ERR_NO_ERROR &&
         high >= 0 && m.offset + 1 >= high;
}

partition_reader::partition_reader(kafka::client by, std::string topic, int partition, milliseconds patience)
    : client_(std::move(by)), topic_(std::move(topic)),
      shown_(fmt::format("topic \"{}\" at {}", topic_, client_.brokers())), partition_(partition),
      patience_(patience), handle_(rd_kafka_topic_new(client_.get(), topic_.c_str(), nullptr)) {}

expected<std::uint64_t> partition_reader::read(std::string_view prefix, std::uint64_t from,
                                               std::uint64_t least, const taker& take) {
  return read_all(from, least, [&](std::uint64_t offset, std::string_view key, auto value) {
    if (const auto seen = see(offset, key, value); seen && seen->prefix == prefix)
      take(seen->what, seen->payload);
  });
}

expected<std::uint64_t> partition_reader::read_all(std::uint64_t from, std::uint64_t least,
                                                   const message_taker& take) {
  RETURN_IF_ERROR(kafka::known_partition_count(client_, topic_, patience_));
  if (rd_kafka_consume_start(handle_.get(), partition_, static_cast<std::int64_t>(from)) != 0)
    return unexpected(
        kafka::translate(rd_kafka_last_error(), fmt::format("{}, partition {}", shown_, partition_)));
  auto end = read_started(from, least, take);
  (void)rd_kafka_consume_stop(handle_.get(), partition_);
  return end;
}

unexpected partition_reader::silent() const {
  if (const auto away = client_.outage())
    return unexpected(error{away->code, away->whose, away->retry, shown_ + ": " + away->message, {}});
  return outside_error(
      ec::unavailable,
      fmt::format("{}, partition {}: nothing came for {} s; remedy: see that it has a leader", shown_,
                  partition_, std::chrono::duration_cast<std::chrono::seconds>(patience_).count()));
}

expected<std::uint64_t> partition_reader::read_started(std::uint64_t from, std::uint64_t least,
                                                       const message_taker& take) {
  auto position = from;
  for (auto heard = steady_clock::now();;) {
    client_.poll(milliseconds(0));
    const kafka::owned<rd_kafka_message_t> m(
        rd_kafka_consume(handle_.get(), partition_, static_cast<int>(one_wait.count())));
    if (!m) {
      if (steady_clock::now() - heard > patience_)
        return silent();
      continue;
    }
    if (m->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
      position = std::max(position, static_cast<std::uint64_t>(m->offset));
      if (position >= least)
        return position;
      continue;
    }
    if (m->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
      auto e = failure_of(*m, shown_);
      if (!e.retry)
        return unexpected(std::move(e));
      continue;
    }
    heard = steady_clock::now();
    const auto offset = static_cast<std::uint64_t>(m->offset);
    if (offset < position)
      continue;
    position = offset + 1;
    if (is_of_another_version(key_of(*m)))
      return other_version(shown_);
    take(offset, key_of(*m), value_of(*m));
    if (is_at_end(client_, topic_, *m) && position >= least)
      return position;
  }
}

}  // namespace millrace::kafka_chain
