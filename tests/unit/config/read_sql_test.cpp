// Tests topologies in SQL: the tree of stages that each statement gives, and parts of statements that must not be lost: each one
// is in the tree, or refused at its place. Joins, elements of lists and first rows of windows: sql_joins_test.cpp.
#include "config/sql/read_sql.hpp"
#include "tests/unit/config/test_catalog.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <algorithm>

using namespace millrace::config;

namespace {

/// Two lines: the statements of a test begin at line 3.
const std::string head =
    "SET topology = 'shop'; CREATE TYPE item AS (price bigint); CREATE TABLE o (id bigint, customer text, at "
    "timestamptz, items item[]) WITH (connector = 'file', path = 'o', format = 'json', event_time = 'at');\n"
    "CREATE TABLE p (id bigint, paid bigint, at timestamptz) WITH (connector = 'file', path = 'p', format = "
    "'json', event_time = 'at');\n";

/// The test catalog, with a source that reads a table.
const catalog& with_table_source() {
  static const catalog all = [] {
    auto out = millrace::config::test::connectors();
    connector c{.kind = stage_kind::source, .type = "sql", .doc = "Reads a table"};
    c.options = {{.name = "table", .doc = "Name"},
                 {.name = "key", .type = option_type::text_list, .doc = "Columns"}};
    out.push_back(std::move(c));
    return out;
  }();
  return all;
}

/// The tree, and what is told of it.
struct read_topology {
  explicit read_topology(const std::string& text)
      : root(read_sql(text, "job.sql", with_table_source(), out)) {
    findings = millrace::config::test::lines(out.take({"job.sql"}));
  }
  report out;
  std::optional<node> root;
  std::string findings;
};

std::string without_blanks(std::string text) {
  std::erase(text, ' ');
  return text;
}

/// The stages behind those of `head`, or members of the top level, are these, apart from blanks.
void check_stages(const std::string& statements, const std::string& json) {
  INFO(statements);
  const read_topology t(head + statements);
  CHECK(t.findings.empty());
  REQUIRE(t.root);
  auto stages = to_json(t.root->find("stages")->value).as_object();
  for (const auto* const name : {"o-source", "o", "p-source", "p"})
    stages.erase(name);
  // erase() moves the last member to the place of the one that goes.
  const auto expected = boost::json::parse(json).as_object();
  CHECK(stages.size() == expected.size());
  for (const auto& m : expected) {
    const auto* const stage = stages.if_contains(m.key());
    INFO(std::string(m.key()));
    REQUIRE(stage != nullptr);
    CHECK(without_blanks(boost::json::serialize(*stage)) ==
          without_blanks(boost::json::serialize(m.value())));
  }
}

void check_sink(const std::string& query, const std::string& json) {
  check_stages("CREATE TABLE s WITH (connector = 'console') AS " + query + ";", json);
}
void check_read(const std::string& query, const std::string& json, const std::string& options = "") {
  check_stages("CREATE VIEW v " + options + " AS " + query + ";", json);
}

/// A finding at line 3 and that column says that; the text begins at line 3.
void check_told(const std::string& statements, int column, const std::string& part) {
  const read_topology t(head + statements);
  INFO(statements << "\n" << t.findings);
  const auto at = t.findings.find(fmt::format("job.sql:3:{}: ", column));
  REQUIRE(at != std::string::npos);
  const auto line = t.findings.substr(at, t.findings.find('\n', at) - at);
  CHECK(line.find(part) != std::string::npos);
}

/// A finding where `text` begins, behind `before`.
void told_at(const std::string& before, const std::string& text, const std::string& part) {
  check_told(before + text, static_cast<int>(before.size()) + 1, part);
}

/// In CREATE VIEW v AS, whose query begins at column 18.
void refused_view(const std::string& query, int column, const std::string& part) {
  check_told("CREATE VIEW v AS " + query + ";", column, part);
}

}  // namespace

