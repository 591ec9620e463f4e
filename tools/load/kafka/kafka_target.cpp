// Writes records into a Kafka topic in librdkafka's batches: one call for many, delivery reports counted.
#include "actors/connectors/kafka/client/client.hpp"
#include "tools/load/kafka/producer_settings.hpp"
#include "tools/load/target.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace millrace::load {
namespace {

/// One call takes this many records.
constexpr std::size_t batch = 1'024;

/// This many records may be under way; librdkafka's own queue has room for more, so it never refuses one.
constexpr std::size_t most_under_way = 300'000;
constexpr std::size_t most_bytes_under_way = std::size_t{192} << 20U;
const kafka::settings queue_limits{{"queue.buffering.max.messages", "400000"},
                                   {"queue.buffering.max.kbytes", "393216"}};

const kafka::setting_names names{"--kafka", "--property"};

class kafka_target final : public target {
public:
  explicit kafka_target(const options& o)
      : topic_(o.topic), partitions_(o.partitions),
        replication_(o.replication), to_{o.brokers, producer_settings(o.properties)} {}

  expected<bool> ready(std::chrono::milliseconds timeout) override {
    if (!producer_)
      RETURN_IF_ERROR(open(timeout));
    return true;
  }

  expected<std::size_t> send(std::span<const outgoing_record> records) override {
    if (under_way_ >= most_under_way || bytes_under_way_ >= most_bytes_under_way)
      return 0;
    const auto count = std::min({records.size(), batch, most_under_way - under_way_});
    std::array<rd_kafka_message_t, batch> messages{};
    for (std::size_t i = 0; i < count; ++i) {
      auto& m = messages[i];
      const auto& r = records[i];
      // librdkafka copies them; its interface has no const.
      m.payload = const_cast<char*>(r.bytes.data());
      m.len = r.bytes.size();
      if (r.key) {
        m.key = const_cast<char*>(r.key->data());
        m.key_len = r.key->size();
      }
      m._private = reinterpret_cast<void*>(static_cast<std::intptr_t>(r.due));
    }
    rd_kafka_produce_batch(produced_to_.get(), RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY, messages.data(),
                           static_cast<int>(count));
    for (std::size_t i = 0; i < count; ++i) {
      if (messages[i].err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        fail(messages[i].err);
        continue;
      }
      ++under_way_;
      bytes_under_way_ += messages[i].len + messages[i].key_len;
    }
    producer_->poll(std::chrono::milliseconds(0));
    return count;
  }

  expected<void> work(std::chrono::milliseconds wait) override {
    producer_->poll(wait);
    return {};
  }
  [[nodiscard]] std::uint64_t under_way() const override { return under_way_; }
  [[nodiscard]] const outcome& done() const override { return done_; }

private:
  expected<void> open(std::chrono::milliseconds timeout) {
    if (!asker_) {
      ASSIGN_OR_RETURN(auto asker,
                       kafka::client::open(RD_KAFKA_CONSUMER, {to_.brokers, asking_properties()},
                                           {.name = "millrace-load-look-up", .own = {}, .names = names}));
      asker_.emplace(std::move(asker));
    }
    if (partitions_ > 0) {
      RETURN_IF_ERROR(kafka::create_topic(*asker_, topic_, partitions_, replication_, timeout));
    }
    auto known = kafka::partition_count(*asker_, topic_, timeout);
    if (!known && known.error().code == ec::not_found)
      return user_error(
          ec::not_found,
          fmt::format(
              "topic \"{}\" does not exist on the brokers {}; add --create 1 (its number of partitions), or "
              "correct --topic",
              topic_, to_.brokers));
    if (!known)
      return unexpected(known.error());
    auto opened = kafka::client::open(RD_KAFKA_PRODUCER, to_,
                                      {.name = "millrace-load",
                                       .own = queue_limits,
                                       .delivered = [this](const rd_kafka_message_t& m) { delivered(m); },
                                       .names = names,
                                       .tells_outages = true});
    if (!opened)
      return unexpected(opened.error());
    producer_.emplace(std::move(*opened));
    produced_to_.reset(rd_kafka_topic_new(producer_->get(), topic_.c_str(), nullptr));
    if (!produced_to_)
      return unexpected(kafka::translate(rd_kafka_last_error(), fmt::format("topic \"{}\"", topic_)));
    return {};
  }

  /// Returns the properties without those of the producer that a consumer warns about.
  [[nodiscard]] std::map<std::string, std::string> asking_properties() const {
    auto out = to_.properties;
    std::erase_if(out, [](const auto& p) { return is_of_producer(p.first); });
    return out;
  }

  void delivered(const rd_kafka_message_t& m) {
    --under_way_;
    bytes_under_way_ -= m.len + m.key_len;
    if (m.err != RD_KAFKA_RESP_ERR_NO_ERROR)
      return fail(m.err);
    ++done_.delivered;
    done_.bytes += m.len;
    done_.latency.add(system_clock().now() -
                      static_cast<event_micros>(reinterpret_cast<std::intptr_t>(m._private)));
  }

  void fail(rd_kafka_resp_err_t code) {
    ++done_.failed;
    if (!done_.first_failure.empty())
      return;
    // A producer that cannot go on says why once, and fails each message by the same code.
    std::array<char, 512> why{};
    if (const auto fatal = rd_kafka_fatal_error(producer_->get(), why.data(), why.size());
        fatal != RD_KAFKA_RESP_ERR_NO_ERROR)
      code = fatal;
    done_.first_failure = kafka::translate(code, fmt::format("topic \"{}\": producing", topic_),
                                           producer_->redacted(why.data()))
                              .message;
  }

  std::string topic_;
  int partitions_;
  int replication_;
  kafka::connection to_;
  std::optional<kafka::client> asker_;
  std::size_t under_way_ = 0;
  std::size_t bytes_under_way_ = 0;
  outcome done_;
  std::optional<kafka::client> producer_;
  kafka::owned<rd_kafka_topic_t> produced_to_;
};

}  // namespace

expected<std::unique_ptr<target>> make_kafka_target(const options& o) {
  std::set<std::string> allowed{"sasl.mechanism"};  // all: they stand in this process's own command line
  for (const auto& [name, _] : o.properties)
    allowed.insert(name);
  const auto wrong =
      kafka::check_properties(o.properties,
                              {{"queue.buffering.max.messages", "leave it out: millrace load sets it"},
                               {"queue.buffering.max.kbytes", "leave it out: millrace load sets it"}},
                              allowed);
  if (!wrong.empty())
    return user_error(ec::invalid_argument,
                      fmt::format("--property {}: {}", wrong.front().name, wrong.front().message));
  return std::make_unique<kafka_target>(o);
}

}  // namespace millrace::load
