// Tests how the stages of a topology are written in SQL, and what is refused, at which place.
#include "config/sql/read_sql.hpp"
#include "config/sql/write_sql.hpp"
#include "config/text/reader.hpp"
#include "runtime/expression/statements/read_statements.hpp"
#include "tests/unit/config/test_catalog.hpp"

#include <boost/json/serialize.hpp>
#include <catch2/catch.hpp>

#include <algorithm>
#include <iterator>

using namespace millrace;
using namespace millrace::config;

namespace {

struct result {
  std::string text;
  std::string findings;
};

result written_topology(std::string_view json) {
  report out;
  const auto tree = read_json(json, "t.json", out);
  REQUIRE(tree);
  auto text = write_sql(*tree, config::test::connectors(), out);
  return {std::move(text), config::test::lines(out.take({"t.json"}))};
}

/// Of a topology "t" with these stages, without its first lines.
std::string written(std::string_view stages) {
  auto r = written_topology(config::test::with_stages(stages));
  CHECK(r.findings == "");
  const std::string head = "SET topology = 't';\n\n";
  REQUIRE(r.text.starts_with(head));
  return r.text.substr(head.size());
}

std::string refusal(std::string_view stages) {
  return written_topology(config::test::with_stages(stages)).findings;
}

}  // namespace

TEST_CASE("settings of the top level come first") {
  const auto r = written_topology(R"q({ "$schema": "x", "millrace": 1, "topology": "t", "title": "it's",
    "snapshot_every": "off", "dead_letters": { "keep": 3, "roll": { "age": "1 hour", "rows": 10 } },
    "stages": { "a": { "source": "file", "path": "a" } } })q");
  CHECK(r.findings.empty());
  CHECK(r.text == R"q(SET topology = 't';
SET title = 'it''s';
SET snapshot_every = 'off';
SET dead_letters.keep = 3;
SET dead_letters.roll = '{"age":"1 hour","rows":10}';

CREATE TABLE a () WITH (connector = 'file', path = 'a');
)q");
}

TEST_CASE("a source with its only parser is one table, and says the source's name where it is another") {
  CHECK(written(R"q("clicks-source": { "source": "file", "path": "a", "follow": true },
    "clicks": { "parser": "json", "from": "clicks-source", "schema": { "id": "bigint", "x": "double" } })q") ==
        "CREATE TABLE clicks (id bigint, x double precision) WITH (\n"
        "  connector = 'file',\n  path = 'a',\n  follow = true,\n  format = 'json'\n);\n");
  CHECK(written(R"q("lines": { "source": "file", "path": "a" },
    "parsed": { "parser": "json", "from": ["lines"], "schema": { "id": "bigint" } })q") ==
        "CREATE TABLE parsed (id bigint) WITH (\n"
        "  connector = 'file',\n  source = 'lines',\n  path = 'a',\n  format = 'json'\n);\n");
}

TEST_CASE("a source of several parsers stays alone, and so does a parser of several sources") {
  CHECK(written(R"q("a": { "source": "file", "path": "a" }, "b": { "source": "file", "path": "b" },
    "one": { "parser": "json", "from": ["a", "b"], "schema": { "id": "bigint" } },
    "two": { "parser": "json", "from": "a", "schema": { "id": "text" } })q") ==
        R"q(CREATE TABLE a () WITH (connector = 'file', path = 'a');

CREATE TABLE b () WITH (connector = 'file', path = 'b');

CREATE TABLE one (id bigint) WITH (from = 'a, b', format = 'json');

CREATE TABLE two (id text) WITH (from = 'a', format = 'json');
)q");
}

TEST_CASE("an option that only one of the two is known to take says whose it is where it could be taken for "
          "the other's") {
  // `speed` is no option of either; it is told at the same stage when the text is read.
  CHECK(written(R"q("s": { "source": "file", "path": "a", "speed": 1 },
    "p": { "parser": "json", "from": "s", "schema": { "id": "bigint" }, "speed": 2 })q") ==
        "CREATE TABLE p (id bigint) WITH (\n"
        "  connector = 'file',\n  source = 's',\n  path = 'a',\n  source.speed = 1,\n"
        "  format = 'json',\n  parser.speed = 2\n);\n");
}

