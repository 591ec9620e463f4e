// Tests on a real DuckDB, where there is one (tools/duckdb fetches it); else its cases say SKIPPED.
#include "runtime/data/render.hpp"
#include "tests/support/scratch.hpp"
#include "tests/support/skip_count.hpp"
#include "tools/sql/engine.hpp"
#include "tools/sql/library.hpp"
#include "tools/sql/statements.hpp"
#include "tools/table/definition.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <thread>
#include <unistd.h>

using namespace millrace;
using data::type_id;
namespace fs = std::filesystem;

namespace {

millrace::test::skip_count skipped("libduckdb.so (tools/duckdb)");

/// An engine of 100 MB and two threads; none where there is no library.
std::unique_ptr<duckdb::engine> engine() {
  const auto api = duckdb::load_duckdb(duckdb::library_places_here());
  if (!api) {
    ++skipped.cases;
    return nullptr;
  }
  auto made = duckdb::open_engine(
      **api,
      {100'000'000, 2, (fs::temp_directory_path() / ("sql-spill-" + std::to_string(getpid()))).string()});
  REQUIRE(made);
  return std::move(*made);
}

/// Returns the rows as JSON, or "error: " and the error.
std::string ask(duckdb::engine& e, const std::string& query, const duckdb::guard& g = {}) {
  std::string out;
  auto stream = e.run(query, g);
  if (!stream)
    return "error: " + stream.error().message;
  while ((*stream)->columns()) {
    const auto rows = (*stream)->next();
    if (!rows)
      return "error: " + rows.error().message;
    if (!*rows)
      break;
    for (std::size_t i = 0; i < (*rows)->rows; ++i) {
      data::append_json_row(out, **rows, i);
      out += '\n';
    }
  }
  return out;
}

bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("every type that DuckDB gives is printed as everywhere else, or refused with a remedy",
          "[duckdb]") {
  const auto e = engine();
  if (!e)
    return;
  CHECK(
      ask(*e, "select true b, 1::tinyint i1, 2::smallint i2, 3 i4, -4::bigint i8, 200::utinyint u1, "
              "40000::usmallint u2, "
              "4000000000::uinteger u4, 18446744073709551615::ubigint u8") ==
      R"({"b":true,"i1":1,"i2":2,"i4":3,"i8":-4,"u1":200,"u2":40000,"u4":4000000000,"u8":18446744073709551615})"
      "\n");
  CHECK(ask(*e, "select 0.1::float f, 1e300::double d, 'nan'::double nan, sum(x) s, 1.50::decimal(4,2) d4, "
                "1.5::decimal(9,3) "
                "d9, -1.5::decimal(18,1) d18, 1.5::decimal(38,2) d38 from range(5) r(x)") ==
        R"({"f":0.1,"d":1e+300,"nan":"NaN","s":10,"d4":1.50,"d9":1.500,"d18":-1.5,"d38":1.50})"
        "\n");
  CHECK(
      ask(*e, "select 'twelve bytes' a, 'thirteen byte' b, '' c, null d, 'q\"'::varchar e, blob 'a\\xff' f, "
              "'y'::enum('x', 'y') g, uuid '00000000-0000-4000-8000-00000000abcd' h") ==
      R"({"a":"twelve bytes","b":"thirteen byte","c":"","d":null,"e":"q\"","f":"a\\xFF","g":"y","h":"00000000-0000-4000-8000-00000000abcd"})"
      "\n");
  CHECK(
      ask(*e,
          "select timestamptz '2021-04-24 19:55:00.796+02' tz, timestamp '2021-04-24 19:55:00' t, "
          "timestamp_ns "
          "'2021-01-01 00:00:00.123456789' ns, timestamp_s '2021-01-01 00:00:01' s, timestamp_ms '2021-01-01 "
          "00:00:00.5' ms, date '2018-11-01' d, time '07:05:01.25' c, interval '14 months 04:05:06' i") ==
      R"({"tz":"2021-04-24T17:55:00.796Z","t":"2021-04-24T19:55:00","ns":"2021-01-01T00:00:00.123456789","s":"2021-01-01T00:00:01","ms":"2021-01-01T00:00:00.5","d":"2018-11-01","c":"07:05:01.25","i":"1 year 2 months 04:05:06"})"
      "\n");
  CHECK(
      ask(*e,
          "select [1, null, 3] l, []::int[] n, {'a': 'q', 'b': [date '2018-11-01']} s, map {'k': [1.5]} m, "
          "array_value(1, 2) a, [['x'], null] ll") ==
      R"({"l":[1,null,3],"n":[],"s":{"a":"q","b":["2018-11-01"]},"m":{"k":[1.5]},"a":[1,2],"ll":[["x"],null]})"
      "\n");
  CHECK(ask(*e, "select [x] from (values (1), (null), (3)) t(x)") ==
        "{\"main.list_value(x)\":[1]}\n{\"main.list_value(x)\":[null]}\n{\"main.list_value(x)\":[3]}\n");
  CHECK(holds(
      ask(*e, "select '101'::bit as flags"),
      "column \"flags\" is of a type that millrace does not print (DuckDB's type 29); remedy: cast it"));
}

