// The texts that products get. Other tests check that DuckDB, PostgreSQL and MariaDB take them (unit_sql,
// unit_sql_sink).
#include "tools/table/definition.hpp"
#include "tools/table/duckdb.hpp"

#include <catch2/catch.hpp>

#include <filesystem>

using namespace millrace;
using data::type_id;
using table::product;

namespace {

table::stage_table purchases() {
  table::stage_table t{"purchases", "purchases", "parquet"};
  t.columns = {{"raw_event", type_id::text},      {"part_date", type_id::text},
               {"timestamp", type_id::timestamp}, {"user-agent", type_id::text},
               {"sel`ect\"", type_id::bigint},    {"ok", type_id::boolean},
               {"length", type_id::float64},      {"raw", type_id::json}};
  t.kind = table::files::parquet;
  t.path = "/data/it's/";
  t.compression = "snappy";
  t.partition_by = {"part_date"};
  return t;
}

std::string text(const table::stage_table& t, product p, const std::string& name = {}) {
  const auto made = table::definition(t, p, name);
  REQUIRE(made);
  return *made;
}

std::string refusal(const table::stage_table& t, product p, const std::string& name = {}) {
  const auto made = table::definition(t, p, name);
  REQUIRE_FALSE(made);
  CHECK(made.error().whose == fault::user);
  return made.error().message;
}

bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

table::stage_table nested() {
  table::stage_table t{"nested", "nested", "json"};
  t.columns = {{"tags", data::type::list_of(type_id::text)},
               {"venue", data::type::object_of(
                             {{"lat", type_id::float64}, {"ids", data::type::list_of(type_id::bigint)}})}};
  return t;
}

}  // namespace

TEST_CASE("Hive gets an external table with its partitions apart, names in backticks") {
  CHECK(text(purchases(), product::hive) == R"sql(-- Timestamps are read by Hive 4 or later, and by Spark.
create external table `purchases` (
  `raw_event` string,
  `timestamp` timestamp,
  `user-agent` string,
  `sel``ect"` bigint,
  `ok` boolean,
  `length` double,
  `raw` string
)
partitioned by (`part_date` string)
stored as parquet
location 'file:///data/it\'s'
tblproperties ('parquet.compression' = 'SNAPPY');
-- Now, and again when there are new partitions:
set hive.msck.path.validation=ignore;
msck repair table `purchases`;
)sql");
}

TEST_CASE("Trino gets partition columns last, and their metadata to be read") {
  CHECK(
      text(purchases(), product::trino, "hive.web.bought") ==
      R"sql(-- Milliseconds are the catalog's default; where it says hive.timestamp-precision=MICROSECONDS, write timestamp(6).
create table "hive"."web"."bought" (
  "raw_event" varchar,
  "timestamp" timestamp(3),
  "user-agent" varchar,
  "sel`ect""" bigint,
  "ok" boolean,
  "length" double,
  "raw" varchar,
  "part_date" varchar
)
with (
  format = 'PARQUET',
  partitioned_by = array['part_date'],
  external_location = 'file:///data/it''s'
);
-- Now, and again when there are new partitions:
call "hive".system.sync_partition_metadata('web', 'bought', 'FULL');
)sql");
  // The call is a remark where the schema is not said: all that is no remark can be run.
  CHECK(holds(text(purchases(), product::trino), "\n-- call system.sync_partition_metadata("));
}

TEST_CASE("DuckDB gets a view of the visible files in declared order") {
  CHECK(text(purchases(), product::duckdb) ==
        R"sql(-- There must be a file when this is run; later ones are seen by the next query.
create or replace view "purchases" as
select "raw_event", "part_date", "timestamp", "user-agent", "sel`ect""", "ok", "length", "raw"
from read_parquet('/data/it''s/*=*/[!.]*.parquet', hive_partitioning = true, hive_types = {'part_date': 'VARCHAR'}, union_by_name = true);
)sql");
}

TEST_CASE("a table without partitions says nothing of them") {
  auto t = purchases();
  t.partition_by.clear();
  CHECK_FALSE(holds(text(t, product::hive), "partition"));
  CHECK_FALSE(holds(text(t, product::hive), "msck"));
  CHECK_FALSE(holds(text(t, product::trino), "partition"));
  CHECK(holds(text(t, product::duckdb), "'/data/it''s/[!.]*.parquet', hive_partitioning = false"));
}

TEST_CASE("partition columns come in the order of the folders") {
  auto t = purchases();
  t.partition_by = {"ok", "part_date"};
  CHECK(holds(text(t, product::hive), "partitioned by (`ok` boolean, `part_date` string)"));
  CHECK(holds(text(t, product::trino), "  \"ok\" boolean,\n  \"part_date\" varchar\n)"));
  CHECK(holds(text(t, product::trino), "array['ok', 'part_date']"));
  CHECK(holds(text(t, product::duckdb), "/*=*/*=*/[!.]*.parquet"));
}

