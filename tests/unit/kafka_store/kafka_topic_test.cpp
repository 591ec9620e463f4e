// Chains in the topic of a cluster: the real one that KAFKA_BROKERS names, and librdkafka's mock, whose broker
// can be taken away.
#include "actors/node/stores/kafka/kafka_topic.hpp"
#include "tests/support/skip_count.hpp"
#include "tests/unit/kafka_client/cluster.hpp"
#include "tests/unit/kafka_store/opened.hpp"

#include <future>

using namespace kafka_chain_test;
using millrace::test::fresh_name;
using millrace::test::mock_cluster;

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

std::optional<std::string> real_cluster() {
  static millrace::test::skip_count skipped("a broker");
  auto brokers = millrace::test::real_brokers();
  if (!brokers)
    ++skipped.cases;
  return brokers;
}

/// A topic of the test's own in a cluster, and processes that use it.
class in_cluster {
public:
  explicit in_cluster(std::string at) : brokers(std::move(at)) {}
  ~in_cluster() {
    if (is_real)
      millrace::test::delete_topic(brokers, topic);
  }
  in_cluster(const in_cluster&) = delete;
  in_cluster& operator=(const in_cluster&) = delete;

  [[nodiscard]] expected<std::shared_ptr<kafka_topic>> try_process(milliseconds patience = seconds(60),
                                                                   int replication = 0) const {
    return kafka_topic::open({.to = {brokers, {}},
                              .topic = topic,
                              .name = "chains-test",
                              .replication = replication,
                              .patience = patience,
                              .settings_patience = is_real ? patience : milliseconds(100)});
  }
  [[nodiscard]] std::shared_ptr<kafka_topic> process(milliseconds patience = seconds(60)) const {
    return must(try_process(patience));
  }
  [[nodiscard]] opened_chain open(std::shared_ptr<kafka_chain::topic> by, incarnation term,
                                  std::string actor = "w/0") const {
    return must(topic_chain::open(std::move(by), {"clicks", std::move(actor)}, term));
  }
  void create(int partitions_of, const kafka::settings& config) const {
    const auto c = millrace::test::open_client(RD_KAFKA_CONSUMER, brokers, {{"group.id", "none"}});
    must(kafka::create_topic(c, topic, partitions_of, 1, seconds(60), config));
  }

  std::string brokers;
  std::string topic = fresh_name("chains");
  bool is_real = true;
};

class in_mock : public in_cluster {
public:
  explicit in_mock(const mock_cluster& m) : in_cluster(m.brokers()) {
    is_real = false;
    m.create(topic, partitions);
  }
};

/// A busy machine may take longer than a short patience allows for.
template<class Call>
auto must_soon(Call call) {
  auto done = call();
  for (int tries = 0; !done && tries < 30; ++tries)
    done = call();
  return must(std::move(done));
}

std::string bytes_of(std::size_t n, std::size_t seed) {
  std::string out;
  for (std::size_t i = 0; i < n; ++i)
    out += static_cast<char>((i * 131 + seed) % 251);
  return out;
}

/// Two processes, a large record, trimming, a life that is over.
void lives_of(const in_cluster& at) {
  const auto first = at.process(), second = at.process();
  const auto large = bytes_of(2 * largest_piece + 7, 3);
  const auto old = at.open(first, 1);
  CHECK(chain::records_of(must(old->read())).empty());
  must(old->append("a", false));
  CHECK(must(old->append_base(large)));
  must(old->append("b", false));
  CHECK(must(old->append_base(large + "b")));
  must(old->append("c", false));
  const auto again = must(old->read());
  CHECK(again.base == large + "b");
  CHECK(again.increments == texts{"c"});
  const auto next = at.open(second, 2);
  const auto found = must(next->read());
  CHECK(found.base == large + "b");
  CHECK(found.increments == texts{"c"});
  is_fenced(old->append("zombie", false).error());
  is_fenced(old->append_base("zombie").error());
  must(next->append("d", false));
  const auto last = must(at.open(at.process(), 3)->read());
  CHECK(last.base == large + "b");
  CHECK(last.increments == texts{"c", "d"});
}

}  // namespace

TEST_CASE("a cluster keeps what lives have appended, and shows an older one that it is over") {
  SECTION("a mock") {
    const mock_cluster mock;
    lives_of(in_mock(mock));
  }
  SECTION("a real one, which makes the topic") {
    if (const auto brokers = real_cluster()) {
      const in_cluster at(*brokers);
      lives_of(at);
      const auto c = millrace::test::open_client(RD_KAFKA_CONSUMER, *brokers, {{"group.id", "none"}});
      const auto settings = kafka::topic_settings(c, at.topic, seconds(60));
      REQUIRE(settings);
      CHECK(settings->at("cleanup.policy") == "compact");
      CHECK(settings->at("retention.ms") == "-1");
      CHECK(must(kafka::partition_count(c, at.topic, seconds(60))) == partitions);
    }
  }
}

