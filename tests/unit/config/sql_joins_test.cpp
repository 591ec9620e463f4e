// Tests joins, elements of lists and the first rows of windows in SQL: the stages that they give, and what is refused where.
#include "config/sql/read_sql.hpp"
#include "tests/unit/config/test_catalog.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <catch2/catch.hpp>
#include <fmt/format.h>

using namespace millrace::config;

namespace {

const std::string tables =
    "SET topology = 'shop';\n"
    "CREATE TYPE item AS (price bigint, at timestamptz);\n"
    "CREATE TABLE o (id bigint, customer text, amount bigint, at timestamptz, items item[], tags text[])"
    " WITH (connector = 'file', path = 'o', format = 'json', event_time = 'at');\n"
    "CREATE TABLE p (order_id bigint, method text, paid bigint, at timestamptz)"
    " WITH (connector = 'file', path = 'p', format = 'json', event_time = 'at');\n";

/// The stages of that name and those in front of it, as JSON; or the findings.
std::string stages(const std::string& statements, const std::vector<std::string>& names) {
  report out;
  const auto root = read_sql(tables + statements, "job.sql", millrace::config::test::connectors(), out);
  if (!root || out.errors() > 0)
    return millrace::config::test::lines(out.take({"job.sql"}));
  std::string text;
  for (const auto& name : names) {
    const auto* const stage = root->find("stages")->value.find(name);
    text += name + " " + (stage == nullptr ? "none" : boost::json::serialize(to_json(stage->value))) + "\n";
  }
  return text;
}

/// The view v of a query, compared without regard to blanks in expressions.
void check_view(const std::string& query, const std::string& json, const std::string& options = "") {
  INFO(query);
  auto text = stages("CREATE VIEW v" + options + " AS " + query + ";", {"v"});
  std::erase(text, ' ');
  auto expected = "v" + boost::json::serialize(boost::json::parse(json)) + "\n";
  std::erase(expected, ' ');
  CHECK(text == expected);
}

void check_refused(const std::string& query, int column, const std::string& part) {
  const auto text = stages("CREATE VIEW v AS\n" + query + ";", {"v"});
  INFO(query << "\n" << text);
  CHECK(text.starts_with(fmt::format("job.sql:6:{}: ", column)));
  CHECK(text.find(part) != std::string::npos);
}

constexpr auto in_an_hour = " AND p.at BETWEEN o.at AND o.at + interval '1 hour'";

}  // namespace

TEST_CASE("two equal windows in FROM make a window join") {
  check_view(
      "SELECT * FROM tumble(o, '5 minutes') l JOIN tumble(p, '300 s') r ON l.window_start = r.window_start "
      "AND l.window_end = r.window_end AND l.id = r.order_id",
      R"({"join": "window", "left": "o", "right": "p", "key": {"id": "order_id"}, "size": "5 minutes"})");
  check_view("SELECT id, l.amount, r.window_start AS s FROM hop(o, '5 minutes', '1 hour', zone => 'UTC') l "
             "RIGHT JOIN "
             "hop(o, '5 minutes', '1 hour', zone => 'UTC') r USING (window_start, window_end, id, customer)",
             R"({"join": "window", "left": "o", "right": "o", "key": ["id", "customer"], "how": "right",
                 "slide": "5 minutes", "size": "1 hour", "zone": "UTC",
                 "columns": {"id": "id", "amount": "l.amount", "s": "window_start"}})");
  check_view(
      "SELECT l.*, r.method FROM tumble(o, '1 day') l LEFT JOIN tumble(p, '1 day') r ON r.order_id = l.id "
      "AND "
      "l.window_end = r.window_end",
      R"({"join": "window", "left": "o", "right": "p", "key": {"id": "order_id"}, "how": "left", "size": "1 day",
                 "columns": {"l.*": true, "method": "r.method", "window_start": "window_start",
                             "window_end": "window_end"}})");
}

TEST_CASE("columns called as keywords stay in quotes where a stage in front of WHERE gives them") {
  const auto text =
      stages("CREATE VIEW v AS SELECT id, i.price AS \"order\" FROM o, unnest(items) AS i WHERE i.price > 1;",
             {"v"});
  CHECK(text.find("\"where\":\"\\\"order\\\" > 1\"") != std::string::npos);
}

