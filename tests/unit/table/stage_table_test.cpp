#include "actors/catalog.hpp"
#include "tests/support/planned.hpp"
#include "tools/table/stage_table.hpp"

#include <catch2/catch.hpp>

using namespace millrace;

namespace {

config::topology web() {
  return test::planned_text(R"({ "millrace": 1, "topology": "web", "stages": {
    "in": { "source": "file", "path": "x" },
    "rows": { "parser": "json", "from": "in", "schema": { "n": "bigint", "t": "text" } },
    "kept": { "transform": "select", "from": "rows", "columns": { "n": "n", "raw": "_raw" }, "where": "n > 1" },
    "lines": { "sink": "file", "from": "rows", "path": "out/l.jsonl", "columns": { "t": "t" } },
    "rolled": { "sink": "file", "from": "rows", "path": "out/r.csv", "format": "csv", "roll": { "rows": 5 } },
    "told": { "sink": "file", "from": "rows", "path": "out/t", "format": "text", "template": "{t} {_raw}" },
    "base": { "sink": "sql", "from": "kept", "connection": "sqlite3://x", "table": "Base", "mode": "upsert", "key": "n", "delete": "raw is null" },
    "screen": { "sink": "console", "from": "rows" } } })");
}

std::string names(const table::stage_table& t) {
  std::string out;
  for (const auto& f : t.columns)
    out += f.name + " " + f.type.name() + ";";
  return out;
}

}  // namespace

TEST_CASE("every stage but a source has columns, in declared order and without hidden ones") {
  const auto t = web();
  CHECK(names(*table::table_of(t, "rows")) == "n bigint;t text;");
  CHECK(names(*table::table_of(t, "kept")) == "n bigint;raw text;");
  CHECK(names(*table::table_of(t, "lines")) == "t text;");
  CHECK(names(*table::table_of(t, "told")) == "n bigint;t text;");
  CHECK(names(*table::table_of(t, "screen")) == "n bigint;t text;");
}

TEST_CASE("a sink's files are what its options say") {
  const auto t = web();
  const auto lines = *table::table_of(t, "lines");
  CHECK(lines.kind == table::files::json);
  CHECK(lines.path == "out/l.jsonl");
  CHECK_FALSE(lines.rolled);
  const auto rolled = *table::table_of(t, "rolled");
  CHECK(rolled.kind == table::files::csv);
  CHECK(rolled.rolled);
  CHECK(table::table_of(t, "told")->kind == table::files::none);
  const auto base = *table::table_of(t, "base");
  CHECK(base.name == "Base");
  CHECK(names(base) == "n bigint;raw text;");  // its `delete` is no column of the table
  CHECK(base.key == std::vector<std::string>{"n"});

  std::string all;
  for (const auto& one : table::tables_to_ask(t))
    all += one.name + " ";
  CHECK(all == "lines rolled Base ");
}

TEST_CASE("a stage that is not there, or has no columns, is named with those that have") {
  const auto t = web();
  CHECK(
      table::table_of(t, "line").error().message ==
      R"(topology "web" has no stage "line"; expected "rows", "kept", "lines", "rolled", "told", "base" or "screen"; did you mean "lines"?)");
  CHECK(table::table_of(t, "in").error().message.starts_with(
      R"(stage "in" is a source, whose records have no columns yet; expected "rows", )"));
}