TEST_CASE("names that PostgreSQL would fold or refuse stand in double quotes") {
  CHECK(written(R"q("p-source": { "source": "file", "path": "a" },
    "p": { "parser": "json", "from": "p-source", "schema": { "timestamp": "timestamp", "end": "date", "User-Agent": "text",
           "customerName": "text", "a\"b": "json", "Größe": "double", "key": "boolean" } },
    "user-rows": { "sink": "console", "from": "p", "columns": { "Select": "\"customerName\"", "key": "key" } })q") ==
        R"q(CREATE TABLE p (
  "timestamp" timestamp,
  "end" date,
  "User-Agent" text,
  "customerName" text,
  "a""b" json,
  "Größe" double precision,
  key boolean
) WITH (connector = 'file', path = 'a', format = 'json');

CREATE TABLE "user-rows" WITH (connector = 'console') AS
  SELECT "customerName" AS "Select", key
  FROM p;
)q");
}

TEST_CASE("nested columns are types, equal ones once, and formats are the column's options") {
  CHECK(written(R"q("p-source": { "source": "file", "path": "a" },
    "p": { "parser": "json", "from": "p-source", "schema": {
      "at": { "type": "timestamp", "format": "%d.%m.%Y", "trailing": "ignore", "zone": "Europe/Paris" },
      "venue": { "name": "text", "place": { "lat": "double" } }, "home": { "type": { "lat": "double" } },
      "tags": ["text"], "pairs": [["numeric(10,2)"]], "items": [{ "sku": "text" }], "n": { "type": "bigint" } } })q") ==
        R"q(CREATE TYPE p_venue_place AS (lat double precision);

CREATE TYPE p_venue AS (name text, place p_venue_place);

CREATE TYPE p_items AS (sku text);

CREATE TABLE p (
  at timestamp OPTIONS (format '%d.%m.%Y', trailing 'ignore', zone 'Europe/Paris'),
  venue p_venue,
  home p_venue_place,
  tags text[],
  pairs numeric(10,2)[][],
  items p_items[],
  n bigint
) WITH (connector = 'file', path = 'a', format = 'json');
)q");
}

TEST_CASE("a schema with formats in nested columns, which no type can have, is an option in JSON") {
  CHECK(written(R"q("p-source": { "source": "file", "path": "a" },
    "p": { "parser": "json", "from": "p-source", "schema": { "v": { "at": { "type": "timestamp", "format": "epoch_s" } } } })q") ==
        "CREATE TABLE p () WITH (\n  connector = 'file',\n  path = 'a',\n  format = 'json',\n"
        R"q(  schema = '{"v":{"at":{"type":"timestamp","format":"epoch_s"}}}')q"
        "\n);\n");
}

TEST_CASE("options are texts, numbers, members of maps, lists with commas, or JSON") {
  CHECK(
      written(
          R"q("a": { "source": "kafka", "brokers": "${BROKERS:-a:1,b:2}", "topic": "it's", "read_committed": false,
      "properties": { "client.id": "x", "retries": 3 } },
    "o": { "sink": "sql", "from": "p", "connection": "c", "table": "t", "key": ["a", "b, c", "d\"e"], "node": "n" },
    "f": { "sink": "file", "from": "p", "path": "x", "roll": { "age": "1 hour", "rows": 5 }, "odd": [{ "a": [1] }], "empty": {} })q") ==
      R"q(CREATE TABLE a () WITH (
  connector = 'kafka',
  brokers = '${BROKERS:-a:1,b:2}',
  topic = 'it''s',
  read_committed = false,
  properties."client.id" = 'x',
  properties.retries = 3
);

CREATE TABLE o WITH (
  connector = 'sql',
  connection = 'c',
  table = 't',
  key = 'a, "b, c", "d""e"',
  node = 'n'
) AS SELECT * FROM p;

CREATE TABLE f WITH (
  connector = 'file',
  path = 'x',
  roll.age = '1 hour',
  roll.rows = 5,
  odd = '[{"a":[1]}]',
  empty = '{}'
) AS SELECT * FROM p;
)q");
}