TEST_CASE("a result comes in chunks while it is computed", "[duckdb]") {
  const auto e = engine();
  if (!e)
    return;
  auto stream = e->run("select x from range(1000000000000) t(x)", {});
  REQUIRE(stream);
  const auto first = (*stream)->next();
  REQUIRE(first);
  REQUIRE(*first);
  CHECK((*first)->rows > 0);
  CHECK((*first)->rows <= 10'000);
  const auto second = (*stream)->next();
  REQUIRE(second);
  CHECK((*second)->columns[0]->ints()[0] == static_cast<std::int64_t>((*first)->rows));
}

TEST_CASE("an interrupt ends a query that would go on", "[duckdb]") {
  const auto e = engine();
  if (!e)
    return;
  std::atomic<bool> done{false};
  // Again and again: one that comes before the query has begun is forgotten.
  std::thread other([&] {
    while (!done) {
      e->interrupt();
      std::this_thread::yield();
    }
  });
  const auto said = ask(*e, "select x from range(1000000000000000) t(x) where hash(x) = 1");
  done = true;
  other.join();
  CHECK(holds(said, "INTERRUPT Error"));
}

TEST_CASE("errors of a query are the user's, those of its execution are not", "[duckdb]") {
  const auto e = engine();
  if (!e)
    return;
  const auto wrong = e->run("select * from nosuch", {});
  REQUIRE_FALSE(wrong);
  CHECK(wrong.error().whose == fault::user);
  CHECK(holds(wrong.error().message, "Table with name nosuch does not exist"));
  CHECK(holds(ask(*e, "select error('boom') from range(3)"), "boom"));
  CHECK(ask(*e, "pivot (select 1 a, 'x' b union all select 2, 'y') on b using sum(a)") ==
        "{\"x\":1,\"y\":2}\n");
  CHECK(ask(*e, "create table own as select 1 as x").empty());
  CHECK(ask(*e, "select * from own") == "{\"x\":1}\n");
}

TEST_CASE("once locked, neither words nor functions change the settings or write into a table", "[duckdb]") {
  const auto e = engine();
  if (!e)
    return;
  const millrace::test::scratch f;
  REQUIRE(e->lock());
  const duckdb::guard g{{f.path() / "table"}, false};
  fs::create_directories(f.path() / "table");
  for (const char* const statement :
       {"set memory_limit = '1GB'", "pragma memory_limit = '1GB'", "reset memory_limit",
        "attach ':memory:' as x", "prepare p as select 1", "install httpfs", "load httpfs",
        "export database '/nowhere'", "call enable_logging()",
        "explain analyze export database '/nowhere'"}) {
    INFO(statement);
    CHECK(ask(*e, statement, g).starts_with("error: "));
  }
  // DuckDB reads the one and makes the other while it prepares the statement.
  const auto imported = f.path() / "imp";
  const auto written = (f.path() / "written.csv").string();
  fs::create_directory(imported);
  std::ofstream(imported / "schema.sql")
      << "create table t(x int);\ncopy (select 1 as x) to '" << written << "';\n";
  std::ofstream(imported / "load.sql") << "";
  for (const auto& begin : {"pragma import_database('", "PRAGMA /* */ \"import_database\"('",
                            "import database '", "explain pragma import_database('"}) {
    const auto statement = begin + imported.string() + (std::string(begin).ends_with("('") ? "')" : "'");
    INFO(statement);
    CHECK(holds(ask(*e, statement, g), "is not for millrace sql"));
  }
  CHECK_FALSE(fs::exists(written));
  CHECK(holds(ask(*e, "export database '" + (f.path() / "exported").string() + "'", g), "is not for"));
  CHECK_FALSE(fs::exists(f.path() / "exported"));
  CHECK(holds(ask(*e, "create persistent secret s (type s3, key_id 'a', secret 'b')", g), "create secret"));
  CHECK(ask(*e, "create table mine as select 1 as x", g).empty());
  CHECK(holds(ask(*e, "pragma table_info('mine')", g), "\"name\":\"x\""));
  CHECK(holds(ask(*e, "pragma show_tables", g), "mine"));
  CHECK_FALSE(ask(*e, "pragma version", g).starts_with("error"));
  const auto target = (f.path() / "table" / "x.csv").string();
  for (const auto& copy :
       {"copy (select 1) to '" + target + "'", "explain analyze copy (select 1) to '" + target + "'"})
    CHECK(holds(ask(*e, copy, g), "would write into the table"));
  CHECK(fs::is_empty(f.path() / "table"));
  CHECK(ask(*e, "copy (select 1 as x) to '" + (f.path() / "x.csv").string() + "'", g).empty());
  CHECK(fs::exists(f.path() / "x.csv"));
}

TEST_CASE("the printed definition of a parquet table reads what Hive's folders hold, but no hidden file",
          "[duckdb]") {
  const auto e = engine();
  if (!e)
    return;
  const millrace::test::scratch f;
  table::stage_table t{"it's", "bought", "parquet"};
  t.columns = {{"user-agent", type_id::text},
               {"part_date", type_id::text},
               {"select", type_id::bigint},
               {"at", type_id::timestamp},
               {"tags", data::type::list_of(type_id::text)}};
  t.kind = table::files::parquet;
  t.path = (f.path() / "a [1]*").string();
  t.partition_by = {"part_date"};
  fs::create_directories(t.path);
  REQUIRE(ask(*e, "copy (select 'x' as \"user-agent\", 7 as \"select\", timestamptz '2018-11-01 00:00:00Z' "
                  "as \"at\", "
                  "['p'] as tags, '007' as part_date union all select 'y', null, null, null, null) to '" +
                      t.path + "' (format parquet, partition_by (part_date), overwrite_or_ignore)")
              .empty());
  for (const char* const hidden : {"/part_date=007/.millrace-x.parquet", "/part_date=007/.millrace-y"})
    std::ofstream(t.path + hidden) << "not whole";
  const auto text = table::definition(t, table::product::duckdb);
  REQUIRE(text);
  for (const auto& s : duckdb::statements_of(*text))
    REQUIRE(ask(*e, s.text).empty());
  CHECK(ask(*e, "select * from \"it's\" order by \"user-agent\"") ==
        R"({"user-agent":"x","part_date":"007","select":7,"at":"2018-11-01T00:00:00Z","tags":["p"]})"
        "\n"
        R"({"user-agent":"y","part_date":null,"select":null,"at":null,"tags":null})"
        "\n");
  CHECK(holds(ask(*e, "select column_type from (describe \"it's\")"), "VARCHAR[]"));
}

TEST_CASE("the printed definitions of JSON, CSV and plain tables are taken by DuckDB", "[duckdb]") {
  const auto e = engine();
  if (!e)
    return;
  const millrace::test::scratch f;
  table::stage_table t{"lines", "lines", "file"};
  t.columns = {{"t", type_id::text},
               {"n", type_id::bigint},
               {"at", type_id::timestamp},
               {"ok", type_id::boolean},
               {"d", type_id::float64},
               {"raw", type_id::json},
               {"o", data::type::object_of({{"lat", type_id::float64}})}};
  const auto defined = [&] {
    const auto text = table::definition(t, table::product::duckdb);
    REQUIRE(text);
    for (const auto& s : duckdb::statements_of(*text))
      REQUIRE(ask(*e, s.text).empty());
  };
  const std::string row =
      R"({"t":"a","n":1,"at":"2021-04-24T19:55:00.796Z","ok":true,"d":1e+300,"raw":{"x":[1]},"o":{"lat":1.5}})"
      "\n";
  const std::string nulls = R"({"t":null,"n":null,"at":null,"ok":null,"d":null,"raw":null,"o":null})"
                            "\n";
  t.kind = table::files::json;
  t.path = (f.path() / "l.jsonl").string();
  std::ofstream(t.path) << row << nulls;
  defined();
  CHECK(
      ask(*e, "select * replace (raw::json as raw) from lines") ==
      R"({"t":"a","n":1,"at":"2021-04-24T19:55:00.796Z","ok":true,"d":1e+300,"raw":"{\"x\":[1]}","o":{"lat":1.5}})"
      "\n" +
          nulls);
  t.kind = table::files::csv;
  t.path = (f.path() / "l.csv").string();
  std::ofstream(t.path) << "t,n,at,ok,d,raw,o\n\"\",1,2021-04-24T19:55:00.796Z,true,1e+300,\"{\"\"x\"\":[1]}"
                           "\",\"{\"\"lat\"\":1.5}\"\n,,,,,,\n";
  defined();
  CHECK(
      ask(*e, "select t, n, \"at\", ok, d, raw, o from lines") ==
      R"({"t":"","n":1,"at":"2021-04-24T19:55:00.796Z","ok":true,"d":1e+300,"raw":"{\"x\":[1]}","o":"{\"lat\":1.5}"})"
      "\n" +
          nulls);
  t.kind = table::files::none;
  t.name = "sel\"ect";
  defined();
  CHECK(
      holds(ask(*e, "select column_name, column_type from (describe \"sel\"\"ect\")"), "STRUCT(lat DOUBLE)"));
}