TEST_CASE("a key that both sides call otherwise is one column of a window join, whichever side a row has") {
  check_view(
      "SELECT coalesce(l.id, r.order_id) AS id, r.method FROM tumble(o, '1 day') l FULL JOIN tumble(p, '1 "
      "day') r "
      "ON l.window_start = r.window_start AND l.window_end = r.window_end AND l.id = r.order_id",
      R"q({"join": "window", "left": "o", "right": "p", "key": {"id": "order_id"}, "how": "full", "size": "1 day",
                 "columns": {"id": "id", "method": "r.method"}})q");
}

TEST_CASE("a BETWEEN of two event times makes an interval join, in either direction") {
  check_view(
      "SELECT o.*, p.method FROM o LEFT JOIN p ON p.order_id = o.id AND p.at BETWEEN o.at - interval '5 s' "
      "AND o.at + interval '1 hour'",
      R"({"join": "interval", "left": "o", "right": "p", "key": {"id": "order_id"}, "how": "left",
                 "before": "5 seconds", "after": "1 hour", "columns": {"l.*": true, "method": "r.method"}, "shards": 2})",
      " WITH (shards = 2)");
  check_view(
      "SELECT o.id FROM o JOIN p ON o.at BETWEEN p.at - interval '1 hour' AND p.at AND o.id = p.order_id",
      R"({"join": "interval", "left": "o", "right": "p", "key": {"id": "order_id"},
                 "before": "0 seconds", "after": "1 hour", "columns": {"id": "l.id"}})");
  check_view("SELECT o.id FROM p RIGHT JOIN o ON p.at >= o.at AND o.at + interval '1 s' > p.at AND "
             "p.order_id = o.id",
             R"({"join": "interval", "left": "o", "right": "p", "key": {"id": "order_id"}, "how": "left",
                 "before": "0 seconds", "after": "999 ms 999 us", "columns": {"id": "l.id"}})");
}

TEST_CASE("event times are known under the names that views give them") {
  check_view(
      "SELECT l.id FROM (SELECT id, at + interval '1 min' AS later FROM o) l JOIN p ON p.order_id = l.id AND "
      "p.at BETWEEN l.later AND l.later + interval '1 hour'",
      R"({"join": "interval", "left": "v-l", "right": "p", "key": {"id": "order_id"}, "before": "-1 minute",
                 "after": "1 hour 1 minute", "columns": {"id": "l.id"}})");
  check_view(
      "SELECT c.n FROM (SELECT id, count(*) AS n, window_end AS e FROM tumble(o, '1 min') GROUP BY "
      "window_start, "
      "window_end, id) c JOIN p ON p.order_id = c.id AND p.at BETWEEN c.e - interval '1 us' AND c.e",
      R"({"join": "interval", "left": "v-c", "right": "p", "key": {"id": "order_id"}, "before": "0 seconds",
                 "after": "1 us", "columns": {"n": "l.n"}})");
}

TEST_CASE("NOT EXISTS gives rows without a partner, and as_of the version of a time") {
  check_view(
      "SELECT customer, amount FROM o WHERE NOT EXISTS (SELECT FROM p WHERE p.order_id = o.id AND p.at "
      "BETWEEN o.at AND o.at + interval '30 minutes')",
      R"({"join": "interval", "left": "o", "right": "p", "key": {"id": "order_id"}, "how": "anti",
                 "before": "0 seconds", "after": "30 minutes",
                 "columns": {"customer": "l.customer", "amount": "l.amount"}})");
  check_view("SELECT o.*, r.paid FROM o LEFT JOIN as_of(p, o.at) r ON r.method = o.customer",
             R"({"join": "as_of", "left": "o", "right": "p", "key": {"customer": "method"}, "how": "left",
                 "columns": {"l.*": true, "paid": "r.paid"}, "deleted": "paid = 0", "late_versions": "2 days"})",
             " WITH (deleted = 'paid = 0', late_versions = '2 days')");
}