TEST_CASE("a statement with a mistake makes no findings about those that use what it makes") {
  const auto only = [](const std::string& statements, const std::string& finding) {
    const read_topology t(head + statements);
    INFO(statements << "\n" << t.findings);
    CHECK(t.findings.find(finding) != std::string::npos);
    CHECK(std::ranges::count(t.findings, '\n') == 1);
  };
  const std::string uses =
      " CREATE TABLE t (a pair, b pair[]) WITH (connector = 'file', path = 't', format = 'json');";
  only("CREATE TYPE pair AS (a bigint b text);" + uses, "syntax error at or near \"b\"");
  only("CREATE TYPE pair AS (a txet);" + uses, "columns have no type \"txet\"");
  only("CREATE FUNCTION f(a bigint) RETURNS bigint AS 'select a' LANGUAGE sql; CREATE VIEW v AS SELECT f(id) "
       "AS x FROM "
       "o;",
       "a function is one expression");
  only("CREATE FUNCTION f(a bigint) RETURNS bigint RETURN b; CREATE FUNCTION g(a bigint) RETURNS bigint "
       "RETURN f(a); "
       "CREATE VIEW v AS SELECT g(id) AS x FROM o;",
       "a function reads its parameters alone");
  // A type that is merely not there is told.
  only("CREATE TABLE t (a pear) WITH (connector = 'file', path = 't', format = 'json');",
       "columns have no type \"pear\"");
}

TEST_CASE("types are told by the names that stand in the file") {
  const std::string before = "CREATE TABLE t (a ";
  const auto told = [&](const std::string& type, const std::string& part) {
    check_told(before + type + ") WITH (connector = 'file', path = 't', format = 'json');",
               static_cast<int>(before.size()) + 1, part);
  };
  told("INT", "columns have no type \"INT\"; expected bigint");
  told("integer[]", "columns have no type \"integer\"");
  told("smallint PRIMARY KEY", "no type \"smallint\"; expected");
  told("real", "no type \"real\"");
  told("bit varying(3)", "no type \"bit varying\"");
  told("time with time zone", "no type \"time\"");
  told("uuid", "; write text");
  told("character varying(10)", "character varying has no length or precision here");
  told("varchar(10)", "varchar has no length or precision here");
}

TEST_CASE("DISTINCT ON in a subquery or a sink is a view of its own, which has a ttl") {
  constexpr auto remedy = "CREATE VIEW name WITH (ttl = '1 hour') AS SELECT DISTINCT ON";
  const std::string sink = "CREATE TABLE s WITH (connector = 'console') AS ";
  told_at(sink, "SELECT DISTINCT ON (id) * FROM o;", remedy);
  told_at("CREATE VIEW v AS SELECT id FROM (", "SELECT DISTINCT ON (id) * FROM o) x;", remedy);
  told_at("CREATE VIEW v WITH (ttl = '1 hour') AS WITH q AS (",
          "SELECT DISTINCT ON (id) * FROM o) SELECT id FROM q;", remedy);
  check_read("SELECT DISTINCT ON (id) * FROM o",
             R"({"v": {"window": "dedup", "from": "o", "key": "id", "ttl": "1 hour"}})",
             "WITH (ttl = '1 hour')");
}

TEST_CASE("a function that there is none of, over the rows of a group, is one of its aggregates") {
  check_read(
      "SELECT customer, medain(id) AS m FROM tumble(o, '1 hour') GROUP BY window_start, window_end, customer",
      R"j({"v": {"window": "tumbling", "size": "1 hour", "from": "o", "key": "customer",
                        "aggregates": {"m": "medain(id)"}, "columns": {"customer": "customer", "m": "m"}}})j");
  check_read(
      "SELECT medain(id) AS m FROM o",
      R"j({"v": {"window": "global", "from": "o", "aggregates": {"m": "medain(id)"}, "columns": {"m": "m"}, "emit": "final"}})j",
      "WITH (emit = 'final')");
}