TEST_CASE("chains of one process share a producer and a consumer, from any thread") {
  const mock_cluster mock;
  const in_mock at(mock);
  const auto by = at.process();
  std::vector<std::future<texts>> all;
  for (int i = 0; i < 8; ++i)
    all.push_back(std::async(std::launch::async, [by, i] {
      auto c = topic_chain::open(by, {"clicks", "w/" + std::to_string(i)}, 1);
      if (!c)
        return texts{c.error().message};
      for (int n = 0; n < 20; ++n)
        if (auto done = (*c)->append(std::to_string(i * 100 + n), false); !done)
          return texts{done.error().message};
      auto found = (*c)->read();
      return found ? found->increments : texts{found.error().message};
    }));
  for (int i = 0; i < 8; ++i) {
    texts wanted;
    for (int n = 0; n < 20; ++n)
      wanted.push_back(std::to_string(i * 100 + n));
    CHECK(all[static_cast<std::size_t>(i)].get() == wanted);
  }
}

TEST_CASE("a broker that is away is tried for a bounded time and told; then the chain goes on") {
  const mock_cluster mock;
  const in_mock at(mock);
  const auto by = at.process(seconds(5));
  const auto c = must_soon([&] { return topic_chain::open(by, {"clicks", "w/0"}, 1); });
  must_soon([&] { return c->append("a", false); });
  mock.take_away();
  const auto done = c->append("cut", false);
  REQUIRE_FALSE(done);
  CHECK(done.error().code == ec::unavailable);
  CHECK(done.error().retry);
  CHECK_THAT(done.error().message, Catch::Contains(at.topic) && Catch::Contains(at.brokers));
  CHECK_FALSE(c->read());
  mock.bring_back();
  const auto before = c->life().count;
  must_soon([&] { return c->append("b", false); });
  CHECK(c->life().count > before);
  CHECK(must_soon([&] { return c->read(); }).increments == texts{"a", "b"});
}

TEST_CASE("brokers that never answer are given up, and the message names them") {
  const auto nobody = kafka_topic::open({.to = {"127.0.0.1:1", {}}, .patience = seconds(1)});
  REQUIRE_FALSE(nobody);
  CHECK(nobody.error().code == ec::unavailable);
  CHECK_THAT(nobody.error().message, Catch::Contains("127.0.0.1:1") && Catch::Contains("start them"));
}

TEST_CASE("a topic of another kind is refused, with the command that mends it") {
  const auto brokers = real_cluster();
  if (!brokers)
    return;
  const in_cluster at(*brokers);
  const kafka::settings fit{{"cleanup.policy", "compact"}, {"retention.ms", "-1"}, {"retention.bytes", "-1"}};
  SECTION("it deletes") {
    at.create(partitions, {{"cleanup.policy", "compact,delete"}});
    const auto refused = at.try_process();
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ec::mismatch);
    CHECK_THAT(refused.error().message, Catch::Contains("kafka-configs.sh --bootstrap-server " + *brokers));
  }
  SECTION("it has a retention") {
    at.create(partitions, {{"cleanup.policy", "compact"}});
    CHECK_THAT(at.try_process().error().message, Catch::Contains("its retention.ms is 604800000"));
  }
  SECTION("it has too few partitions") {
    at.create(3, fit);
    CHECK_THAT(at.try_process().error().message, Catch::Contains("3 partition(s)"));
  }
  SECTION("its messages are too small") {
    auto small = fit;
    small.emplace_back("max.message.bytes", "100000");
    at.create(partitions, small);
    CHECK_THAT(at.try_process().error().message, Catch::Contains("max.message.bytes is 100000"));
  }
  SECTION("it is not there, and more replicas are wanted than there are brokers") {
    const auto refused = at.try_process(seconds(60), 99);
    REQUIRE_FALSE(refused);
    CHECK_THAT(refused.error().message, Catch::Contains("99 replicas"));
  }
}

TEST_CASE("a record that the broker finds too large is told with the setting") {
  const auto brokers = real_cluster();
  if (!brokers)
    return;
  const in_cluster at(*brokers);
  at.create(partitions, {{"max.message.bytes", "1000"}});
  const auto p = must(producer::open({*brokers, {}}, "chains-test", at.topic, seconds(60)));
  const auto refused = p->send(0, {{"key", std::string(5'000, 'x')}});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ec::refused);
  CHECK_THAT(refused.error().message, Catch::Contains("raise max.message.bytes"));
  CHECK(must(p->send(0, {{"key", "small"}, {"key", std::nullopt}})) == 1);
  CHECK_FALSE(p->is_over());
}

TEST_CASE("speed of appends and looks, p50 and p99", "[.speed]") {
  const auto brokers = real_cluster();
  if (!brokers)
    return;
  const in_cluster at(*brokers);
  const auto by = at.process();
  test::tell_speed(*at.open(by, 1), [](std::size_t n) { return bytes_of(n, 1); });
  const auto begun = std::chrono::steady_clock::now();
  (void)at.open(by, 2);
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begun;
  WARN("an opening over 151 MB: " << took.count() << " ms");
}