TEST_CASE("numerics of files are read with every digit, in JSON with the fifteen of a double", "[duckdb]") {
  const auto e = engine();
  if (!e)
    return;
  const millrace::test::scratch f;
  table::stage_table t{"lines", "lines", "file"};
  const auto defined = [&] {
    const auto text = table::definition(t, table::product::duckdb);
    REQUIRE(text);
    for (const auto& s : duckdb::statements_of(*text))
      REQUIRE(ask(*e, s.text).empty());
  };
  t.columns = {{"n", data::type::numeric_of(38, 2)}, {"s", type_id::numeric}};
  t.kind = table::files::csv;
  t.path = (f.path() / "l.csv").string();
  std::ofstream(t.path) << "n,s\n123456789012345678901234567890123456.78,1.50\n-0.01,1.5\n,\n";
  defined();
  CHECK(ask(*e, "select n, s from lines") == R"({"n":123456789012345678901234567890123456.78,"s":"1.50"})"
                                             "\n"
                                             R"({"n":-0.01,"s":"1.5"})"
                                             "\n"
                                             R"({"n":null,"s":null})"
                                             "\n");
  CHECK(ask(*e, "select sum(s::decimal(38, 2)) as s from lines") == "{\"s\":3.00}\n");
  t.columns = {{"n", data::type::numeric_of(15, 2)}};
  t.kind = table::files::json;
  t.path = (f.path() / "l.jsonl").string();
  std::ofstream(t.path) << "{\"n\":9999999999999.99}\n{\"n\":-0.10}\n{\"n\":null}\n";
  defined();
  CHECK(ask(*e, "select n from lines") == "{\"n\":9999999999999.99}\n{\"n\":-0.10}\n{\"n\":null}\n");
}