TEST_CASE("a select is a SELECT, with the star at its place") {
  CHECK(written(R"q("v": { "transform": "select", "from": "p", "where": "a > 1",
      "columns": { "b": "a + 1", "*": true, "name": "venue.name", "title": "venue.name" } },
    "u": { "transform": "select", "from": "counts.late" },
    "m": { "transform": "model", "from": "v", "model": "m.json", "column": "p" })q") ==
        R"q(CREATE VIEW v AS
  SELECT a + 1 AS b, *, venue.name, venue.name AS title
  FROM p
  WHERE a > 1;

CREATE VIEW u AS SELECT * FROM counts.late;

CREATE VIEW m WITH (model = 'm.json', column = 'p') AS SELECT * FROM v;
)q");
}

TEST_CASE("several stages are UNION ALL, and a query of WITH where the stage does more with them") {
  CHECK(written(R"q("v": { "transform": "select", "from": ["a", "b.late"] },
    "w": { "transform": "select", "from": ["a", "b"], "where": "inputs > 1" },
    "o": { "sink": "console", "from": ["a", "b"] })q") ==
        R"q(CREATE VIEW v AS SELECT * FROM a UNION ALL SELECT * FROM b.late;

CREATE VIEW w AS
  WITH inputs_2 AS (SELECT * FROM a UNION ALL SELECT * FROM b)
  SELECT *
  FROM inputs_2
  WHERE inputs > 1;

CREATE TABLE o WITH (connector = 'console') AS SELECT * FROM a UNION ALL SELECT * FROM b;
)q");
}

TEST_CASE("a stage whose name is that of a column within it has another one in the query") {
  CHECK(written(R"q("v": { "transform": "select", "from": "event", "columns": { "n": "event.name" } })q") ==
        "CREATE VIEW v AS SELECT event.name AS n FROM event AS input;\n");
  CHECK(
      written(
          R"q("v": { "transform": "select", "from": "e", "columns": { "n": "venue.name", "m": "a.e.name" } })q") ==
      "CREATE VIEW v AS SELECT venue.name AS n, a.e.name AS m FROM e;\n");
}

TEST_CASE("windows without columns give keys, aggregates and bounds") {
  CHECK(
      written(
          R"q("a": { "window": "tumbling", "from": "p", "size": "1 day", "zone": "Europe/Paris", "offset": "6 hours", "key": ["id", "User"],
      "aggregates": { "n": "count(*)", "most": "max(x) filter (where x > 0)" }, "where": "x is not null", "having": "n > 1", "shards": 2 },
    "b": { "window": "sliding", "from": "p", "size": "1 hour", "slide": "5 minutes", "aggregates": { "n": "count(*)" } },
    "c": { "window": "session", "from": "p", "gap": "5 minutes", "key": "id" },
    "d": { "window": "global", "from": "p", "key": "id", "aggregates": { "n": "count(*)" } },
    "e": { "window": "global", "from": "p", "aggregates": { "n": "count(*)" }, "emit": "updates", "every": "1 s" })q") ==
      R"q(CREATE VIEW a WITH (shards = 2) AS
  SELECT id, "User", count(*) AS n, max(x) filter (where x > 0) AS most, window_start, window_end
  FROM tumble(p, '1 day', zone => 'Europe/Paris', "offset" => '6 hours')
  WHERE x is not null
  GROUP BY window_start, window_end, id, "User"
  HAVING n > 1;

CREATE VIEW b AS
  SELECT count(*) AS n, window_start, window_end
  FROM hop(p, '5 minutes', '1 hour')
  GROUP BY window_start, window_end;

CREATE VIEW c AS
  SELECT id, window_start, window_end
  FROM session(p, '5 minutes')
  GROUP BY window_start, window_end, id;

CREATE VIEW d WITH (emit = 'final') AS
  SELECT id, count(*) AS n, window_start, window_end
  FROM p
  GROUP BY id;

CREATE VIEW e WITH (emit = 'updates', every = '1 s') AS
  SELECT count(*) AS n, window_start, window_end
  FROM p;
)q");
}

