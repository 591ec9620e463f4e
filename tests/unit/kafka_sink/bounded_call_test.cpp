// Calls of librdkafka that do not come back: given up, and the sink goes on with another producer.
#include "actors/connectors/kafka/sink/bounded_call.hpp"
#include "actors/connectors/kafka/sink/transaction.hpp"
#include "tests/unit/kafka_client/cluster.hpp"

#include <catch2/catch.hpp>

#include <future>
#include <set>
#include <thread>

using namespace millrace;
using namespace millrace::sink;
using namespace std::chrono_literals;

namespace {

/// Has two brokers: the first leads the topic and coordinates transactions, the second the sink's group.
class divided_cluster {
public:
  divided_cluster(const std::string& topic, const std::string& id)
      : owner_(test::open_client(RD_KAFKA_PRODUCER, "127.0.0.1:1")),
        cluster_(rd_kafka_mock_cluster_new(owner_.get(), 2)) {
    REQUIRE(rd_kafka_mock_topic_create(cluster_, topic.c_str(), 1, 1) == RD_KAFKA_RESP_ERR_NO_ERROR);
    rd_kafka_mock_partition_set_leader(cluster_, topic.c_str(), 0, 1);
    rd_kafka_mock_coordinator_set(cluster_, "transaction", id.c_str(), 1);
    rd_kafka_mock_coordinator_set(cluster_, "group", id.c_str(), 2);
  }
  divided_cluster(const divided_cluster&) = delete;
  divided_cluster& operator=(const divided_cluster&) = delete;
  ~divided_cluster() { rd_kafka_mock_cluster_destroy(cluster_); }
  [[nodiscard]] std::string brokers() const { return rd_kafka_mock_cluster_bootstraps(cluster_); }
  void take_group_away() const { rd_kafka_mock_broker_set_down(cluster_, 2); }
  void bring_group_back() const { rd_kafka_mock_broker_set_up(cluster_, 2); }

private:
  kafka::client owner_;
  rd_kafka_mock_cluster_t* cluster_;
};

}  // namespace

TEST_CASE("What a bounded call returns is returned") {
  bounded_caller calls;
  const auto well = calls.call(20s, [] { return kafka::owned<rd_kafka_error_t>(); });
  REQUIRE(well);
  CHECK_FALSE(*well);
  const auto failed = calls.call(20s, [] {
    return kafka::owned<rd_kafka_error_t>(rd_kafka_error_new(RD_KAFKA_RESP_ERR__STATE, "so it is"));
  });
  REQUIRE(failed);
  CHECK(rd_kafka_error_code(failed->get()) == RD_KAFKA_RESP_ERR__STATE);
}

TEST_CASE("Calls that come back have one thread for all of them, another than the caller's") {
  bounded_caller calls;
  std::set<std::thread::id> threads;
  for (int i = 0; i < 20; ++i)
    REQUIRE(calls.call(20s, [&] {
      threads.insert(std::this_thread::get_id());
      return kafka::owned<rd_kafka_error_t>();
    }));
  CHECK(threads.size() == 1);
  CHECK_FALSE(threads.contains(std::this_thread::get_id()));
}

TEST_CASE("A call that does not come back is given up, and keeps what it uses until it does") {
  std::promise<void> come_back;
  std::promise<void> freed;
  const auto is_freed = freed.get_future();
  struct used_by_it {
    explicit used_by_it(std::promise<void>& told) : freed(told) {}
    std::promise<void>& freed;
    ~used_by_it() { freed.set_value(); }
  };
  bounded_caller calls;
  const auto answer =
      calls.call(10ms, [used = std::make_shared<used_by_it>(freed), back = come_back.get_future().share()] {
        back.wait();
        return kafka::owned<rd_kafka_error_t>();
      });
  CHECK_FALSE(answer);
  CHECK(calls.call(20s, [] { return kafka::owned<rd_kafka_error_t>(); }));  // another thread takes it
  CHECK(is_freed.wait_for(0s) == std::future_status::timeout);
  come_back.set_value();
  CHECK(is_freed.wait_for(20s) == std::future_status::ready);
}

TEST_CASE("A position that no group coordinator takes is given up in time, and the next producer stores it") {
  const std::string topic = "rows";
  const std::string id = "sink";
  const divided_cluster cluster(topic, id);
  const kafka::connection to{cluster.brokers(), {}};
  auto first = transaction::open(to, "first", id, {});
  REQUIRE(first);
  REQUIRE(first->begin());
  REQUIRE(first->produce(topic, 0, std::nullopt, "a row"));
  REQUIRE(first->flush());
  cluster.take_group_away();
  const auto begun = std::chrono::steady_clock::now();
  const auto stored = first->send_position(id, topic, 1, "here");
  CHECK(std::chrono::steady_clock::now() - begun < 60s);
  REQUIRE_FALSE(stored);
  CHECK(stored.error().code == ec::unavailable);
  CHECK(stored.error().retry);
  CHECK_THAT(stored.error().message, Catch::Contains("storing the position"));

  cluster.bring_group_back();
  auto second = transaction::open(to, "second", id, {});
  REQUIRE(second);
  REQUIRE(second->begin());
  REQUIRE(second->produce(topic, 0, std::nullopt, "a row"));
  REQUIRE(second->send_position(id, topic, 2, "there"));
  CHECK(second->commit());
}