TEST_CASE("a function of a text and a row sees each row's members, wherever DuckDB keeps them", "[duckdb]") {
  const auto e = engine();
  if (!e)
    return;
  // x of the row, and how long the text is.
  const auto added = e->add_function(
      "longer", [](const std::string& text, const data::batch& rows) -> expected<data::column_ptr> {
        const auto at = rows.schema->find("x");
        if (!at)
          return user_error(ec::invalid_argument, text + ": there is no x");
        data::column_builder out(type_id::float64);
        for (std::size_t i = 0; i < rows.rows; ++i)
          out.append_double(
              static_cast<double>(text.size()) +
              (rows.columns[*at]->is_null(i) ? 0.5 : static_cast<double>(rows.columns[*at]->ints()[i])));
        return out.finish();
      });
  REQUIRE(added);
  REQUIRE(e->lock());
  REQUIRE(
      ask(*e, "create table t as select range::bigint as x, 'n' || range as n from range(10000)").empty());
  CHECK(ask(*e, "select longer('abc', t.*) as y from t where x in (7, 8) order by y") ==
        "{\"y\":10}\n{\"y\":11}\n");
  CHECK(ask(*e, "select sum(longer('abc', t.*)) as y from t") == "{\"y\":50025000}\n");
  CHECK(ask(*e, "select count(*) as n from t where longer('abc', t) = x + 3 and n <> 'n5'") ==
        "{\"n\":9999}\n");
  CHECK(ask(*e, "select sum(longer('abc', s.*)) as y from (select 7::bigint as x, n from t) s") ==
        "{\"y\":1e+05}\n");
  CHECK(ask(*e, "select sum(longer('abc', s.*)) as y from (select t.x, u.x as z from t join t u on t.x = "
                "9999 - u.x where u.x % 3 = 0) s") ==
        ask(*e, "select sum(3 + x)::double as y from t where x % 3 = 0"));
  CHECK(ask(*e, "select longer('abc', {'x': 1::bigint}) as y") == "{\"y\":4}\n");
  CHECK(ask(*e, "select longer('abc', s.*) as y from (select null::bigint as x) s") == "{\"y\":3.5}\n");
  CHECK(ask(*e, "select longer('abc', if(x < 2, t, null)) as y from t where x in (1, 5000) order by x") ==
        "{\"y\":4}\n{\"y\":null}\n");
  CHECK(ask(*e, "select longer(if(x = 1, null, 'abc'), t) as y from t where x < 3 order by x") ==
        "{\"y\":3}\n{\"y\":null}\n{\"y\":5}\n");
  CHECK(holds(ask(*e, "select longer(n, t.*) from t"), "expected the same text for all"));
  CHECK(holds(ask(*e, "select longer('abc', u.*) from (select n from t) u"), "abc: there is no x"));
  CHECK(holds(ask(*e, "select longer('abc', x) from t"), "expected longer('FILE', t.*)"));
  CHECK(holds(ask(*e, "select longer('abc', *) from t"), "error: "));
}