TEST_CASE(
    "a window's columns are its items, or options where they leave an aggregate out or turn the order") {
  const std::string window = R"q("w": { "window": "tumbling", "from": "p", "size": "1 h", "key": "id",
    "aggregates": { "n": "count(*)", "s": "sum(x)" }, "columns": )q";
  CHECK(written(window +
                R"q({ "start": "window_start", "id": "id", "n": "n", "s": "s", "mean": "s / n" } })q") ==
        R"q(CREATE VIEW w AS
  SELECT window_start AS start, id, count(*) AS n, sum(x) AS s, s / n AS mean
  FROM tumble(p, '1 h')
  GROUP BY window_start, window_end, id;
)q");
  CHECK(written(window + R"q({ "mean": "s / n", "*": true, "window_end": "window_start" } })q") ==
        R"q(CREATE VIEW w AS
  SELECT s / n AS mean, id, count(*) AS n, sum(x) AS s, window_start, window_start AS window_end
  FROM tumble(p, '1 h')
  GROUP BY window_start, window_end, id;
)q");
  for (const auto* const columns :
       {R"q({ "n": "n", "id": "id" } })q", R"q({ "s": "s", "n": "n" } })q", R"q({ "n": "s", "s": "n" } })q",
        R"q({ "n": "n", "s": "s", "again": "n" } })q", R"q({ "id": "upper(id)", "n": "n", "s": "s" } })q"}) {
    const auto text = written(window + columns);
    CHECK(text.find("WITH (columns.") != std::string::npos);
    CHECK(text.find("SELECT id, count(*) AS n, sum(x) AS s, window_start, window_end\n") !=
          std::string::npos);
  }
}

TEST_CASE("dedup is DISTINCT ON") {
  CHECK(
      written(
          R"q("d": { "window": "dedup", "from": "p", "key": ["id", "User"], "ttl": "1 hour", "where": "x > 0" })q") ==
      R"q(CREATE VIEW d WITH (ttl = '1 hour') AS
  SELECT DISTINCT ON (id, "User") *
  FROM p
  WHERE x > 0;
)q");
}

namespace {
const std::string sides =
    R"q("a-source": { "source": "file", "path": "a" }, "b-source": { "source": "file", "path": "b" },
  "a": { "parser": "json", "from": "a-source", "schema": { "id": "bigint", "at": "timestamp" }, "event_time": "at" },
  "b": { "parser": "json", "from": "b-source", "schema": { "a_id": "bigint", "Time": "timestamp" }, "event_time": "Time" },
  "renamed": { "transform": "select", "from": "b", "columns": { "id": "a_id", "since": "\"Time\"" } },
  "lost": { "transform": "select", "from": "b", "columns": { "id": "a_id" } },
  "expr": { "parser": "json", "from": "b-source", "schema": { "id": "bigint", "ts": "bigint" }, "event_time": "to_timestamp(ts)" },
  "hours": { "window": "tumbling", "from": "a", "size": "1 h", "key": "id" },
)q";

std::string joined(const std::string& stage) {
  const auto text = written(sides + stage);
  return text.substr(text.find("CREATE VIEW j"));
}

}  // namespace

TEST_CASE("window joins have both sides in one window") {
  CHECK(
      joined(
          R"q("j": { "join": "window", "left": "a", "right": "hours", "key": "id", "size": "1 h", "how": "full" })q") ==
      R"q(CREATE VIEW j AS
  SELECT *
  FROM tumble(a, '1 h') AS l
  FULL JOIN tumble(hours, '1 h') AS r USING (window_start, window_end, id);
)q");
  CHECK(
      joined(
          R"q("j": { "join": "window", "left": ["a", "hours"], "right": "b", "key": { "id": "a_id" }, "size": "1 h", "slide": "5 min",
      "columns": { "id": "id", "n": "l.n + r.n" } })q") == R"q(CREATE VIEW j AS
  WITH left_rows AS (SELECT * FROM a UNION ALL SELECT * FROM hours)
  SELECT id, l.n + r.n AS n
  FROM hop(left_rows, '5 min', '1 h') AS l
  JOIN hop(b, '5 min', '1 h') AS r
    ON l.window_start = r.window_start AND l.window_end = r.window_end AND l.id = r.a_id;
)q");
}