TEST_CASE("WHERE and GROUP BY over a join stand in a stage behind it") {
  auto text =
      stages(fmt::format("CREATE VIEW v WITH (max_pairs = 9) AS SELECT o.id, p.method AS m FROM o JOIN p ON "
                         "p.order_id = o.id{} WHERE p.method = 'card' AND p.paid > 1;",
                         in_an_hour),
             {"v-join", "v"});
  CHECK(text.find(R"("columns":{"id":"l.id","m":"r.method","paid":"r.paid"},"max_pairs":9)") !=
        std::string::npos);
  CHECK(text.find(R"("columns":{"id":"id","m":"m"})") != std::string::npos);
  text = stages(
      fmt::format(
          "CREATE VIEW v WITH (emit = 'final', max_pairs = 9) AS SELECT o.customer, sum(p.paid) AS s FROM o "
          "JOIN p ON p.order_id = o.id{} GROUP BY o.customer;",
          in_an_hour),
      {"v-join", "v"});
  CHECK(text.find(R"("columns":{"customer":"l.customer","paid":"r.paid"},"max_pairs":9)") !=
        std::string::npos);
  CHECK(text.find(R"(v {"window":"global","from":"v-join","key":"customer")") != std::string::npos);
}

TEST_CASE("unnest in FROM gives columns of elements") {
  check_view(
      "SELECT o.id, i.price, i.at FROM o CROSS JOIN LATERAL unnest(o.items) AS i (price, at)",
      R"x({"transform": "select", "from": "o", "columns": {"id": "id", "price": "(unnest(items)).price",
                 "at": "(unnest(items)).at"}, "event_time": "at"})x",
      " WITH (event_time = 'at')");
  check_view("SELECT id, upper(tag) AS t FROM o, unnest(tags) AS tag WHERE amount > 1",
             R"x({"transform": "select", "from": "o", "where": "amount > 1",
                 "columns": {"id": "id", "t": "upper(unnest(tags))"}})x");
  const auto text = stages("CREATE VIEW v AS SELECT o.id, i.* FROM o, unnest(items) AS i WHERE i.price > 1;",
                           {"v-unnest", "v"});
  CHECK(text.find(R"("where":"price)") != std::string::npos);
}

TEST_CASE("row_number() with a bound is the order and limit of a sink") {
  const std::string counts =
      "CREATE VIEW c AS SELECT window_start, window_end, id, count(*) AS n FROM tumble(o, '1 min') "
      "GROUP BY window_start, window_end, id;\n";
  const auto sink = [&](const std::string& partition, const std::string& bound) {
    return stages(
        counts +
            "CREATE TABLE s WITH (connector = 'console') AS SELECT id, n FROM (SELECT *, row_number() OVER "
            "(PARTITION BY " +
            partition + " ORDER BY n DESC, id) AS k FROM c) t WHERE " + bound + ";",
        {"s"});
  };
  for (const auto* const bound : {"k <= 3", "t.k < 4", "3 >= k"})
    CHECK(
        sink("window_start, window_end", bound) ==
        R"(s {"sink":"console","from":"c","columns":{"id":"id","n":"n"},"order_by":["n desc","id"],"limit":3})"
        "\n");
  CHECK(
      sink("window_end, id", "k <= 3") ==
      R"(s {"sink":"console","from":"c","columns":{"id":"id","n":"n"},"order_by":["n desc","id"],"limit":3,"limit_by":"id"})"
      "\n");
  CHECK(sink("window_end", "k = 2").find("expected WHERE k <=") != std::string::npos);
  CHECK(sink("window_end, window_start + '1 s'", "k <= 3").find("expected a column") != std::string::npos);
  CHECK(sink("id", "k = 1").find("name window_end in PARTITION BY") != std::string::npos);
}

