// Makes databases for the tests of the SQL sink: a SQLite file always, and a database of its own on the
// servers that MARIADB_URL and POSTGRES_URL name (tools/services start mariadb postgres). A missing server's
// cases say SKIPPED, and are counted at the end.
#pragma once

#include "actors/connectors/sql/sink/database.hpp"
#include "actors/connectors/sql/sink/sql_writer.hpp"
#include "runtime/base/time.hpp"
#include "tests/support/must.hpp"

#include <catch2/catch.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sink_sql_test {

using namespace millrace;

class place {
public:
  place(sink::sql::product kind, std::string connection, std::string server);
  ~place();

  sink::sql::product kind;
  std::string connection;  // a database that does not exist yet

  [[nodiscard]] std::unique_ptr<sink::writer> writer(std::vector<data::field> columns,
                                                     std::vector<std::string> key = {}, bool create = true,
                                                     const std::string& table = "t") const;
  /// These calls use a connection of the place's own.
  std::vector<sink::sql::record> query(const std::string& sql, std::size_t columns);
  void execute(const std::string& sql);
  [[nodiscard]] std::string name(std::string_view identifier) const { return side_->name(identifier); }
  /// Returns a connection to the same database through another port.
  [[nodiscard]] std::string connection_by_port(int port) const;

private:
  sink::sql::database& side();
  std::string server_;
  std::unique_ptr<sink::sql::database> side_;
};

using body = void (*)(place&);
void on_sqlite(body test);
void on_server(const char* variable, body test);

#define EVERY_DATABASE(function, sentence)                                                                   \
  static void function(sink_sql_test::place& at);                                                            \
  TEST_CASE(sentence ", on SQLite", "[sqlite]") { sink_sql_test::on_sqlite(function); }                      \
  TEST_CASE(sentence ", on MariaDB", "[server]") { sink_sql_test::on_server("MARIADB_URL", function); }      \
  TEST_CASE(sentence ", on PostgreSQL", "[server]") { sink_sql_test::on_server("POSTGRES_URL", function); }  \
  static void function([[maybe_unused]] sink_sql_test::place& at)
#define EVERY_SERVER(function, sentence)                                                                     \
  static void function(sink_sql_test::place& at);                                                            \
  TEST_CASE(sentence ", on MariaDB", "[server]") { sink_sql_test::on_server("MARIADB_URL", function); }      \
  TEST_CASE(sentence ", on PostgreSQL", "[server]") { sink_sql_test::on_server("POSTGRES_URL", function); }  \
  static void function([[maybe_unused]] sink_sql_test::place& at)
#define MARIADB(function, sentence)                                                                          \
  static void function(sink_sql_test::place& at);                                                            \
  TEST_CASE(sentence ", on MariaDB", "[server]") { sink_sql_test::on_server("MARIADB_URL", function); }      \
  static void function([[maybe_unused]] sink_sql_test::place& at)

#define POSTGRESQL(function, sentence)                                                                       \
  static void function(sink_sql_test::place& at);                                                            \
  TEST_CASE(sentence ", on PostgreSQL", "[server]") { sink_sql_test::on_server("POSTGRES_URL", function); }  \
  static void function([[maybe_unused]] sink_sql_test::place& at)

/// Rows are made from JSON-like cells: nullopt is null; the text is read by the column's type.
using cells = std::vector<std::optional<std::string>>;
[[nodiscard]] data::batch rows_of(const std::vector<data::field>& columns, const std::vector<cells>& rows);

[[nodiscard]] sink::claim life(incarnation n, bool expects_progress = false);
[[nodiscard]] sink::progress at_position(std::int64_t minor, std::uint64_t batch = 0);

using millrace::test::must;

}  // namespace sink_sql_test