TEST_CASE("settings are members of the top level") {
  const read_topology t("SET topology = 'shop'; SET title = 'Shop'; SET snapshot_every = '10 s'; SET "
                        "dead_letters.keep = 10;\n");
  CHECK(t.findings.empty());
  REQUIRE(t.root);
  CHECK(
      boost::json::serialize(to_json(*t.root)) ==
      R"q({"millrace":1,"topology":"shop","title":"Shop","snapshot_every":"10 s","dead_letters":{"keep":10},)q"
      R"q("stages":{}})q");
  check_told("SET nothing = 1;", 5, "there is no setting \"nothing\"");
  check_told("SET topology = 'b';", 5, "is set a second time");
  check_told("SET title.a = 'b';", 5, "has no parts");
}

TEST_CASE("a table is a source and a parser, or one of them") {
  check_stages(
      "CREATE TABLE t (a bigint PRIMARY KEY, b item, c item[], d date OPTIONS (format '%Y'), n "
      "numeric(10,4)) WITH (connector = 'sql', format = 'json', source = 'clicks', \"table\" = 'x');",
      R"q({"clicks": {"source": "sql", "table": "x", "key": "a"},
                   "t": {"parser": "json", "from": "clicks",
                         "schema": {"a": "bigint", "b": {"price": "bigint"}, "c": [{"price": "bigint"}],
                                    "d": {"type": "date", "format": "%Y"}, "n": "numeric(10,4)"}}})q");
  check_stages("CREATE TABLE t () WITH (connector = 'kafka', properties.a = 'b', properties.c = 'd');"
               "CREATE TABLE u (a text) WITH (\"from\" = 't', format = 'json', event_time = 'a');",
               R"q({"t": {"source": "kafka", "properties": {"a": "b", "c": "d"}},
                   "u": {"parser": "json", "from": "t", "schema": {"a": "text"}, "event_time": "a"}})q");
  check_stages(
      "CREATE TABLE t () WITH (connector = 'kafka', properties = '{\"a\": \"b\"}', source.topic = 'x');",
      R"q({"t": {"source": "kafka", "properties": {"a": "b"}, "topic": "x"}})q");
}

TEST_CASE("an option of the source may be called as a word of the table is") {
  check_stages("CREATE TABLE t (a text) WITH (connector = 'kafka', format = 'json', source.format = 'x', "
               "parser.source = 1);",
               R"q({"t-source": {"source": "kafka", "format": "x"},
                   "t": {"parser": "json", "from": "t-source", "schema": {"a": "text"}, "source": 1}})q");
}

TEST_CASE("options of a table that nothing would read are refused") {
  check_told("CREATE TABLE t () WITH (connector = 'kafka', connector = 'file');", 46,
             "is given a second time");
  check_told("CREATE TABLE t () WITH (connector = 'kafka', source = 'a');", 46, "has a parser, too");
  check_told("CREATE TABLE t () WITH (connector = 'kafka', parser.a = 1);", 46, "this table has no parser");
  check_told("CREATE TABLE t (a text) WITH (\"from\" = 'x', format = 'json', source.a = 1);", 62,
             "this table has no source");
  check_told("CREATE TABLE t (a text) WITH (\"from\" = 'x', format = 'json', source = 'a');", 62,
             "has a parser, too");
  check_told("CREATE TABLE t (a text PRIMARY KEY) WITH (\"from\" = 'x', format = 'json');", 17,
             "PRIMARY KEY is for the table with the connector");
  check_told("CREATE TABLE t (a text PRIMARY KEY) WITH (connector = 'file', format = 'json');", 17,
             "may repeat a key");
  check_told(
      "CREATE TABLE t () WITH (connector = 'kafka', properties = '{\"a\": \"b\"}', properties.a = 'c');", 73,
      "as a whole, too");
  check_told("CREATE TABLE t () WITH (connector = 'kafka', topic = 'a', topic.b = 'c');", 59,
             "as a whole, too");
  check_told("CREATE TABLE t (a item(3)) WITH (connector = 'file', format = 'json');", 19, "has no length");
  check_told("CREATE TABLE t (a numeric(3,2,1)) WITH (connector = 'file', format = 'json');", 19,
             "expected numeric(p,s)");
  check_told("CREATE TABLE t (a item OPTIONS (format 'x')) WITH (connector = 'file', format = 'json');", 33,
             "it is said in CREATE TYPE");
}