TEST_CASE("the window's start is a bound of row_number() under the name that the view gives it") {
  const auto sink = [](const std::string& views, const std::string& partition) {
    return stages(views +
                      "CREATE TABLE s WITH (connector = 'console') AS SELECT day, id, n FROM (SELECT *, "
                      "row_number() OVER (PARTITION BY " +
                      partition + " ORDER BY n DESC, id) AS k FROM c) t WHERE k <= 3;",
                  {"s"});
  };
  const std::string of_windows =
      "AS SELECT window_start AS day, id, count(*) AS n FROM tumble(o, '1 min') GROUP BY window_start, "
      "window_end, id;\n";
  const auto first = [](const std::string& more) {
    return R"(s {"sink":"console","from":"c","columns":{"day":"day","id":"id","n":"n"},"order_by":["n desc","id"],"limit":3)" +
           more + "}\n";
  };
  CHECK(sink("CREATE VIEW c " + of_windows, "day") == first(""));
  CHECK(sink("CREATE VIEW c " + of_windows, "day, id") == first(R"(,"limit_by":"id")"));
  CHECK(sink("CREATE VIEW w " + of_windows + "CREATE VIEW c AS SELECT day, id, n FROM w WHERE n > 1;\n",
             "day") == first(""));
  const auto moved = sink("CREATE VIEW w " + of_windows +
                              "CREATE VIEW c AS SELECT day + interval '1 hour' AS day, id, n FROM w;\n",
                          "day");
  CHECK(moved.find("name window_end in PARTITION BY") != std::string::npos);
}

TEST_CASE("a row's place is the last column of a sink, where the query gives it") {
  const auto sink = [](const std::string& outputs, const std::string& partition = "window_start, id") {
    return stages(
        "CREATE VIEW c AS SELECT window_start, window_end, id, customer, count(*) AS n FROM tumble(o, "
        "'1 min') GROUP BY window_start, window_end, id, customer;\n"
        "CREATE TABLE s WITH (connector = 'console') AS SELECT " +
            outputs + " FROM (SELECT *, row_number() OVER (PARTITION BY " + partition +
            " ORDER BY n) AS k FROM c) t WHERE k <= 2;",
        {"s"});
  };
  CHECK(sink("*") == R"(s {"sink":"console","from":"c","order_by":"n","limit":2,"limit_by":"id","rank":"k"})"
                     "\n");
  CHECK(
      sink("id, n, k AS place", "window_end") ==
      R"(s {"sink":"console","from":"c","columns":{"id":"id","n":"n"},"order_by":"n","limit":2,"rank":"place"})"
      "\n");
  CHECK(
      sink("t.k, n, id, customer", "window_start, id, customer") ==
      R"(s {"sink":"console","from":"c","columns":{"n":"n","id":"id","customer":"customer"},"order_by":"n","limit":2,"limit_by":["id","customer"],"rank":"k"})"
      "\n");
  CHECK(sink("id, n, k + 1 AS place").find("expected \"k\" alone") != std::string::npos);
  CHECK(sink("id, n, k, k AS place").find("is written once") != std::string::npos);
  CHECK(sink("k").find("expected columns, or *, beside row_number()") != std::string::npos);
  CHECK(sink("n, k").find("expected \"id\" among them as it is") != std::string::npos);
  CHECK(sink("n, customer AS id").find("expected \"id\" among them as it is") != std::string::npos);
}

TEST_CASE("each JOIN but the last is a stage with the columns that are read behind it") {
  const auto text = stages(
      fmt::format(
          "CREATE VIEW v AS SELECT o.id, o.amount AS n, p.method, c.paid FROM o JOIN p ON p.order_id = "
          "o.id{} LEFT JOIN as_of(p, o.at) c ON c.method = o.customer;",
          in_an_hour),
      {"v-1", "v"});
  CHECK(
      text ==
      R"(v-1 {"join":"interval","left":"o","right":"p","key":{"id":"order_id"},"before":"0 seconds","after":"1 hour",)"
      R"("columns":{"at":"l.at","customer":"l.customer","id":"l.id","amount":"l.amount","method":"r.method"}})"
      "\n"
      R"(v {"join":"as_of","left":"v-1","right":"p","key":{"customer":"method"},"how":"left",)"
      R"("columns":{"id":"l.id","n":"l.amount","method":"l.method","paid":"r.paid"}})"
      "\n");
}