TEST_CASE("timestamps in folders' names are text for Hive and Trino, which do not read them so") {
  auto t = purchases();
  t.partition_by = {"timestamp"};
  CHECK(holds(text(t, product::hive), "partitioned by (`timestamp` string)"));
  CHECK_FALSE(holds(text(t, product::hive), "Hive 4"));
  CHECK(holds(text(t, product::trino), "  \"timestamp\" varchar\n)"));
  CHECK_FALSE(holds(text(t, product::trino), "Milliseconds"));
  CHECK(holds(text(t, product::duckdb), "hive_types = {'timestamp': 'TIMESTAMPTZ'}"));
  t.columns.push_back({"seen", data::type::list_of(data::type::object_of({{"when", type_id::timestamp}}))});
  CHECK(holds(text(t, product::hive), "-- Timestamps are read by Hive 4 or later"));
  CHECK(holds(text(t, product::hive), "`seen` array<struct<`when`:timestamp>>"));
  CHECK(holds(text(t, product::trino), "-- Milliseconds are the catalog's default"));
}

TEST_CASE("locations are absolute; one with a scheme stays as it is") {
  auto t = purchases();
  t.path = "out/../bought";
  const auto here = std::filesystem::current_path().string();
  CHECK(holds(text(t, product::trino), "'file://" + here + "/bought'"));
  CHECK(holds(text(t, product::duckdb), here + "/bought/*=*/"));
  t.path = "hdfs://name:8020/bought";
  CHECK(holds(text(t, product::hive), "location 'hdfs://name:8020/bought'"));
  CHECK(table::duckdb_path("/a[1]/b*?") == "/a[[]1]/b[*][?]");
}

TEST_CASE("what compresses nothing is what Hive calls uncompressed") {
  auto t = purchases();
  t.compression = "none";
  CHECK(holds(text(t, product::hive), "'parquet.compression' = 'UNCOMPRESSED'"));
  t.compression = "zstd";
  CHECK(holds(text(t, product::hive), "'parquet.compression' = 'ZSTD'"));
}

TEST_CASE("nested columns are nested where the product has such types") {
  CHECK(text(nested(), product::hive) == "create table `nested` (\n  `tags` array<string>,\n  `venue` "
                                         "struct<`lat`:double,`ids`:array<bigint>>\n)\nstored as parquet;\n");
  CHECK(text(nested(), product::trino) ==
        "create table \"nested\" (\n  \"tags\" array(varchar),\n  \"venue\" "
        "row(\"lat\" double, \"ids\" array(bigint))\n);\n");
  CHECK(text(nested(), product::duckdb) == "create table \"nested\" (\n  \"tags\" VARCHAR[],\n  \"venue\" "
                                           "STRUCT(\"lat\" DOUBLE, \"ids\" BIGINT[])\n);\n");
}

TEST_CASE("a numeric is a decimal; one of any scale has no type in Hive and Trino, and is a text in DuckDB") {
  auto t = nested();
  t.columns = {{"total", data::type::numeric_of(38, 2)},
               {"l", data::type::list_of(data::type::object_of({{"n", data::type::numeric_of(5, 0)}}))}};
  CHECK(
      holds(text(t, product::hive), "(\n  `total` decimal(38,2),\n  `l` array<struct<`n`:decimal(5,0)>>\n)"));
  CHECK(holds(text(t, product::trino),
              "(\n  \"total\" decimal(38,2),\n  \"l\" array(row(\"n\" decimal(5,0)))\n)"));
  CHECK(holds(text(t, product::duckdb),
              "(\n  \"total\" DECIMAL(38,2),\n  \"l\" STRUCT(\"n\" DECIMAL(5,0))[]\n)"));
  t.kind = table::files::parquet;
  t.path = "/data/t";
  t.partition_by = {"total"};
  CHECK(holds(text(t, product::hive), "partitioned by (`total` decimal(38,2))"));
  CHECK(holds(text(t, product::duckdb), "hive_types = {'total': 'DECIMAL(38,2)'}"));
  t = nested();
  t.columns = {{"l", data::type::list_of(type_id::numeric)}, {"n", type_id::bigint}};
  for (const auto& [p, name] : {std::pair{product::hive, "Hive"}, std::pair{product::trino, "Trino"}})
    CHECK(refusal(t, p) ==
          "stage \"nested\": column \"l\" is [numeric], of any number of digits behind the point, for "
          "which " +
              std::string(name) +
              " has no type; remedy: a cast in `columns`, or a type in the parser's schema, such as "
              "numeric(38, 2)");
  CHECK(holds(text(t, product::duckdb), "\"l\" VARCHAR[]"));
}