TEST_CASE("functions are put in where they are called") {
  check_stages(
      "CREATE FUNCTION twice(a bigint) RETURNS bigint RETURN a * 2; CREATE VIEW v AS SELECT twice(id) AS n "
      "FROM o;",
      R"q({"v": {"transform": "select", "from": "o", "columns": {"n": "((id)::int8 * 2)::int8"}}})q");
  check_told("CREATE FUNCTION f(a bigint, a bigint) RETURNS bigint RETURN a;", 17,
             "two parameters are called \"a\"");
  check_told("INSERT INTO t SELECT * FROM o;", 13, "a sink has its query with it");
}

TEST_CASE("a sink takes columns, WHERE, ORDER BY and LIMIT itself, and has a stage in front for all else") {
  check_sink(
      "SELECT id, customer AS who FROM o WHERE id > 1",
      R"q({"s": {"sink": "console", "from": "o", "where": "id > 1", "columns": {"id": "id", "who": "customer"}}})q");
  check_sink("SELECT * FROM o ORDER BY id DESC LIMIT 3",
             R"q({"s": {"sink": "console", "from": "o", "order_by": "id desc", "limit": 3}})q");
  check_sink(
      "SELECT count(*) AS n FROM tumble(o, '5 minutes') GROUP BY window_end HAVING count(*) > 1 ORDER BY n",
      R"q({"s-rows": {"window": "tumbling", "size": "5 minutes", "from": "o", "aggregates": {"n": "count(*)"},
                     "having": "count(*) > 1", "columns": {"n": "n"}},
                 "s": {"sink": "console", "from": "s-rows", "order_by": "n"}})q");
}

TEST_CASE("WITH and UNION ALL give stages in front, wherever they stand") {
  check_sink("WITH a AS (SELECT * FROM o), b AS (SELECT * FROM a WHERE id > 1) SELECT * FROM b UNION ALL "
             "SELECT * FROM a",
             R"q({"s-b": {"transform": "select", "from": "o", "where": "id > 1"},
                 "s": {"sink": "console", "from": ["s-b", "o"]}})q");
  check_sink("SELECT * FROM (WITH a AS (SELECT id FROM o) SELECT id AS n FROM a) t WHERE n > 1",
             R"q({"s-a": {"transform": "select", "from": "o", "columns": {"id": "id"}},
                 "s-t": {"transform": "select", "from": "s-a", "columns": {"n": "id"}},
                 "s": {"sink": "console", "from": "s-t", "where": "n > 1"}})q");
  check_read("(WITH a AS (SELECT id FROM o) SELECT id FROM a WHERE id > 1) UNION ALL SELECT id FROM p",
             R"q({"v-a": {"transform": "select", "from": "o", "columns": {"id": "id"}},
                 "v-1": {"transform": "select", "from": "v-a", "where": "id > 1", "columns": {"id": "id"}},
                 "v-2": {"transform": "select", "from": "p", "columns": {"id": "id"}},
                 "v": {"transform": "select", "from": ["v-1", "v-2"]}})q");
  check_sink("SELECT * FROM o UNION ALL SELECT * FROM p ORDER BY id LIMIT 2",
             R"q({"s": {"sink": "console", "from": ["o", "p"], "order_by": "id", "limit": 2}})q");
  refused_view("SELECT * FROM o UNION ALL SELECT * FROM p ORDER BY id", 69,
               "the rows of a view have no order");
  refused_view("SELECT * FROM o UNION ALL (SELECT * FROM p LIMIT 2)", 67,
               "LIMIT takes the first rows of each window");
  refused_view("SELECT * FROM o UNION ALL (SELECT * FROM p ORDER BY id)", 70,
               "the rows of a view have no order");
  refused_view("SELECT * FROM (SELECT * FROM o LIMIT 2) t", 55, "LIMIT takes the first rows of each window");
  refused_view("SELECT * FROM (SELECT * FROM o UNION ALL SELECT * FROM p ORDER BY id) t", 84,
               "the rows of a view have no order");
  refused_view("WITH a AS (SELECT * FROM o ORDER BY id) SELECT * FROM a", 54,
               "the rows of a view have no order");
  refused_view("WITH a (b) AS (SELECT id FROM o) SELECT * FROM a", 23, "expected no list of them");
  refused_view("WITH a AS (SELECT * FROM o), a AS (SELECT * FROM p) SELECT * FROM a", 47, "a second time");
  check_told("CREATE VIEW v (a) AS SELECT id FROM o UNION ALL SELECT id FROM p;", 16,
             "the columns of UNION ALL have the names of its branches");
}