TEST_CASE("columns of one name in several tables are kept apart, and four tables make three stages") {
  const auto text = stages(
      "CREATE VIEW v AS SELECT a.id, b.id AS b_id, c.method, d.method AS m FROM o a JOIN as_of(o, a.at) b ON "
      "b.customer = a.customer LEFT JOIN as_of(p, a.at) c ON c.order_id = b.id LEFT JOIN as_of(p, a.at) d ON "
      "d.order_id = a.id;",
      {"v-1", "v-2", "v"});
  CHECK(text.find(R"("columns":{"at":"l.at","a_id":"l.id","b_id":"r.id"}})") != std::string::npos);
  CHECK(
      text.find(
          R"(v-2 {"join":"as_of","left":"v-1","right":"p","key":{"b_id":"order_id"},"how":"left","columns":{"at":"l.at","a_id":"l.a_id","b_id":"l.b_id","method":"r.method"}})") !=
      std::string::npos);
  CHECK(
      text.find(
          R"(v {"join":"as_of","left":"v-2","right":"p","key":{"a_id":"order_id"},"how":"left","columns":{"id":"l.a_id","b_id":"l.b_id","method":"l.method","m":"r.method"}})") !=
      std::string::npos);
}

TEST_CASE("the sides of an inner join are exchanged where the next one goes by the time of the right one") {
  const auto text = stages(
      "CREATE VIEW v AS SELECT o.id, c.amount FROM o JOIN p ON p.order_id = o.id AND p.at BETWEEN o.at - "
      "interval '5 s' AND o.at + interval '1 hour' JOIN as_of(o, p.at) c ON c.customer = p.method;",
      {"v-1", "v"});
  CHECK(text.starts_with(
      R"(v-1 {"join":"interval","left":"p","right":"o","key":{"order_id":"id"},"before":"1 hour","after":"5 seconds",)"));
  CHECK(text.find(R"(v {"join":"as_of","left":"v-1","right":"o","key":{"method":"customer"})") !=
        std::string::npos);
}

TEST_CASE("windows of three tables pair by their bounds and the key, whichever of them has it") {
  const auto text = stages(
      "CREATE VIEW q AS SELECT order_id AS id, paid FROM p;\n"
      "CREATE VIEW v AS SELECT window_start, id, o.amount, q.paid, r.paid AS more FROM tumble(o, '1 min') o "
      "FULL "
      "JOIN tumble(q, '1 min') q USING (window_start, window_end, id) FULL JOIN tumble(q, '60 s') r USING "
      "(window_start, window_end, id);",
      {"v-1", "v"});
  CHECK(text.starts_with(
      R"(v-1 {"join":"window","left":"o","right":"q","key":"id","how":"full","size":"1 min","columns":{"id":"id","amount":"l.amount","paid":"r.paid"}})"));
  CHECK(
      text.find(
          R"(v {"join":"window","left":"v-1","right":"q","key":"id","how":"full","size":"1 min","columns":{"window_start":"window_start","id":"id","amount":"l.amount","paid":"l.paid","more":"r.paid"}})") !=
      std::string::npos);
}

TEST_CASE("a star of three tables stands for the columns that their statements name") {
  const std::string two =
      "FROM q JOIN as_of(r, q.at) r ON r.k = q.id LEFT JOIN as_of(t, q.at) t ON t.l = q.id";
  const std::string views =
      "CREATE VIEW q AS SELECT id, at FROM o;\nCREATE VIEW r AS SELECT order_id AS k, at AS r_at FROM p;\n"
      "CREATE VIEW t AS SELECT order_id AS l, paid, at AS t_at FROM p;\n";
  auto text = stages(views + "CREATE VIEW v AS SELECT * " + two + ";", {"v"});
  CHECK(
      text.find(
          R"("columns":{"id":"l.id","at":"l.at","k":"l.k","r_at":"l.r_at","l":"r.l","paid":"r.paid","t_at":"r.t_at"}})") !=
      std::string::npos);
  text =
      stages(views + "CREATE VIEW v AS SELECT t.paid, q.* " + two + " WHERE r.r_at > q.at;", {"v-join", "v"});
  CHECK(text.find(R"("columns":{"paid":"r.paid","id":"l.id","at":"l.at","r_at":"l.r_at"}})") !=
        std::string::npos);
  text = stages(
      "CREATE VIEW v AS SELECT * FROM o JOIN as_of(p, o.at) p ON p.order_id = o.id JOIN as_of(p, o.at) q "
      "ON q.order_id = o.id;",
      {"v"});
  CHECK(text.starts_with("job.sql:5:25: two columns are called \"at\" here"));
}

