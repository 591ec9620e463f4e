// `connection`: URIs and SOCI's own text; and the connector's check of its options.
#include "actors/connectors/sql/sink/sql_sink.hpp"
#include "tests/unit/sql_sink/place.hpp"

using namespace sink_sql_test;
using sink::sql::parse_connection;
using sink::sql::product;

TEST_CASE("a MySQL URI becomes SOCI's text, decoded and quoted") {
  const auto t = must(parse_connection("mysql://us%40er:p%27a%5Cs%2Fs%20w%3A@db.example:3307/my%2Fdb"));
  CHECK(t.kind == product::mysql);
  CHECK(t.database == "my/db");
  CHECK_THAT(t.connect, Catch::Contains("user='us@er'") && Catch::Contains(R"(password='p\'a\\s/s w:')") &&
                            Catch::Contains("host='db.example'") && Catch::Contains("port='3307'") &&
                            Catch::Contains("dbname='my/db'") && Catch::Contains("charset='utf8mb4'"));
  CHECK_THAT(t.connect_server, !Catch::Contains("dbname"));
  CHECK(t.shown == "mysql://us@er@db.example:3307/my/db");
}

TEST_CASE("mariadb is mysql, and localhost with a port is the network") {
  const auto t = must(parse_connection("mariadb://root@localhost:3306/test"));
  CHECK(t.kind == product::mysql);
  CHECK_THAT(t.connect, Catch::Contains("host='127.0.0.1'"));
  CHECK_THAT(must(parse_connection("mysql://root@localhost/test")).connect,
             Catch::Contains("host='localhost'"));
  CHECK_THAT(must(parse_connection("mysql://[::1]:3306/test")).connect, Catch::Contains("host='::1'"));
}

TEST_CASE("SOCI's own text is taken") {
  const auto t = must(parse_connection("mysql://db=clicks user=me password='a b\\'c' host=h"));
  CHECK(t.database == "clicks");
  CHECK_THAT(t.connect, Catch::Contains("dbname='clicks'") && Catch::Contains(R"(password='a b\'c')"));
  CHECK(must(parse_connection("sqlite3://db=/tmp/x.db")).database == "/tmp/x.db");
  CHECK(must(parse_connection("postgresql://dbname=x host=h")).kind == product::postgresql);
}

TEST_CASE("PostgreSQL gets a URI without blanks, which SOCI would take for ends of parameters") {
  for (const char* text :
       {"postgresql://u:a%20'b%20%20%26c@h/d?options=-c%20x%3D1%20-c%20y%3D2",
        "postgresql://dbname=d host=h user=u password='a \\'b  &c' options='-c x=1 -c y=2'"}) {
    const auto t = must(parse_connection(text));
    CHECK(t.connect ==
          "postgresql:///?connect_timeout=10&dbname=d&host=h&options=-c%20x%3D1%20-c%20y%3D2&password="
          "a%20%27b%20%20%26c&user=u");
    CHECK_THAT(t.connect_server, Catch::Contains("dbname=postgres&"));
  }
}

TEST_CASE("a SQLite path is taken as written") {
  CHECK(must(parse_connection("sqlite3:///abs/a b%20.db")).database == "/abs/a b%20.db");
  CHECK(must(parse_connection("sqlite3://rel/x.db")).database == "rel/x.db");
  CHECK(must(parse_connection("sqlite3://k=v.db")).connect == "dbname=\"k=v.db\"");
}

TEST_CASE("a wrong connection is told without its secret") {
  for (const char* text :
       {"", "mysql", "oracle://u:sesame@h/db", "mysql://u:sesame@h", "mysql://u:sesame@h/",
        "mysql://u:sesame@h:99999/db", "mysql://u:sesame@h:x/db", "mysql://u:sesame%4@h/db",
        "mysql://u:sesame%00@h/db", "mysql://u:sesame@h/db?bogus=1", "mysql://db=x password='sesame",
        "mysql://db=x db=y password=sesame", "sqlite3://", "sqlite3://:memory:"}) {
    INFO(text);
    const auto t = parse_connection(text);
    REQUIRE_FALSE(t);
    CHECK(t.error().code == ec::invalid_argument);
    CHECK_THAT(t.error().message, !Catch::Contains("sesame") && Catch::Contains("expected mysql://"));
  }
}

