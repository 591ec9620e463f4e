#include "tests/unit/sql_sink/place.hpp"

#include "runtime/expression/formats/time_text.hpp"
#include "tests/support/skip_count.hpp"

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <unistd.h>

namespace sink_sql_test {
namespace {

std::atomic<int> places{0};
std::string unique_name() {
  return "millrace_it_" + std::to_string(getpid()) + "_" + std::to_string(++places);
}

millrace::test::skip_count skipped("a server");

}  // namespace

place::place(sink::sql::product kind, std::string connection, std::string server)
    : kind(kind), connection(std::move(connection)), server_(std::move(server)),
      side_(sink::sql::make_database(must(sink::sql::parse_connection(this->connection)))) {}

place::~place() {
  side_->disconnect();
  if (kind == sink::sql::product::sqlite) {
    std::filesystem::remove_all(std::filesystem::path(server_));
    return;
  }
  const auto database = side_->where().database;
  auto server = sink::sql::make_database(*sink::sql::parse_connection(server_));
  if (server->connect(false))
    (void)server->execute("drop database if exists " + server->name(database) +
                          (kind == sink::sql::product::postgresql ? " with (force)" : ""));
}

std::unique_ptr<sink::writer> place::writer(std::vector<data::field> columns, std::vector<std::string> key,
                                            bool create, const std::string& table) const {
  return sink::sql::make_writer(
      must(sink::sql::parse_connection(connection)),
      {table, std::make_shared<data::schema>(std::move(columns)), std::move(key), create});
}

sink::sql::database& place::side() {
  if (!side_->connected()) {
    must(side_->connect(true));
    if (kind == sink::sql::product::postgresql)
      (void)side_->execute("set search_path = public");
  }
  return *side_;
}

std::vector<sink::sql::record> place::query(const std::string& sql, std::size_t columns) {
  auto rows = side().query(sql, {}, columns);
  if (!rows)
    FAIL(rows.error().what.message);
  return std::move(*rows);
}

void place::execute(const std::string& sql) {
  if (auto done = side().execute(sql); !done)
    FAIL(sql << ": " << done.error().what.message);
}

std::string place::connection_by_port(int port) const {
  const auto colon = connection.rfind(':');
  return connection.substr(0, colon + 1) + std::to_string(port) +
         connection.substr(connection.find('/', colon));
}

void on_sqlite(body test) {
  const auto folder = std::filesystem::temp_directory_path() / unique_name();
  place at(sink::sql::product::sqlite, "sqlite3://" + (folder / "in it" / "a b.db").string(),
           folder.string());
  test(at);
}

void on_server(const char* variable, body test) {
  const char* const url = std::getenv(variable);
  if (url == nullptr) {
    ++skipped.cases;
    WARN("SKIPPED: " << variable << " is not set; tools/services start mariadb postgres prints it");
    return;
  }
  const std::string server = url;
  const auto kind = must(sink::sql::parse_connection(server)).kind;
  place at(kind, server.substr(0, server.rfind('/') + 1) + unique_name(), server);
  test(at);
}

data::batch rows_of(const std::vector<data::field>& columns, const std::vector<cells>& rows) {
  data::batch out{std::make_shared<data::schema>(columns), {}, rows.size()};
  for (std::size_t i = 0; i < columns.size(); ++i) {
    data::column_builder builder(columns[i].type);
    for (const auto& row : rows) {
      if (!row[i]) {
        builder.append_null();
        continue;
      }
      switch (columns[i].type.id()) {
      case data::type_id::boolean:
        builder.append_boolean(*row[i] == "true");
        break;
      case data::type_id::bigint:
        builder.append_int(std::stoll(*row[i]));
        break;
      case data::type_id::timestamp:
        builder.append_int(must(expression::parse_timestamp(*row[i])));
        break;
      case data::type_id::date: {
        std::int64_t days = 0;
        REQUIRE(expression::read_date(*row[i], days) == expression::reading::ok);
        builder.append_int(days);
        break;
      }
      case data::type_id::numeric: {
        decimal v;
        REQUIRE(read_decimal(*row[i], v) == decimal_reading::ok);
        REQUIRE((columns[i].type.precision() == 0 || v.scale() == columns[i].type.scale()));
        builder.append_decimal(v);
        break;
      }
      case data::type_id::float64:
        builder.append_double(std::strtod(row[i]->c_str(), nullptr));
        break;
      default:
        builder.append_text(*row[i]);
      }
    }
    out.columns.push_back(builder.finish());
  }
  return out;
}

sink::claim life(incarnation n, bool expects_progress) {
  return {"8f4a2c", "clicks", "table", n, expects_progress, false};
}

sink::progress at_position(std::int64_t minor, std::uint64_t batch) {
  return {{{"counts/0/0", {{7, minor}, 100}}}, "c", batch};
}

}  // namespace sink_sql_test
