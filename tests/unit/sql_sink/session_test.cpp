// Databases that give no session: what is said, and whether waiting may help.
#include "actors/connectors/sql/sink/client_command.hpp"
#include "actors/connectors/sql/sink/postgresql_session.hpp"
#include "actors/connectors/sql/sink/row_reading.hpp"
#include "tests/support/scratch.hpp"
#include "tests/unit/sql_sink/place.hpp"

#include <filesystem>
#include <fstream>

using namespace sink_sql_test;
namespace fs = std::filesystem;

namespace {

error refused(const std::string& connection, bool create = true) {
  const auto db = sink::sql::make_database(sink::sql::parse_connection(connection).value());
  const auto done = db->connect(create);
  REQUIRE_FALSE(done);
  return done.error();
}

/// The connection with another user, database or port.
std::string with(const std::string& connection, std::string_view user, std::string_view name) {
  const auto at = connection.find('@');
  const auto slash = connection.find('/', at);
  return connection.substr(0, connection.find("://") + 3) + std::string(user) +
         connection.substr(at, slash - at) + "/" + std::string(name);
}

}  // namespace

TEST_CASE("PostgreSQL's words are taken out of what libpq says, whatever their language") {
  using sink::sql::session_words;
  CHECK(session_words(
            "Cannot establish connection to the database.\nconnection to server at \"127.0.0.1\", port 1 "
            "failed: "
            "Connection refused\n\tIs the server running on that host and accepting TCP/IP connections?\n") ==
        "Connection refused");
  CHECK(
      session_words("connection to server at \"h\", port 5432 failed: FATAL:  role \"x\" does not exist\n") ==
      "role \"x\" does not exist");
  CHECK(session_words("could not translate host name \"h\" to address: Name or service not known\n") ==
        "could not translate host name \"h\" to address: Name or service not known");
  using sink::sql::state_at_end;
  CHECK(state_at_end("connection to server at \"h\", port 5432 failed: FATAL:  28P01\n") == "28P01");
  CHECK(state_at_end("could not receive data from server: Connection reset by peer\n").empty());
  CHECK(state_at_end("").empty());
}

TEST_CASE("a PostgreSQL that does not listen is waited for, and so is a host that is not known") {
  for (const auto* where :
       {"postgresql://u:secret@127.0.0.1:1/d", "postgresql://u:secret@nosuchhost.invalid/d"}) {
    const auto e = refused(where);
    CHECK(e.retry);
    CHECK(e.code == ec::unavailable);
    CHECK_THAT(e.message, Catch::EndsWith("; start the server, or correct `connection`"));
    CHECK_THAT(e.message, !Catch::Contains("secret") && !Catch::Contains("\n"));
  }
}

EVERY_SERVER(unknown_user, "a user whom the server does not take ends the start at once, with the remedy") {
  const auto e = refused(with(at.connection, "nobody:secret", "x"));
  CHECK_FALSE(e.retry);
  CHECK(e.code == ec::refused);
  CHECK_THAT(e.message,
             Catch::Contains("nobody") && Catch::Contains("correct user and password in `connection`"));
  CHECK_THAT(e.message, !Catch::Contains("secret"));
}

EVERY_SERVER(unknown_database, "a database that is missing is named with the remedy, or made") {
  const auto e = refused(at.connection, false);
  CHECK_FALSE(e.retry);
  CHECK(e.code == ec::not_found);
  CHECK_THAT(e.message, Catch::Contains("there is no database") && Catch::Contains("\"create\": true"));
  const auto db = sink::sql::make_database(sink::sql::parse_connection(at.connection).value());
  must(db->connect(true));
}

TEST_CASE("a SQLite file that cannot be one is refused at once, with the remedy") {
  const millrace::test::scratch f;
  std::ofstream(f.path() / "text.sqlite") << std::string(5000, 'x');
  const auto no_database = refused("sqlite3://" + (f.path() / "text.sqlite").string());
  CHECK_FALSE(no_database.retry);
  CHECK_THAT(no_database.message, Catch::Contains("not a database") && Catch::Contains("name a SQLite file"));
  const auto beneath_a_file = refused("sqlite3://" + (f.path() / "text.sqlite" / "in" / "x.sqlite").string());
  CHECK_FALSE(beneath_a_file.retry);
  CHECK_THAT(beneath_a_file.message, Catch::Contains("folder") && Catch::Contains("remedy"));
  const auto a_folder = refused("sqlite3://" + f.path().string());
  CHECK_FALSE(a_folder.retry);
  CHECK_THAT(a_folder.message, Catch::Contains("remedy"));
  const auto missing = refused("sqlite3://" + (f.path() / "nowhere" / "x.sqlite").string(), false);
  CHECK_FALSE(missing.retry);
  CHECK_THAT(missing.message,
             Catch::Contains("there is no such file") && Catch::Contains("\"create\": true"));
  CHECK_FALSE(fs::exists(f.path() / "nowhere"));
}

EVERY_DATABASE(read_back, "a table's rows are read one by one, null apart from the empty text") {
  auto w = at.writer({{"name", data::type_id::text}, {"n", data::type_id::bigint}});
  must(w->open(life(1)));
  must(w->write(rows_of({{"name", data::type_id::text}, {"n", data::type_id::bigint}},
                        {{"a\"b,c\n", "1"}, {"", "2"}, {std::nullopt, std::nullopt}})));
  must(w->commit(at_position(3)));
  const auto db = sink::sql::make_database(sink::sql::parse_connection(at.connection).value());
  must(db->connect(false));
  std::vector<std::vector<std::optional<std::string>>> found;
  const auto sql = "select " + db->name("name") + ", " + db->name("n") + " from " + db->table_name("t") +
                   " order by n is null, n";
  auto* const rows = dynamic_cast<sink::sql::row_reading*>(db.get());
  REQUIRE(rows);
  REQUIRE(rows->read(sql, {.row = [&](auto row) -> expected<void> {
                       auto& texts = found.emplace_back();
                       for (const auto& cell : row)
                         texts.emplace_back(cell.text);
                       return {};
                     }}));
  using row = std::vector<std::optional<std::string>>;
  CHECK(found == std::vector<row>{{"a\"b,c\n", "1"}, {"", "2"}, {std::nullopt, std::nullopt}});
}

TEST_CASE("the product's own client is shown as a shell takes it, without the password") {
  const auto command = [](const char* connection) {
    return sink::sql::client_command(connection, "select 'a' from t");
  };
  CHECK(command("postgresql://u:secret@h:5433/d") ==
        R"(psql postgresql://u@h:5433/d -c 'select '\''a'\'' from t')");
  CHECK(command("mysql://u:secret@h:3307/d") ==
        R"(mariadb -h h -P 3307 -u u -p d -e 'select '\''a'\'' from t')");
  CHECK(command("mysql://u@h/d") == R"(mariadb -h h -u u d -e 'select '\''a'\'' from t')");
  CHECK(command("sqlite3://my file.sqlite") == R"(sqlite3 'my file.sqlite' 'select '\''a'\'' from t')");
}
