// Chains of a cluster in Kafka: when it connects, and what it does with spilled output.
#include "tests/unit/node/stores.hpp"

using namespace node_test;

namespace {

const cluster::actor_id shard_in_kafka{"clicks", "w/0"};

}  // namespace

TEST_CASE("a store in Kafka connects with the first call, and again when that has failed") {
  const millrace::test::mock_cluster mock;
  const auto topic = millrace::test::fresh_name("node");
  mock.create(topic, kafka_chain::partitions);
  mock.take_away();
  kafka_chain_store store({.to = {mock.brokers(), {}},
                           .topic = topic,
                           .patience = std::chrono::seconds(1),
                           .settings_patience = std::chrono::milliseconds(100)});
  CHECK_THAT(store.shown(), Catch::Contains(topic) && Catch::Contains(mock.brokers()));
  for (const auto& away :
       {store.open(shard_in_kafka, {1, 0}).error(), store.open_chosen(shard_in_kafka, {1, 0}).error(),
        store.look(shard_in_kafka).error()}) {
    CHECK(away.code == ec::unavailable);
    CHECK(away.retry);
  }
  mock.bring_back();
  auto found = store.look(shard_in_kafka);
  for (int tries = 0; !found && tries < 30; ++tries)
    found = store.look(shard_in_kafka);  // a busy machine may take longer than this patience
  CHECK(must(std::move(found)).highest == life());
}

TEST_CASE("spilled output is refused by a store in Kafka, with the stores that keep it") {
  mock_topic under_test;
  const auto store = under_test.reach();
  const auto spilled = must(store->open_segments(shard_in_kafka, 3, {}));
  const auto written = spilled->write({3, 1}, "rows");
  REQUIRE_FALSE(written);
  CHECK(written.error().code == ec::unsupported);
  CHECK_THAT(written.error().message, Catch::Contains("--store dir:PATH") && Catch::Contains("remedy"));
  CHECK(spilled->read({3, 1}).error().code == ec::not_found);
  CHECK(spilled->remove({{3, 1}}));
  CHECK(store->open_segments(shard_in_kafka, 3, {{1, 1}}).error().code == ec::not_found);
}