TEST_CASE("a query of WITH that nothing reads is told") {
  check_told("CREATE VIEW v AS WITH a AS (SELECT * FROM nowhere), b AS (SELECT * FROM o) SELECT id FROM b;",
             23, "warning: nothing reads \"a\" of WITH");
}

TEST_CASE("members of FROM lose nothing") {
  check_read("SELECT x.* FROM (SELECT id FROM o) x",
             R"q({"v-x": {"transform": "select", "from": "o", "columns": {"id": "id"}},
                 "v": {"transform": "select", "from": "v-x"}})q");
  refused_view("SELECT * FROM o t (a, b)", 32, "a table's columns keep their names");
  refused_view("SELECT * FROM (SELECT id FROM o) t (a)", 33, "a table's columns keep their names");
  refused_view("SELECT * FROM (SELECT x.* FROM o) t", 40, "there is no table \"x\" in FROM");
  refused_view("SELECT * FROM ONLY o", 37, "ONLY has no meaning here");
  refused_view("SELECT * FROM LATERAL (SELECT id FROM o) t", 41, "LATERAL has no meaning");
  refused_view("SELECT count(*) AS n FROM tumble(o, '5 minutes', size => '6 minutes') GROUP BY window_end",
               75, "is given a second time");
  refused_view("SELECT DISTINCT ON (id) * FROM tumble(o, '5 minutes')", 49,
               "expected the table without tumble(...)");
  refused_view("SELECT DISTINCT ON (id) id FROM o GROUP BY id", 18, "DISTINCT ON stands beside GROUP BY");
  refused_view("SELECT DISTINCT id FROM o", 18, "DISTINCT would keep all rows");
  refused_view("SELECT DISTINCT o.id FROM o JOIN p ON o.id = p.id AND p.at BETWEEN o.at AND o.at", 18,
               "DISTINCT would keep all rows");
  refused_view(
      "SELECT * FROM o WHERE NOT EXISTS (SELECT count(*) FROM p WHERE p.id = o.id AND p.at BETWEEN o.at AND "
      "o.at)",
      52, "expected NOT EXISTS (SELECT FROM");
}

