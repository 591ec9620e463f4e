#include "tools/load/kafka/producer_settings.hpp"

#include <catch2/catch.hpp>
#include <librdkafka/rdkafka.h>

#include <array>
#include <memory>

using namespace millrace::load;

namespace {

using properties = std::map<std::string, std::string>;

/// Returns librdkafka's complaint about these settings; empty where it makes a producer of them.
std::string refusal(const properties& all) {
  std::array<char, 512> text{};
  rd_kafka_conf_t* const conf = rd_kafka_conf_new();
  rd_kafka_conf_set(conf, "log_level", "0", text.data(), text.size());
  for (const auto& [name, value] : all)
    if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), text.data(), text.size()) != RD_KAFKA_CONF_OK) {
      rd_kafka_conf_destroy(conf);
      return text.data();
    }
  rd_kafka_t* const made = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text.data(), text.size());
  if (made == nullptr) {
    rd_kafka_conf_destroy(conf);
    return text.data();
  }
  rd_kafka_destroy(made);
  return {};
}

}  // namespace

TEST_CASE("the producer of a load is idempotent unless the user says otherwise") {
  CHECK(producer_settings({}).at("enable.idempotence") == "true");
  CHECK(producer_settings({{"compression.type", "lz4"}, {"acks", "all"}}).at("enable.idempotence") == "true");
  CHECK(producer_settings({{"enable.idempotence", "false"}}).at("enable.idempotence") == "false");
  CHECK(producer_settings({{"enable.idempotence", "true"}, {"acks", "1"}}).at("enable.idempotence") ==
        "true");
  CHECK(producer_settings({{"linger.ms", "0"}}).at("linger.ms") == "0");
}

TEST_CASE("settings that no idempotent producer has are the user's word, and librdkafka takes them") {
  const auto [settings, is_idempotent] = GENERATE(table<properties, bool>({
      {properties(), true},
      {{{"acks", "1"}}, false},
      {{{"request.required.acks", "0"}}, false},
      {{{"acks", "-1"}}, true},
      {{{"max.in.flight.requests.per.connection", "6"}}, false},
      {{{"max.in.flight", "1000000"}}, false},
      {{{"max.in.flight", "5"}}, true},
      {{{"retries", "0"}}, false},
      {{{"message.send.max.retries", "3"}}, true},
      {{{"queuing.strategy", "lifo"}}, false},
  }));
  CAPTURE(settings);
  const auto all = producer_settings(settings);
  CHECK(all.contains("enable.idempotence") == is_idempotent);
  CHECK(refusal(all).empty());
  if (!is_idempotent) {
    auto odd = all;
    odd["enable.idempotence"] = "true";
    CHECK_FALSE(refusal(odd).empty());
  }
}

TEST_CASE("a consumer is asked with none of the producer's own settings") {
  for (const auto& [name, _] : producer_settings({}))
    CHECK(is_of_producer(name));
  CHECK_FALSE(is_of_producer("sasl.password"));
}