TEST_CASE("a variable is set and read, also where the settings are locked", "[duckdb]") {
  const auto e = engine();
  if (!e)
    return;
  REQUIRE(e->lock());
  CHECK(ask(*e, "select getvariable('x') is null as none") == "{\"none\":true}\n");
  CHECK(ask(*e, "set variable x = 41").empty());
  CHECK(ask(*e, "select getvariable('x') + 1 as y") == "{\"y\":42}\n");
}

TEST_CASE("no function that sets DuckDB up or runs text is called, whatever the release has", "[duckdb]") {
  const auto e = engine();
  if (!e)
    return;
  const millrace::test::scratch f;
  const auto log = (f.path() / "log.csv").string();
  for (const auto& query :
       {"from enable_logging(level='trace', storage='file', storage_path='" + log + "')",
        "create table q as from enable_logging(level='trace', storage='file', storage_path='" + log + "')",
        "from enable_profiling(format='json', save_location='" + log + "')",
        "from query('from enable_logging(storage=''file'', storage_path=''" + log + "'')')",
        std::string("from json_execute_serialized_sql(json_serialize_sql('select 1'))"),
        std::string("from arrow_scan(1, 2, 3)")}) {
    INFO(query);
    CHECK(holds(ask(*e, query), "known only to read"));
  }
  CHECK(ask(*e, "select 1 a") == "{\"a\":1}\n");
  CHECK_FALSE(fs::exists(log));
  CHECK(ask(*e, "select count(*) > 0 a from duckdb_settings()") == "{\"a\":true}\n");
}