TEST_CASE("a connection as another product writes it is told as the option takes it") {
  const auto [text, meant] = GENERATE(table<std::string, std::string>({
      {"sqlite:clicks.db", "sqlite3://clicks.db"},
      {"sqlite3:data/clicks", "sqlite3://data/clicks"},
      {"file:clicks.db?mode=rwc", "sqlite3://clicks.db"},
      {"jdbc:sqlite:/var/clicks.db", "sqlite3:///var/clicks.db"},
      {"sqlite+pysqlite:///clicks.db", "sqlite3://clicks.db"},
      {"sqlite+pysqlite:////var/clicks.db", "sqlite3:///var/clicks.db"},
      {"SQLite:clicks.db", "sqlite3://clicks.db"},
      {"./clicks.SQLITE3", "sqlite3://./clicks.SQLITE3"},
      {"jdbc:postgresql://h:5432/d", "postgresql://h:5432/d"},
      {"jdbc:postgresql:d", "postgresql://localhost/d"},
      {"jdbc:mysql://h/d?user=me&password=sesame&useSSL=false", "mysql://me:PASSWORD@h/d"},
      {"jdbc:mariadb://h/d", "mysql://h/d"},
      {"postgresql+psycopg2://me:sesame@h/d", "postgresql://me:PASSWORD@h/d"},
      {"postgresql+psycopg2://me:${secret:pw}@h/d", "postgresql://me:PASSWORD@h/d"},
      {"postgresql:me@h/d", "postgresql://me@h/d"},
      {"pgsql://h", "postgresql://h/DATABASE"},
      {"postgres:/h/d", "postgresql://h/d"},
      {"mysql2://me@h/d", "mysql://me@h/d"},
  }));
  CAPTURE(text);
  const auto t = parse_connection(text);
  REQUIRE_FALSE(t);
  CHECK_THAT(t.error().message,
             Catch::EndsWith("; did you mean \"" + meant + "\"?") && !Catch::Contains("sesame"));
  CHECK(parse_connection(meant));
}

TEST_CASE("a text that is not an address of a database is not guessed at") {
  for (const auto* const text : {"shop", "host=h password=sesame", "u:sesame@h/d.db", "oracle:h/d", "sqlite:",
                                 "sqlite::memory:", ":memory:", "${secret:address}", "file:a\"b.db"}) {
    INFO(text);
    const auto t = parse_connection(text);
    REQUIRE_FALSE(t);
    CHECK_THAT(t.error().message, Catch::Contains("expected mysql://") && !Catch::Contains("did you mean") &&
                                      !Catch::Contains("sesame"));
  }
}

TEST_CASE("a connection has the database's library load no code and read no file of passwords") {
  for (const char* text :
       {"postgresql://u:sesame@h/db?sslcert=/c.pem&sslkey=/tmp/x.so:key",
        "postgresql://service=other dbname=db", "postgresql://u:sesame@h/db?passfile=/home/me/.pgpass",
        "postgresql://u:sesame@h/db?servicefile=/x", "postgresql://u:sesame@h/db?gsslib=x",
        "mysql://u:sesame@host%3Dh%3Bplugin-dir%3D%2Ftmp/db", "mysql://host='h;init-command=drop' dbname=db",
        "mysql://host='handler://h' dbname=db", "mysql://u:sesame@h/db?local_infile=1",
        "mysql://u:sesame@h/db?plugin_dir=/tmp"}) {
    INFO(text);
    const auto t = parse_connection(text);
    REQUIRE_FALSE(t);
    CHECK(t.error().code == ec::invalid_argument);
    CHECK_THAT(t.error().message, !Catch::Contains("sesame") && Catch::Contains("expected "));
  }
  CHECK(parse_connection(
      "postgresql://u@/db?host=/run/postgresql&sslkey=/etc/own.key&options=-csearch_path%3Dx"));
  CHECK(parse_connection("mysql://u@h1/db?sslca=/etc/ca.pem"));
}

TEST_CASE("a failed login does not show the password", "[server]") {
  on_server("MARIADB_URL", [](place& at) {
    auto connection = at.connection;
    connection.replace(connection.find("root"), 4, "nobody:sesame");
    const auto opened = sink::sql::make_writer(must(parse_connection(connection)),
                                               {"t", std::make_shared<data::schema>(), {}, true})
                            ->open(sink_sql_test::life(1));
    REQUIRE_FALSE(opened);
    CHECK_FALSE(opened.error().retry);
    CHECK_THAT(opened.error().message,
               !Catch::Contains("sesame") && Catch::Contains("nobody") && Catch::Contains("remedy"));
  });
}