TEST_CASE("interval joins name the event time of both sides") {
  CHECK(
      joined(
          R"q("j": { "join": "interval", "left": "a", "right": "renamed", "key": "id", "before": "5 s", "after": "1 hour", "how": "left" })q") ==
      R"q(CREATE VIEW j AS
  SELECT *
  FROM a AS l
  LEFT JOIN renamed AS r
    ON l.id = r.id AND r.since BETWEEN l.at - interval '5 s' AND l.at + interval '1 hour';
)q");
  CHECK(
      joined(
          R"q("j": { "join": "interval", "left": "hours", "right": "expr", "key": "id", "before": "-5 s", "after": "0 s", "how": "anti" })q") ==
      R"q(CREATE VIEW j AS
  SELECT *
  FROM hours AS l
  WHERE NOT EXISTS (
    SELECT FROM expr AS r
    WHERE l.id = r.id AND r._event_time BETWEEN l.window_end - interval '1 us' + interval '5 s' AND l.window_end - interval '1 us');
)q");
}

TEST_CASE("as-of joins name the event time of the left side") {
  CHECK(
      joined(
          R"q("j": { "join": "as_of", "left": "b", "right": "a", "key": { "a_id": "id" }, "how": "left", "deleted": "op = 'd'",
      "columns": { "id": "l.a_id", "at": "r.at" } })q") == R"q(CREATE VIEW j WITH (deleted = 'op = ''d''') AS
  SELECT l.a_id AS id, r.at
  FROM b AS l
  LEFT JOIN as_of(a, l."Time") AS r ON l.a_id = r.id;
)q");
}

TEST_CASE("sinks take order and limit into their query, and so does that of dead letters") {
  const auto r = written_topology(R"q({ "millrace": 1, "topology": "t",
    "dead_letters": { "sink": "file", "path": "d", "columns": { "raw": "raw" } },
    "stages": { "o": { "sink": "console", "from": "p", "style": "json", "order_by": ["n desc", "User", "x asc"], "limit": 10 },
                "q": { "sink": "console", "from": "p", "order_by": "n", "limit": "${N}" } } })q");
  CHECK(r.findings.empty());
  CHECK(r.text == R"q(SET topology = 't';

CREATE TABLE o WITH (connector = 'console', style = 'json') AS
  SELECT *
  FROM p
  ORDER BY n DESC, "User", x
  LIMIT 10;

CREATE TABLE q WITH (connector = 'console', limit = '${N}') AS
  SELECT *
  FROM p
  ORDER BY n;

CREATE TABLE dead_letters WITH (connector = 'file', path = 'd') AS SELECT raw FROM dead_letters;
)q");
}

TEST_CASE("the first rows of each group are numbered in a subquery") {
  CHECK(
      written(
          R"q("o": { "sink": "console", "from": "p", "order_by": ["n desc", "u"], "limit": 3, "limit_by": "page", "rank": "Place" })q") ==
      R"q(CREATE TABLE o WITH (connector = 'console') AS
  SELECT *
  FROM (SELECT *, row_number() OVER (PARTITION BY window_end, page ORDER BY n DESC, u) AS "Place" FROM p) AS ranked
  WHERE "Place" <= 3;
)q");
  CHECK(
      written(
          R"q("o": { "sink": "console", "from": ["p", "q"], "columns": { "page": "page", "n": "n" }, "order_by": "n", "limit": 1, "limit_by": ["page"] })q") ==
      R"q(CREATE TABLE o WITH (connector = 'console') AS
  WITH inputs AS (SELECT * FROM p UNION ALL SELECT * FROM q)
  SELECT page, n
  FROM (SELECT *, row_number() OVER (PARTITION BY window_end, page ORDER BY n) AS place FROM inputs) AS ranked
  WHERE place <= 1;
)q");
  CHECK(
      written(
          R"q("o": { "sink": "console", "from": "p", "columns": { "n": "n", "m": "n + 1" }, "order_by": "n", "limit": 1, "rank": "r" })q") ==
      R"q(CREATE TABLE o WITH (connector = 'console') AS
  SELECT n, n + 1 AS m, r
  FROM (SELECT *, row_number() OVER (PARTITION BY window_end ORDER BY n) AS r FROM p) AS ranked
  WHERE r <= 1;
)q");
  const auto refused = [](const std::string& more) {
    return refusal(R"q("o": { "sink": "console", "from": "p", "order_by": "n", "limit": 1, )q" + more + " }");
  };
  CHECK(refused(R"q("limit_by": "u")q").find("the place of the row among them") != std::string::npos);
  CHECK(refused(R"q("limit_by": "u", "columns": { "*": true, "m": "n" })q")
            .find("o.columns: this has no form") != std::string::npos);
  CHECK(refused(R"q("rank": "r", "where": "n > 1")q").find("o.where: this has no form") != std::string::npos);
  CHECK(refused(R"q("rank": "r", "columns": { "n": "-n" })q").find("o.columns.n: this has no form") !=
        std::string::npos);
}

