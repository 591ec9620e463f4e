// Makes a schema of its own on the server that POSTGRES_URL names (tools/services start postgres). Its cases
// say SKIPPED if there is none, and are counted at the end.
#pragma once

#include "actors/node/stores/postgresql/libpq_connection.hpp"
#include "actors/node/stores/postgresql/postgresql_chain.hpp"
#include "tests/support/chain_checks.hpp"
#include "tests/support/skip_count.hpp"

#include <catch2/catch.hpp>

#include <cstdlib>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unistd.h>
#include <vector>

namespace postgresql_chain_test {

using namespace millrace;
using namespace millrace::postgresql_chain;
using opened_chain = std::unique_ptr<postgresql_chain::database_chain>;

using millrace::test::is_fenced;
using millrace::test::must;

inline bool is_skipped() {
  static millrace::test::skip_count skipped("a server");
  if (std::getenv("POSTGRES_URL") != nullptr)
    return false;
  ++skipped.cases;
  WARN("SKIPPED: POSTGRES_URL is not set; tools/services start postgres prints it");
  return true;
}

class place {
public:
  place() {
    static int made = 0;
    schema = "millrace_it_" + std::to_string(getpid()) + "_" + std::to_string(++made);
  }
  ~place() { (void)side->run("drop schema if exists \"" + schema + "\" cascade", {}); }
  place(const place&) = delete;
  place& operator=(const place&) = delete;

  [[nodiscard]] std::shared_ptr<connection> connect(libpq_options options = {}) const {
    if (options.connection.empty())
      options.connection = url;
    return must(libpq_connection::make(std::move(options)));
  }
  /// Opens by a connection of the place's own, unless another is given.
  [[nodiscard]] expected<opened_chain> try_open(incarnation term,
                                                std::shared_ptr<connection> by = nullptr) const {
    return postgresql_chain::database_chain::open(by ? std::move(by) : side, schema, {"clicks", "w/0"}, term);
  }
  [[nodiscard]] opened_chain open(incarnation term, std::shared_ptr<connection> by = nullptr) const {
    return must(try_open(term, std::move(by)));
  }
  /// `sql` names the schema's tables as S.actors and S.records.
  answer execute(std::string sql) const {
    for (auto at = sql.find("S."); at != std::string::npos; at = sql.find("S.", at + schema.size()))
      sql.replace(at, 1, '"' + schema + '"');
    return must(side->run(sql, {}));
  }

  std::string url = std::getenv("POSTGRES_URL");
  std::string schema;
  std::shared_ptr<connection> side = connect();
};

/// Runs each statement on another connection, unless `instead` has an answer of its own.
class interposed_connection final : public connection {
public:
  explicit interposed_connection(std::shared_ptr<connection> inner) : inner_(std::move(inner)) {}
  expected<answer> run(const std::string& sql, const std::vector<parameter>& parameters) override {
    if (auto given = instead(sql, parameters))
      return std::move(*given);
    return inner_->run(sql, parameters);
  }
  [[nodiscard]] const std::string& shown() const override { return inner_->shown(); }
  std::function<std::optional<expected<answer>>(const std::string&, const std::vector<parameter>&)> instead;

private:
  std::shared_ptr<connection> inner_;
};

}  // namespace postgresql_chain_test
