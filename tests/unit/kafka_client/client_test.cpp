#include "tests/unit/kafka_client/cluster.hpp"

#include <future>

using namespace millrace;
using namespace millrace::test;

/// A broker on a busy machine takes its time.
static constexpr std::chrono::seconds patience{120};

TEST_CASE("an unknown property is an error that names it") {
  const auto c = kafka::client::open(RD_KAFKA_CONSUMER, {"127.0.0.1:1", {{"no.such.thing", "1"}}}, {"t", {}});
  REQUIRE_FALSE(c);
  CHECK(c.error().code == ec::invalid_argument);
  CHECK(c.error().whose == fault::user);
  CHECK_THAT(c.error().message, Catch::Contains("no.such.thing"));
}

TEST_CASE("the connector's settings win over the user's properties") {
  const auto c = kafka::client::open(RD_KAFKA_CONSUMER, {"127.0.0.1:1", {{"enable.auto.commit", "true"}}},
                                     {"t", {{"enable.auto.commit", "false"}}});
  REQUIRE(c);
  char value[64];
  std::size_t size = sizeof(value);
  REQUIRE(rd_kafka_conf_get(rd_kafka_conf(c->get()), "enable.auto.commit", value, &size) == RD_KAFKA_CONF_OK);
  CHECK(std::string(value) == "false");
}

TEST_CASE("secret values are taken out of texts, other values stay") {
  const auto c = kafka::client::open(
      RD_KAFKA_CONSUMER, {"127.0.0.1:1", {{"sasl.password", "hunter2"}, {"sasl.username", "hunter"}}},
      {"t", {}});
  REQUIRE(c);
  CHECK(c->redacted("hunter hunter2 hunter2") == "hunter *** ***");
}

TEST_CASE("codes of librdkafka become ours with fault and retry") {
  using kafka::translate;
  const auto lost = translate(RD_KAFKA_RESP_ERR__TRANSPORT, "topic \"t\": reading");
  CHECK(lost.code == ec::unavailable);
  CHECK(lost.retry);
  CHECK(lost.whose == fault::outside);
  CHECK_THAT(lost.message, Catch::StartsWith("topic \"t\": reading: "));
  CHECK(translate(RD_KAFKA_RESP_ERR__FENCED, "x").code == ec::fenced);
  CHECK_FALSE(translate(RD_KAFKA_RESP_ERR__FENCED, "x").retry);
  CHECK(translate(RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, "x").whose == fault::user);
  CHECK(translate(RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, "x").code == ec::refused);
  CHECK(translate(RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET, "x").code == ec::log_trimmed);
}

TEST_CASE("a topic's partitions are counted") {
  const mock_cluster cluster;
  cluster.create("known", 3);
  const auto c = open_client(RD_KAFKA_CONSUMER, cluster.brokers());
  CHECK(kafka::partition_count(c, "known", 5s) == 3);
}

TEST_CASE("a broker that has not heard of a topic that is there is asked again") {
  const mock_cluster cluster;
  const auto c = open_client(RD_KAFKA_CONSUMER, cluster.brokers());
  cluster.deny("late");
  CHECK(kafka::partition_count(c, "late", patience).error().code == ec::not_found);
  auto later =
      std::async(std::launch::async, [&] { return kafka::known_partition_count(c, "late", patience); });
  CHECK(later.wait_for(200ms) == std::future_status::timeout);
  cluster.admit("late");
  CHECK(later.get().has_value());
}

TEST_CASE("without a broker a look-up ends with unavailable when its time is over") {
  const auto c = open_client(RD_KAFKA_CONSUMER, "127.0.0.1:1");
  const auto begin = std::chrono::steady_clock::now();
  const auto count = kafka::partition_count(c, "any", 300ms);
  REQUIRE_FALSE(count);
  CHECK(count.error().code == ec::unavailable);
  CHECK(count.error().retry);
  CHECK(std::chrono::steady_clock::now() - begin >= 290ms);
  CHECK(std::chrono::steady_clock::now() - begin < 5s);
}