TEST_CASE("options of a view are those of each of its joins that has them") {
  const auto text = stages(
      fmt::format(
          "CREATE VIEW v WITH (max_pairs = 9, shards = 2, deleted = 'paid = 0') AS SELECT o.id FROM o LEFT "
          "JOIN as_of(p, o.at) c ON c.method = o.customer JOIN p ON p.order_id = o.id{};",
          in_an_hour),
      {"v-1", "v"});
  CHECK(text.find(R"("shards":2,"deleted":"paid = 0"}
v {)") != std::string::npos);
  CHECK(text.find(R"("columns":{"id":"l.id"},"max_pairs":9,"shards":2})") != std::string::npos);
}

TEST_CASE("joins of three tables that cannot be are refused with the way out") {
  const auto first = fmt::format("SELECT o.id FROM o JOIN p ON p.order_id = o.id{}\n", in_an_hour);
  const auto refused = [&](const std::string& more, int line, int column, const std::string& part) {
    const auto text = stages("CREATE VIEW v AS\n" + first + more + ";", {"v"});
    INFO(more << "\n" << text);
    CHECK(text.starts_with(fmt::format("job.sql:{}:{}: ", line, column)));
    CHECK(text.find(part) != std::string::npos);
  };
  refused("JOIN p q ON q.order_id = o.id", 7, 6, "AND q.at BETWEEN o.at - interval '5 s'");
  refused("JOIN p o ON o.order_id = p.paid", 7, 6, "two tables are called \"o\"");
  refused("JOIN as_of(p, o.at) q USING (at)", 7, 6, "more than one table to the left");
  refused("JOIN as_of(p, o.at) q USING (nothing)", 7, 6, "no table to the left has it");
  refused("LEFT JOIN tumble(p, '1 s') q ON q.order_id = o.id", 7, 11, "make a view of their join");
  refused("JOIN as_of(p, p.at) q ON q.order_id = o.id JOIN as_of(p, o.at) r ON r.order_id = o.id", 7, 58,
          "expected p.at");
  refused("JOIN as_of(p, o.at) q ON q.order_id = x.id", 7, 39,
          "expected the name of one of these in front of its "
          "column: o, p, q");
  refused("JOIN as_of(p, o.at + interval '1 s') q ON q.order_id = o.id", 7, 20, "expected o.at, by which");
  check_refused("SELECT o.id FROM o JOIN (p JOIN p q ON q.paid = p.paid) ON p.order_id = o.id", 26,
                "joins go from left to right");
  check_refused(
      "SELECT a.id FROM hop(o, '1 s', '2 s') a JOIN hop(o, '1 s', '2 s') b USING (window_start, window_end, "
      "id) JOIN hop(o, '1 s', '2 s') c USING (window_start, window_end, id)",
      111, "make a view of each table, FROM hop(...)");
  check_refused("SELECT o.id FROM o LEFT JOIN p ON p.order_id = o.id" + std::string(in_an_hour) +
                    " JOIN as_of(p, p.at) q ON q.order_id = o.id",
                118, "this is not that of the join of o, p; expected o.at");
}

TEST_CASE("joins without a form here are refused at their place") {
  const std::string o_p = "SELECT o.id FROM o JOIN p ON ";
  check_refused(o_p + "p.order_id = o.id", 25, "without a bound in time");
  check_refused("SELECT o.id FROM o CROSS JOIN p", 31, "without a bound in time");
  check_refused("SELECT o.id FROM o, p", 21, "pair each row with each");
  check_refused("SELECT o.id FROM o NATURAL JOIN p", 18, "write USING");
  check_refused(o_p + "p.order_id + 1 = o.id" + in_an_hour, 41, "an expression becomes a column");
  check_refused(o_p + "p.method = 'card' AND p.order_id = o.id" + in_an_hour, 41, "a condition on one side");
  check_refused(o_p + "p.order_id = o.id AND p.paid BETWEEN o.at AND o.at", 52, "expected p.at");
  check_refused(o_p + "p.order_id = o.id AND p.at BETWEEN o.at AND o.at + interval '1 month'", 79,
                "constant length");
  check_refused(o_p + "p.order_id = o.id AND p.at >= o.at", 25, "no upper bound");
  check_refused("SELECT o.id FROM o FULL JOIN p ON p.order_id = o.id" + std::string(in_an_hour), 30,
                "by windows alone");
  check_refused("SELECT amount FROM o JOIN p ON p.order_id = o.id" + std::string(in_an_hour), 8,
                "o.amount or p.amount");
  check_refused(
      "SELECT l.id FROM tumble(o, '1 s') l JOIN tumble(p, '2 s') r ON l.id = r.order_id AND l.window_end = "
      "r.window_end",
      42, "differ");
  check_refused("SELECT * FROM o WHERE amount > 1 AND NOT EXISTS (SELECT FROM p WHERE p.order_id = o.id)", 42,
                "stands alone in WHERE");
}

TEST_CASE("remedies for joins name the tables of the query") {
  check_refused(
      "SELECT x.id FROM o x CROSS JOIN p y", 33,
      "y.at BETWEEN x.at - interval '5 s' AND x.at + interval '1 hour', or JOIN as_of(p, x.at) AS y");
  check_refused("SELECT x.id FROM o x JOIN as_of(p, x.at) y ON y.order_id = x.id AND y.paid > 5", 76,
                "by equalities alone in ON; put this condition into WHERE");
  check_refused("SELECT id FROM (SELECT * FROM o)", 16,
                "a query in FROM has a name behind its parentheses: FROM (SELECT ...) AS t");
  check_refused("SELECT e.id FROM o e, unnest(e.items) AS i, unnest(e.tags) AS t", 45,
                "unnest e.tags in a view behind this one");
}

TEST_CASE("WHERE behind a join reads a column under the name of one that equals it in each row") {
  const std::string within = "p r ON r.order_id = l.id AND r.at BETWEEN l.at AND l.at + interval '1 hour'";
  const auto select_of = [](const std::string& query) {
    auto text = stages("CREATE VIEW v AS " + query + ";", {"v"});
    std::erase(text, ' ');
    const auto where = text.find("\"where\":");
    return where == std::string::npos ? text : text.substr(where);
  };
  CHECK(select_of("SELECT l.*, r.method FROM o l JOIN " + within + " WHERE r.order_id > 5") ==
        "\"where\":\"id>5\"}\n");
  CHECK(select_of("SELECT r.*, l.amount FROM o l JOIN " + within + " WHERE l.id > 5") ==
        "\"where\":\"order_id>5\"}\n");
  CHECK(select_of("SELECT l.id AS number, r.*, l.amount FROM o l JOIN " + within +
                  " WHERE r.order_id > 5 AND l.id > 6") == "\"where\":\"order_id>5ANDnumber>6\"}\n");
  CHECK(select_of("SELECT l.*, r.paid AS id FROM o l JOIN " + within + " WHERE l.amount > 5") ==
        "\"where\":\"amount>5\"}\n");
  const auto windows = [](const std::string& how) {
    return "tumble(o, '1 hour') l " + how +
           " JOIN tumble(o, '1 hour') r USING (window_start, window_end, id) ";
  };
  CHECK(select_of("SELECT l.*, r.amount AS more FROM " + windows("LEFT") + "WHERE id > 5") ==
        "\"where\":\"id>5\"}\n");
  CHECK(select_of("SELECT r.*, l.amount AS more FROM " + windows("RIGHT") + "WHERE id > 5") ==
        "\"where\":\"id>5\"}\n");
  // A row may lack that side, or the star's column of the name is another.
  check_refused("SELECT l.*, r.method FROM o l LEFT JOIN " + within + " WHERE r.order_id > 5", 123,
                "SELECT does not give the column; add r.order_id AS r_order_id to SELECT");
  check_refused("SELECT l.*, r.paid AS id FROM o l JOIN " + within + " WHERE r.order_id > 5", 122,
                "add r.order_id AS r_order_id to SELECT");
  check_refused("SELECT r.*, l.amount AS more FROM " + windows("FULL") + "WHERE id > 5", 132,
                "add id to SELECT");
  check_refused("SELECT i.* FROM o, unnest(o.items) AS i (price, at) WHERE o.amount + price > 5", 59,
                "behind the unnest, and SELECT does not give the column; add o.amount AS o_amount to SELECT");
}