TEST_CASE("a server that is away may be tried again") {
  for (const char* text : {"mysql://root@127.0.0.1:1/x", "postgresql://test@127.0.0.1:1/x"}) {
    const auto opened = sink::sql::make_writer(must(parse_connection(text)),
                                               {"t", std::make_shared<data::schema>(), {}, true})
                            ->open(sink_sql_test::life(1));
    REQUIRE_FALSE(opened);
    CHECK(opened.error().code == ec::unavailable);
    CHECK(opened.error().retry);
  }
}

TEST_CASE("a file that is no database is told as such") {
  on_sqlite([](place& at) {
    const auto opened = sink::sql::make_writer(must(parse_connection("sqlite3:///proc/self/cmdline")),
                                               {"t", std::make_shared<data::schema>(), {}, true})
                            ->open(sink_sql_test::life(1));
    REQUIRE_FALSE(opened);
    CHECK_FALSE(opened.error().retry);
    (void)at;
  });
}

namespace {

std::string
findings(const std::string& connection, const std::string& mode, std::vector<std::string> key,
         const data::schema& rows = data::schema({{"k", data::type_id::text}, {"j", data::type_id::json}}),
         bool create = false) {
  config::values options;
  options.set("connection", connection, {});
  options.set("table", std::string("t"), {});
  options.set("mode", mode, {});
  if (!key.empty())
    options.set("key", std::move(key), {});
  if (create)
    options.set("create", true, {});
  std::string out;
  sink::sql_sink_declaration().check({options, &rows},
                                     [&](std::string_view option, const std::string& message) {
                                       out += std::string(option) + ": " + message + "\n";
                                     });
  return out;
}

}  // namespace

TEST_CASE("the connector's check finds what is wrong with the options") {
  CHECK(findings("mysql://h/db", "append", {}).empty());
  CHECK(findings("mysql://h/db", "upsert", {"k"}).empty());
  CHECK_THAT(findings("nonsense", "append", {}), Catch::StartsWith("connection: "));
  CHECK_THAT(findings("mysql://h/db", "upsert", {}), Catch::StartsWith("key: "));
  CHECK_THAT(findings("mysql://h/db", "append", {"k"}), Catch::StartsWith("key: "));
  CHECK_THAT(findings("mysql://h/db", "upsert", {"x"}), Catch::Contains("no column \"x\""));
  CHECK_THAT(findings("mysql://h/db", "upsert", {"j"}), Catch::Contains("cannot be compared"));
  CHECK_THAT(findings("mysql://h/db", "upsert", {"k", "k"}), Catch::Contains("twice"));
}

TEST_CASE(
    "a numeric that MySQL has no column for is found before anything runs, where the table is to be made") {
  const data::schema rows({{"k", data::type_id::numeric}, {"fixed", data::type::numeric_of(38, 2)}});
  CHECK(findings("mysql://h/db", "upsert", {"k"}, rows, true) ==
        ": column \"k\" is numeric, of any number of digits behind the point, for which MySQL and MariaDB "
        "have no type; "
        "expected a cast in `columns` to a scale that no value exceeds, such as \"k\": \"(...)::numeric(38, "
        "2)\"\n");
  CHECK(findings("mysql://h/db", "upsert", {"k"}, rows).empty());
  for (const auto* const other : {"postgresql://h/db", "sqlite3://t.db"})
    CHECK(findings(other, "upsert", {"k", "fixed"}, rows, true).empty());
}

TEST_CASE("the connection is declared a secret") {
  for (const auto& o : sink::sql_sink_declaration().options)
    CHECK(o.secret == (o.name == "connection"));
}

TEST_CASE("a connection is taken apart around its references to secrets, which stay whole") {
  const auto uri =
      must(parse_connection("postgresql://${secret:u}:${secret:p.w}@h:5432/d?sslpassword=${secret:k}"));
  CHECK_THAT(uri.connect,
             Catch::StartsWith("postgresql:///?") && Catch::Contains("&user=%24%7Bsecret%3Au%7D") &&
                 Catch::Contains("password=%24%7Bsecret%3Ap.w%7D&") &&
                 Catch::Contains("sslpassword=%24%7Bsecret%3Ak%7D&") && Catch::Contains("port=5432&"));
  CHECK(uri.shown == "postgresql://${secret:u}@h:5432/d");
  CHECK_THAT(must(parse_connection("mysql://db=d password='${secret:p}' user=u")).connect,
             Catch::Contains("password='${secret:p}'"));
  CHECK_THAT(parse_connection("${secret:whole}").error().message, Catch::Contains("before its secrets"));
  CHECK_THAT(parse_connection("sqlite3:///${secret:p}").error().message,
             Catch::Contains("SQLite has no password"));
}
