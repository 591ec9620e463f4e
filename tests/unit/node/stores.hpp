// The stores that the tests of this folder take: a folder in memory, a topic of librdkafka's mock, and a database
// and a topic of real servers where POSTGRES_URL and KAFKA_BROKERS name them (tools/services start postgres kafka).
#pragma once

#include "actors/node/stores/dir_chain_store.hpp"
#include "actors/node/stores/kafka_chain_store.hpp"
#include "actors/node/stores/postgresql/libpq_connection.hpp"
#include "actors/node/stores/postgresql_chain_store.hpp"
#include "tests/support/must.hpp"
#include "tests/unit/kafka_client/cluster.hpp"
#include "tests/unit/snapshot/faulty_file_system.hpp"

#include <catch2/catch.hpp>

#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <unistd.h>

namespace node_test {

using namespace millrace;
using namespace millrace::node;

using millrace::test::must;

/// One store, by as many ways as there are nodes.
class store_under_test {
public:
  virtual ~store_under_test() = default;
  virtual std::shared_ptr<chain_store> reach() = 0;
  [[nodiscard]] virtual bool keeps_spilled_output() const { return true; }
};

class folder_in_memory final : public store_under_test {
public:
  std::shared_ptr<chain_store> reach() override {
    return std::make_shared<dir_chain_store>(files, "/mnt/store");
  }
  snapshot::test::faulty_file_system files;
};

class database_schema final : public store_under_test {
public:
  database_schema() {
    static int made = 0;
    schema_ = "millrace_node_" + std::to_string(getpid()) + "_" + std::to_string(++made);
  }
  ~database_schema() override {
    (void)connect()->run("drop schema if exists \"" + schema_ + "\" cascade", {});
  }
  std::shared_ptr<chain_store> reach() override {
    return std::make_shared<postgresql_chain_store>(connect(), schema_);
  }

private:
  static std::shared_ptr<postgresql_chain::connection> connect() {
    return must(postgresql_chain::libpq_connection::make({.connection = std::getenv("POSTGRES_URL")}));
  }
  std::string schema_;
};

/// Real brokers make the topic.
class kafka_topic_of_its_own : public store_under_test {
public:
  explicit kafka_topic_of_its_own(std::string brokers) : brokers_(std::move(brokers)) {}
  ~kafka_topic_of_its_own() override {
    if (is_real_)
      millrace::test::delete_topic(brokers_, topic_);
  }
  std::shared_ptr<chain_store> reach() override {
    using std::chrono::milliseconds;
    using std::chrono::seconds;
    return std::make_shared<kafka_chain_store>(kafka_chain::kafka_topic_options{
        .to = {brokers_, {}},
        .topic = topic_,
        .name = "node-test",
        .patience = seconds(60),
        .settings_patience = is_real_ ? milliseconds(seconds(60)) : milliseconds(100)});
  }
  [[nodiscard]] bool keeps_spilled_output() const override { return false; }

protected:
  std::string brokers_;
  std::string topic_ = millrace::test::fresh_name("node");
  bool is_real_ = true;
};

class mock_topic final : private millrace::test::mock_cluster, public kafka_topic_of_its_own {
public:
  mock_topic() : kafka_topic_of_its_own(brokers()) {
    is_real_ = false;
    create(topic_, kafka_chain::partitions);
  }
};

/// The server that the environment names; none, and that is said, where it names none.
inline const char* server_in(const char* variable, const char* service) {
  const char* const at = std::getenv(variable);
  if (at == nullptr)
    WARN("SKIPPED: " << variable << " is not set; tools/services start " << service << " prints it");
  return at;
}

/// Runs the test over each store that there is.
inline void over_each_store(const std::function<void(store_under_test&)>& test) {
  {
    INFO("dir:");
    folder_in_memory store;
    test(store);
  }
  {
    INFO("kafka: of a mock");
    mock_topic store;
    test(store);
  }
  if (server_in("POSTGRES_URL", "postgres") != nullptr) {
    INFO("postgresql:");
    database_schema store;
    test(store);
  }
  if (const auto* const brokers = server_in("KAFKA_BROKERS", "kafka")) {
    INFO("kafka:");
    kafka_topic_of_its_own store(brokers);
    test(store);
  }
}

/// Runs the test over each store that keeps spilled output.
inline void over_each_that_spills(const std::function<void(store_under_test&)>& test) {
  over_each_store([&](store_under_test& store) {
    if (store.keeps_spilled_output())
      test(store);
  });
}

}  // namespace node_test