TEST_CASE("a numeric in a file is read by DuckDB with its digits, in JSON only as far as a double has them") {
  auto t = nested();
  t.columns = {{"a", data::type::numeric_of(15, 2)},
               {"b", data::type::numeric_of(16, 2)},
               {"c", type_id::numeric},
               {"l", data::type::list_of(data::type::object_of({{"n", type_id::numeric}}))}};
  t.path = "/out/t";
  t.kind = table::files::csv;
  CHECK(holds(text(t, product::duckdb),
              "columns = {'a': 'DECIMAL(15,2)', 'b': 'DECIMAL(16,2)', 'c': 'VARCHAR', 'l': 'VARCHAR'}"));
  t.kind = table::files::json;
  CHECK(holds(text(t, product::duckdb), "columns = {'a': 'DECIMAL(15,2)', 'b': 'DOUBLE', 'c': 'DOUBLE', 'l': "
                                        "'STRUCT(\"n\" DOUBLE)[]'}"));
}

TEST_CASE("the databases get what the sql sink would make, upsert keys included") {
  auto t = nested();
  t.columns.push_back({"n", type_id::bigint});
  t.key = {"n"};
  CHECK(
      text(t, product::postgresql) ==
      "-- PostgreSQL 15 or later; before it, without \"nulls not distinct\".\n"
      R"(create table if not exists "nested" ("tags" jsonb, "venue" jsonb, "n" bigint, unique nulls not distinct ("n"));)"
      "\n");
  CHECK(holds(text(t, product::mysql, "my.t"), "create table if not exists `my.t` (`tags` json, "));
  CHECK(holds(text(t, product::mysql), "collate utf8mb4_nopad_bin"));
}

TEST_CASE("files of a file sink: a view for DuckDB, a remedy for the others") {
  auto t = nested();
  t.stage = "lines";
  t.kind = table::files::json;
  t.path = "/out/lines.jsonl";
  CHECK(holds(
      text(t, product::duckdb),
      "read_json('/out/lines.jsonl', format = 'newline_delimited', columns = {'tags': 'VARCHAR[]', 'venue': "
      "'STRUCT(\"lat\" DOUBLE, \"ids\" BIGINT[])'})"));
  t.rolled = true;
  CHECK(holds(text(t, product::duckdb), "read_json('/out/lines-*.jsonl', "));
  CHECK(refusal(t, product::hive) ==
        "stage \"lines\" writes JSON, which Hive does not read with these types; "
        "remedy: a parquet sink from the same stage, or --ddl duckdb");
  t.kind = table::files::csv;
  t.path = "/out/lines.csv";
  CHECK(holds(text(t, product::duckdb), "read_csv('/out/lines-*.csv', header = true, "));
  CHECK(holds(text(t, product::duckdb), "columns = {'tags': 'VARCHAR', 'venue': 'VARCHAR'}"));
  CHECK(holds(refusal(t, product::trino), "writes CSV, which Trino does not read"));
}

TEST_CASE("names that a product cannot have are errors with a remedy") {
  auto t = purchases();
  t.columns.push_back({"USER-AGENT", type_id::text});
  for (const auto p : {product::hive, product::trino, product::duckdb, product::mysql})
    CHECK(holds(refusal(t, p), "USER-AGENT"));
  CHECK(holds(refusal(t, product::trino), "takes the columns \"user-agent\" and \"USER-AGENT\" for the same; "
                                          "remedy: rename one in `columns`"));
  CHECK(holds(text(t, product::postgresql), "\"USER-AGENT\" text"));
  t.columns.back().name = "a.b";
  CHECK(refusal(t, product::hive) == "stage \"purchases\": Hive cannot read a column called \"a.b\" (none of "
                                     ". : , ; = ( ) { } may be in its "
                                     "name, nor a space or line break); remedy: rename it in `columns`");
  for (const std::string name :
       {"a b", "a,b", "a;b", "a=b", "a(b", "a)b", "a{b", "a}b", "a\tb", "a\nb", "a:b"}) {
    t.columns.back().name = name;
    CHECK(holds(refusal(t, product::hive), "Hive cannot read a column called"));
    CHECK(holds(text(t, product::trino), '"' + name + '"'));
  }
  t.partition_by = {"a b"};  // stands in no file
  t.columns.back().name = "a b";
  CHECK(holds(text(t, product::hive), "partitioned by (`a b` string)"));
  t = nested();
  t.columns[1].type = data::type::object_of({{"user-agent", type_id::text}});
  CHECK(holds(refusal(t, product::hive), "cannot name the member \"user-agent\" of column \"venue\""));
  CHECK(holds(refusal(purchases(), product::hive, "my-table"), "Hive cannot name a table \"my-table\""));
  CHECK(holds(refusal(purchases(), product::hive, "a.b.c"), "Hive has no catalogs"));
  CHECK(holds(refusal(purchases(), product::trino, "a..c"), "--name a..c: expected TABLE, SCHEMA.TABLE or"));
  CHECK(holds(refusal(purchases(), product::duckdb, "a.b.c.d"), "--name a.b.c.d"));
}

TEST_CASE("an empty table has its columns and no rows") {
  CHECK(
      table::duckdb_empty_select(nested()) ==
      "select cast(null as VARCHAR[]) as \"tags\", cast(null as STRUCT(\"lat\" DOUBLE, \"ids\" BIGINT[])) as "
      "\"venue\" where false");
}