TEST_CASE("a view's names of columns are those of its stage, whatever it is") {
  const auto named = [](const std::string& query, const std::string& json) {
    check_stages("CREATE VIEW v (a, b) AS " + query + ";", json);
  };
  named("SELECT id, customer FROM o",
        R"q({"v": {"transform": "select", "from": "o", "columns": {"a": "id", "b": "customer"}}})q");
  named("SELECT DISTINCT ON (id) id, customer FROM o",
        R"q({"v": {"window": "dedup", "from": "o", "key": "id", "columns": {"a": "id", "b": "customer"}}})q");
  named(
      "SELECT id, count(*) FROM tumble(o, '1 day') GROUP BY window_end, id",
      R"q({"v": {"window": "tumbling", "size": "1 day", "from": "o", "key": "id", "aggregates": {"b": "count(*)"},
                     "columns": {"a": "id", "b": "b"}}})q");
  named(
      "SELECT o.id, p.paid FROM o JOIN p ON o.id = p.id AND p.at BETWEEN o.at AND o.at",
      R"q({"v": {"join": "interval", "left": "o", "right": "p", "key": "id", "before": "0 seconds", "after": "0 seconds",
                  "columns": {"a": "l.id", "b": "r.paid"}}})q");
  check_told("CREATE VIEW v (a) AS SELECT * FROM o;", 16, "expected one for each column");
}

TEST_CASE("options of a view are those of its own stage") {
  check_read(
      "SELECT id FROM (SELECT id, customer FROM o) t",
      R"q({"v-t": {"transform": "select", "from": "o", "columns": {"id": "id", "customer": "customer"}},
                 "v": {"transform": "select", "from": "v-t", "columns": {"id": "id"}, "shards": 2}})q",
      "WITH (shards = 2)");
  check_read("SELECT DISTINCT ON (id) * FROM o",
             R"q({"v": {"window": "dedup", "from": "o", "key": "id", "ttl": "1 hour"}})q",
             "WITH (ttl = '1 hour')");
  check_read("SELECT id % 2 AS odd, count(*) AS n FROM o GROUP BY 1",
             R"q({"v-input": {"transform": "select", "from": "o", "columns": {"*": true, "odd": "id % 2"}},
                 "v": {"window": "global", "from": "v-input", "key": "odd", "aggregates": {"n": "count(*)"},
                       "columns": {"odd": "odd", "n": "n"},
                     "emit": "updates", "every": "10 s"}})q",
             "WITH (emit = 'updates', every = '10 s')");
  check_read(
      "SELECT window_start, count(*) AS n FROM p GROUP BY window_start",
      R"q({"v": {"window": "global", "from": "p", "key": "window_start", "aggregates": {"n": "count(*)"},
                       "columns": {"window_start": "window_start", "n": "n"},
                     "emit": "final"}})q",
      "WITH (emit = 'final')");
  refused_view("SELECT count(*) AS n FROM o", 18, "without a window these groups end with the input");
  refused_view("SELECT id FROM o HAVING count(*) > 1", 18,
               "without a window these groups end with the input");
}

TEST_CASE("dead letters go to one place") {
  const read_topology t(head + "CREATE TABLE d WITH (connector = 'console') AS SELECT * FROM dead_letters;");
  CHECK(t.findings.empty());
  REQUIRE(t.root);
  CHECK(boost::json::serialize(to_json(t.root->find("dead_letters")->value)) == R"q({"sink":"console"})q");
  const std::string sink = "CREATE TABLE d WITH (connector = 'console') AS SELECT * FROM dead_letters;";
  check_told("SET dead_letters.keep = 1; " + sink, 5, "dead letters go to their sink");
  check_told(sink + " CREATE TABLE e WITH (connector = 'console') AS SELECT * FROM dead_letters;", 89,
             "a topology has one sink for dead letters");
}

TEST_CASE("all mistakes are told, each at its line and column, and hide no others") {
  const read_topology t(
      "SET topology = 'x';\nCREATE VIEW ä AS SELECT FROM o;\nCREATE VIEW b AS SELECT 'ü' AS x, "
      "FROM o;\nCREATE TABLE c AS SELECT * FROM o;\n");
  CHECK(t.findings.find("job.sql:2:18: expected columns, or *, behind SELECT") != std::string::npos);
  CHECK(t.findings.find("job.sql:3:") != std::string::npos);
  CHECK(t.findings.find("job.sql:4:14: nothing says where the rows of \"c\" go") != std::string::npos);
}