TEST_CASE("a topic's settings are those that it was made with [server]", "[server]") {
  const auto brokers = real_brokers();
  if (!brokers)
    return;
  const auto c = open_client(RD_KAFKA_PRODUCER, *brokers);
  const auto topic = fresh_name("compacted");
  REQUIRE(kafka::create_topic(c, topic, 1, 1, patience, {{"cleanup.policy", "compact"}}));
  const auto found = kafka::topic_settings(c, topic, patience);
  REQUIRE(found);
  CHECK(found->at("cleanup.policy") == "compact");
  CHECK(found->contains("max.message.bytes"));
}

TEST_CASE("without an answer a topic has no settings") {
  const auto c = open_client(RD_KAFKA_CONSUMER, "127.0.0.1:1");
  CHECK_FALSE(kafka::topic_settings(c, "any", 100ms));
}

TEST_CASE("each outage is told once") {
  const mock_cluster cluster;
  const auto c = open_client(RD_KAFKA_CONSUMER, cluster.brokers());
  cluster.create("t", 1);
  for (int round = 0; round < 2; ++round) {
    REQUIRE(kafka::partition_count(c, "t", 10s) == 1);
    CHECK_FALSE(c.in_outage());
    cluster.take_away();
    std::optional<error> outage;
    for (const auto end = std::chrono::steady_clock::now() + patience;
         !outage && std::chrono::steady_clock::now() < end;) {
      c.poll(50ms);
      outage = c.take_outage();
    }
    REQUIRE(outage);
    CHECK(outage->code == ec::unavailable);
    CHECK(outage->retry);
    CHECK_THAT(outage->message, Catch::Contains(cluster.brokers()));
    CHECK(c.in_outage());
    for (int i = 0; i < 5; ++i) {
      c.poll(100ms);
      CHECK_FALSE(c.take_outage());
    }
    cluster.bring_back();
  }
}

TEST_CASE("a topic is created once, with its partitions [server]", "[server]") {
  const auto brokers = real_brokers();
  if (!brokers)
    return;
  const auto c = open_client(RD_KAFKA_CONSUMER, *brokers);
  const auto topic = fresh_name("made");
  const auto before = kafka::partition_count(c, topic, patience);
  REQUIRE_FALSE(before);
  CHECK(before.error().code == ec::not_found);
  CHECK(before.error().whose == fault::user);
  CHECK_THAT(before.error().message, Catch::Contains(topic) && Catch::Contains("create the topic"));
  CHECK(kafka::create_topic(c, topic, 3, 1, patience) == true);
  CHECK(kafka::partition_count(c, topic, patience) == 3);
  CHECK(kafka::create_topic(c, topic, 5, 1, patience) == false);
  CHECK(kafka::partition_count(c, topic, patience) == 3);
}

TEST_CASE("a topic that the brokers cannot make is the user's error [server]", "[server]") {
  const auto brokers = real_brokers();
  if (!brokers)
    return;
  const auto c = open_client(RD_KAFKA_PRODUCER, *brokers);
  const auto replicas = kafka::create_topic(c, fresh_name("made"), 1, 99, patience);
  REQUIRE_FALSE(replicas);
  CHECK(replicas.error().whose == fault::user);
  CHECK(replicas.error().code == ec::invalid_argument);
  const auto name = kafka::create_topic(c, "b a d", 1, 1, patience);
  REQUIRE_FALSE(name);
  CHECK(name.error().whose == fault::user);
}

TEST_CASE("creating a topic without a broker ends with unavailable") {
  const auto c = open_client(RD_KAFKA_PRODUCER, "127.0.0.1:1");
  const auto made = kafka::create_topic(c, "any", 1, 1, 300ms);
  REQUIRE_FALSE(made);
  CHECK(made.error().code == ec::unavailable);
}