TEST_CASE("what has no form in SQL is told at its place") {
  CHECK(refusal(R"q("o": { "sink": "console", "from": "p", "style": null })q") ==
        "t.json:2:49: stages.o.style: null has no form in SQL; expected a value, or no such option\n");
  CHECK(refusal(R"q("o": { "sink": "console", "from": "p", "where": "a > ${LIMIT}" })q") ==
        "t.json:2:54: stages.o.where: syntax error at or near \"$\"; in SQL a variable stands within a text, "
        "such as "
        "'${LIMIT}'::bigint\n");
  CHECK(refusal(R"q("o": { "sink": "console", "from": "p", "columns": { "x": "a, b" } })q")
            .find("stages.o.columns.x: ") != std::string::npos);
  CHECK(
      refusal(
          R"q("w": { "window": "tumbling", "from": "p", "size": "1 h", "aggregates": { "n": " count(*)" } })q") ==
      "t.json:2:79: stages.w.aggregates.n: blanks around an expression are lost in SQL, and the identity "
      "of "
      "the state "
      "has them; expected none\n");
  CHECK(refusal(R"q("w": { "window": "tumbling", "from": "p", "aggregates": { "n": "count(*)" } })q") ==
        "t.json:2:6: stages.w.size: \"size\" stands in the query; expected it as text\n");
  CHECK(refusal(R"q("x": { "rate": "10/s" })q").find("stages.x: this stage does not say its kind") !=
        std::string::npos);
  CHECK(
      refusal(
          sides +
          R"q("i": { "join": "interval", "left": "a", "right": "b", "key": { "id": "a_id" }, "before": "1 s", "after": "1 s", "columns": { "id": "id" } },
  "j": { "join": "interval", "left": "i", "right": "a", "key": "id", "before": "1 s", "after": "1 s" })q")
          .find("\"i\" gives none; expected the \"columns\" of \"i\" to keep it: \"at\": \"l.at\"\n") !=
      std::string::npos);
  CHECK(
      refusal(
          sides +
          R"q("j": { "join": "interval", "left": "a", "right": "lost", "key": "id", "before": "1 s", "after": "1 s" })q") ==
      "t.json:9:50: stages.j.right: in SQL this join names the column with the event time of its right "
      "rows, "
      "and \"lost\" "
      "gives none; expected the \"columns\" of \"lost\" to keep it: \"Time\": \"\\\"Time\\\"\"\n");
}

TEST_CASE("all that is wrong is told at once, and a text beyond what SQL's parser takes at its stage") {
  const auto found = refusal(
      R"q("a": { "sink": "console", "from": "p", "style": null }, "b": { "sink": "console", "from": "p", "style": null })q");
  CHECK(std::count(found.begin(), found.end(), '\n') == 2);
  const auto refused = refusal(R"q("a": { "sink": "console", "from": "p", "limit": 99999999999 })q");
  CHECK(refused ==
        "t.json:2:49: stages.a.limit: this has no form in SQL: expected LIMIT and a whole number\n");
}

TEST_CASE("an aggregate's text stands in SQL byte for byte, as the identity of the state has it") {
  const auto text = written(
      R"q("w": { "window": "tumbling", "from": "p", "size": "1 h", "aggregates": { "n": "COUNT( * )  FILTER (WHERE x='ä')" } })q");
  const auto read = sql::read_statements(text);
  REQUIRE(read.all.size() == 1);
  const auto& view = std::get<sql::create_view>(read.all.front().what);
  const auto& item = view.as.one->outputs.front();
  CHECK(text.substr(item.value->where.begin, item.value->where.end - item.value->where.begin) ==
        "COUNT( * )  FILTER (WHERE x='ä')");
}