TEST_CASE(
    "GROUP BY takes a column of the rows before one that SELECT makes, DISTINCT ON the other way round") {
  // Both as PostgreSQL does.
  check_stages(
      "CREATE VIEW v AS SELECT lower(customer) AS customer, count(*) AS n FROM tumble(o, '1 minute') "
      "GROUP BY window_start, window_end, customer;",
      R"j({"v": {"window": "tumbling", "size": "1 minute", "from": "o", "key": "customer",
                 "aggregates": {"n": "count(*)"}, "columns": {"customer": "lower(customer)", "n": "n"}}})j");
  check_stages(
      "CREATE VIEW v AS SELECT date_trunc('day', at) AS day, count(*) AS n FROM tumble(o, '1 minute') "
      "GROUP BY window_start, window_end, day;",
      R"j({"v-input": {"transform": "select", "from": "o", "columns": {"*": true, "day": "date_trunc('day', at)"}},
           "v": {"window": "tumbling", "size": "1 minute", "from": "v-input", "key": "day",
                 "aggregates": {"n": "count(*)"}, "columns": {"day": "day", "n": "n"}}})j");
  told_at("CREATE VIEW v AS SELECT ",
          "id AS customer, count(*) AS n FROM tumble(o, '1 minute') GROUP BY window_start, customer;",
          "is not a key");
  told_at("CREATE VIEW v WITH (ttl = '1 hour') AS SELECT DISTINCT ON (",
          "customer) id, lower(customer) AS customer FROM o;", "that SELECT makes");
}

TEST_CASE("names of tables in front of columns leave nothing behind") {
  check_stages("CREATE VIEW v AS SELECT sum(orders.id) AS n, window_start, window_end FROM tumble(o, '1 "
               "minute') AS orders "
               "WHERE orders.customer <> 'x' GROUP BY window_start, window_end;",
               R"j({"v": {"window": "tumbling", "size": "1 minute", "from": "o", "where": "customer <> 'x'",
                          "aggregates": {"n": "sum(id)"}}})j");
}

TEST_CASE("a connector or format that there is none of is told, and its options are no matter") {
  told_at("CREATE TABLE t (a text) WITH (connector = ", "'filesystem', path = 'x', format = 'json');",
          "there is no source");
  told_at("CREATE TABLE t (a text) WITH (connector = 'file', path = 'x', format = ", "'debezium-json');",
          "there is no parser");
}

TEST_CASE("functions call those above them, and take no name that there is") {
  const std::string view = " CREATE VIEW v AS SELECT f(id) AS x FROM o;";
  check_stages("CREATE FUNCTION f(a bigint) RETURNS bigint RETURN f(a);" + view,
               R"j({"v": {"transform": "select", "from": "o", "columns": {"x": "(f((id)::int8))::int8"}}})j");
  check_stages(
      "CREATE FUNCTION f(a bigint) RETURNS bigint RETURN g(a) + g(a); CREATE FUNCTION g(a bigint) RETURNS "
      "bigint RETURN "
      "a * 2; CREATE VIEW v AS SELECT f(id) AS x FROM o;",
      R"j({"v": {"transform": "select", "from": "o", "columns": {"x": "(g((id)::int8) + g((id)::int8))::int8"}}})j");
  for (const auto* const name : {"lower", "count", "\"-\""})
    told_at("CREATE FUNCTION ", std::string(name) + "(a bigint) RETURNS bigint RETURN 7;", "already");
  told_at("CREATE TYPE ", "int8 AS (a text);", "type of PostgreSQL");
}

