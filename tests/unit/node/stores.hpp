// The stores that the tests of this folder take: a folder in memory, and a database where POSTGRES_URL names a
// server (tools/services start postgres).
#pragma once

#include "actors/client/postgresql_chain/libpq_session.hpp"
#include "actors/node/dir_chain_store.hpp"
#include "actors/node/postgresql_chain_store.hpp"
#include "tests/unit/snapshot/faulty_file_system.hpp"

#include <catch2/catch.hpp>

#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <unistd.h>
#include <vector>

namespace node_test {

using namespace millrace;
using namespace millrace::node;

/// Passes on the value, or fails the test with the error.
template<class T>
T must(expected<T> e) {
  if (!e)
    FAIL(to_string(e.error().code) << ": " << e.error().message);
  if constexpr (!std::is_void_v<T>)
    return std::move(*e);
}

/// One store, by as many ways as there are nodes.
class store_under_test {
public:
  virtual ~store_under_test() = default;
  virtual std::shared_ptr<chain_store> reach() = 0;
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
  static std::shared_ptr<postgresql_chain::session> connect() {
    return must(postgresql_chain::libpq_session::make({.connection = std::getenv("POSTGRES_URL")}));
  }
  std::string schema_;
};

/// Runs the test over each store that there is.
inline void over_each_store(const std::function<void(store_under_test&)>& test) {
  {
    INFO("dir:");
    folder_in_memory store;
    test(store);
  }
  if (std::getenv("POSTGRES_URL") == nullptr) {
    WARN("SKIPPED: POSTGRES_URL is not set; tools/services start postgres prints it");
    return;
  }
  INFO("postgresql:");
  database_schema store;
  test(store);
}

}  // namespace node_test