TEST_CASE("joins of three tables in SQL are the same stages there and back") {
  const std::string tables =
      "SET topology = 't';\n"
      "CREATE TABLE o (id bigint, customer text, at timestamptz) WITH (connector = 'file', path = 'o', "
      "format = 'json', "
      "event_time = 'at');\n"
      "CREATE TABLE p (id bigint, method text, at timestamptz) WITH (connector = 'file', path = 'p', format "
      "= 'json', "
      "event_time = 'at');\n"
      "CREATE VIEW a AS SELECT window_start, window_end, id, count(*) AS n FROM tumble(o, '1 min') GROUP BY "
      "window_start, window_end, id;\n"
      "CREATE VIEW b AS SELECT window_start, window_end, id, count(*) AS n FROM tumble(p, '1 min') GROUP BY "
      "window_start, window_end, id;\n";
  const auto stages_of = [](const std::string& text) {
    report out;
    const auto tree = read_sql(text, "t.sql", config::test::connectors(), out);
    CHECK(config::test::lines(out.take({"t.sql"})) == "");
    REQUIRE(tree);
    return *tree;
  };
  const auto check = [&](const std::string& query) {
    INFO(query);
    const auto first = stages_of(tables + "CREATE VIEW v AS " + query + ";\n");
    report out;
    const auto written = write_sql(first, config::test::connectors(), out);
    CHECK(config::test::lines(out.take({"t.json"})) == "");
    CHECK(boost::json::serialize(to_json(stages_of(written))) == boost::json::serialize(to_json(first)));
    CHECK(written.find("CREATE VIEW \"v-1\"") != std::string::npos);
  };
  check("SELECT o.id, p.at AS paid, c.method FROM o JOIN p ON p.id = o.id AND p.at BETWEEN o.at AND o.at + "
        "interval "
        "'1 hour' LEFT JOIN as_of(p, p.at) c ON c.method = o.customer");
  check("SELECT o.id, p.at AS paid, c.method FROM o LEFT JOIN as_of(p, o.at) c ON c.method = o.customer JOIN "
        "p ON p.id "
        "= o.id AND p.at BETWEEN o.at AND o.at + interval '1 hour'");
  check("SELECT window_end, id, a.n, b.n AS m, c.n AS l FROM a JOIN b USING (window_start, window_end, id) "
        "LEFT JOIN b c "
        "USING (window_start, window_end, id)");
  check("SELECT id, x.customer, y.method FROM tumble(o, '1 min') x FULL JOIN tumble(p, '1 min') y USING "
        "(window_start, "
        "window_end, id) FULL JOIN tumble(p, '1 min') z USING (window_start, window_end, id)");
  // The end of a window lies a microsecond behind the time of its row, and a row's own column does not.
  check("SELECT a.n, p.method FROM a JOIN p ON p.id = a.id AND p.at BETWEEN a.window_end AND a.window_end + "
        "interval '1 "
        "hour' LEFT JOIN p q ON q.id = p.id AND q.at BETWEEN a.window_end AND a.window_end + interval '1 "
        "hour'");
}

TEST_CASE("columns of a join's sides are written so that SQL reads the same, or refused") {
  const std::string head =
      R"q("a": { "source": "file", "path": "a" }, "l1": { "parser": "json", "from": "a", "schema": { "id": "text", "at": "timestamp" }, "event_time": "at" },
          "w": { "join": "window", "left": "l1", "right": "l1", "size": "1 day", )q";
  const auto text =
      written(head + R"q("key": { "id": "at" }, "how": "full", "columns": { "id": "id", "l.*": true } })q");
  CHECK(text.find("coalesce(l.id, r.at) AS id") != std::string::npos);
  CHECK(text.find("l.*") != std::string::npos);
  CHECK(refusal(head + R"q("key": "id", "columns": { "l.*": true } })q").find("has its bounds, too") !=
        std::string::npos);
  CHECK(refusal(head + R"q("key": "id", "columns": { "e": "l.window_end" } })q")
            .find("the bound of the join's window") != std::string::npos);
}