TEST_CASE("lists within lists and types of types are bounded over the file") {
  std::string dimensions;
  for (int i = 0; i < 8'000; ++i)
    dimensions += "[]";
  told_at("CREATE TABLE d (x ",
          "bigint" + dimensions + ") WITH (connector = 'file', path = 'x', format = 'json');", "levels");
  std::string types = "CREATE TYPE t0 AS (a bigint, b bigint);";
  for (int i = 1; i < 12; ++i)
    types += fmt::format(" CREATE TYPE t{0} AS (a t{1}, b t{1});", i, i - 1);
  for (int i = 0; i < 100; ++i)
    types += fmt::format(" CREATE TYPE u{} AS (x t11);", i);
  const read_topology t(head + types);
  CHECK(t.findings.find("in all") != std::string::npos);
}

TEST_CASE("rows are those of elements that nothing reads, and computed keys leave what aggregates read") {
  check_stages(
      "CREATE VIEW v WITH (emit = 'final') AS SELECT id, count(*) AS n FROM o, unnest(items) AS t GROUP BY "
      "id;",
      R"j({"v-unnest": {"transform": "select", "from": "o", "columns": {"id": "id", "t": "unnest(items)"}},
                   "v": {"window": "global", "from": "v-unnest", "key": "id", "aggregates": {"n": "count(*)"},
                   "columns": {"id": "id", "n": "n"}, "emit": "final"}})j");
  check_stages(
      "CREATE VIEW v AS SELECT lower(customer) AS c, count(*) AS n FROM tumble(o, '1 minute') GROUP BY "
      "window_start, "
      "window_end, 1 HAVING min(c) = 'A';",
      R"j({"v-input": {"transform": "select", "from": "o", "columns": {"*": true, "c_key": "lower(customer)"}},
                   "v": {"window": "tumbling", "size": "1 minute", "from": "v-input", "key": "c_key",
                   "aggregates": {"n": "count(*)"}, "having": "min(c) = 'A'", "columns": {"c": "c_key", "n": "n"}}})j");
}

TEST_CASE("rows are ordered by what is written") {
  const std::string view =
      "CREATE VIEW w AS SELECT id, count(*) AS s, window_start, window_end FROM tumble(o, '1 hour') GROUP BY "
      "window_start, window_end, id; CREATE TABLE k WITH (connector = 'console') AS ";
  told_at(view + "SELECT id, -s AS s FROM w ORDER BY ", "w.s DESC LIMIT 1;", "another column");
  told_at(view + "SELECT * FROM (SELECT id, -s AS s, ",
          "row_number() OVER (PARTITION BY window_start, window_end ORDER BY s DESC) AS rank FROM w) t WHERE "
          "rank <= 1;",
          "as it is");
}

TEST_CASE("duplicates as others write them name DISTINCT ON") {
  const auto ranked = [](const std::string& order) {
    return "SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY id ORDER BY " + order +
           ") AS k FROM o) t WHERE k = 1";
  };
  refused_view(ranked("at"), 43, "SELECT DISTINCT ON (id) * FROM o, of a view WITH (ttl = '1 hour')");
  refused_view(ranked("at DESC"), 43, "the last row of each key is not offered");
  refused_view("SELECT DISTINCT ON (id) * FROM o ORDER BY id, at", 60,
               "the earliest by event time here, without");
  refused_view("SELECT DISTINCT ON (id) * FROM o ORDER BY id, at DESC", 60, "the last one is not offered");
  check_told(
      "CREATE TABLE s WITH (connector = 'console') AS SELECT DISTINCT ON (id) * FROM o ORDER BY id, at;", 90,
      "leave ORDER BY out");
}

TEST_CASE("bounds of windows as others call them are told") {
  refused_view("SELECT windowstart, count(*) AS n FROM tumble(o, '1 min') GROUP BY window_end", 25,
               "expected window_start in place of windowstart");
  refused_view("SELECT id, count(*) AS n FROM o GROUP BY session_window(at, '5 minutes'), id", 59,
               "session(...) stands in FROM here");
}

TEST_CASE("a file is SQL by its ending in letters of either case, and an overlay is JSON") {
  CHECK(is_sql_file("job.sql"));
  CHECK(is_sql_file("JOB.SQL"));
  CHECK_FALSE(is_sql_file("sql"));
  CHECK_FALSE(is_sql_file("job.sql.json"));
}
