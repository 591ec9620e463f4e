#include "tests/support/scratch.hpp"
#include "tools/sql/read_only.hpp"

#include <catch2/catch.hpp>

#include <cstdlib>
#include <filesystem>

using namespace millrace;
using duckdb::duckdb_statement;
namespace fs = std::filesystem;

namespace {

struct folder : millrace::test::scratch {
  folder() { fs::create_directories(path() / "table" / "part_date=20181001"); }
};

std::string refusal(const duckdb::guard& g, const std::string& statement,
                    duckdb_statement kind = duckdb_statement::copy) {
  const auto r = duckdb::may_run(g, kind, statement);
  return r ? "" : r.error().message;
}

bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("a copy into, over or around a table's folder is refused, elsewhere it is not") {
  const folder f;
  const auto base = f.path().string();
  const duckdb::guard g{{f.path() / "table"}, false};
  for (const std::string to : {"/table", "/table/", "/table/x.parquet", "/table/part_date=20181001/x",
                               "/other/../table/x", "/table/new/deep/x", "", "/"})
    CHECK(holds(refusal(g, "copy t to '" + base + to + "'"),
                "would write into the table in " + base + "/table"));
  CHECK(holds(refusal(g, "copy t to 'file://" + base + "/table/x'"), "would write into"));
  CHECK(holds(refusal(g, "explain analyze copy t to '" + base + "/table/x'", duckdb_statement::explain),
              "would write"));
  for (const std::string to : {"/table2", "/tabl", "/other/table", "/x.parquet"})
    CHECK(refusal(g, "copy t to '" + base + to + "'").empty());
  CHECK(refusal(g, "copy t from '" + base + "/table/x'").empty());
  CHECK(refusal({g.tables, true}, "copy t to '" + base + "/table/x'").empty());
}

TEST_CASE("links do not lead into a table") {
  const folder f;
  fs::create_directory_symlink(f.path() / "table", f.path() / "link");
  CHECK(
      holds(refusal({{f.path() / "table"}, false}, "copy t to '" + (f.path() / "link" / "x").string() + "'"),
            "would"));
  CHECK(
      holds(refusal({{f.path() / "link"}, false}, "copy t to '" + (f.path() / "table" / "x").string() + "'"),
            "would"));
}

TEST_CASE("paths are taken as the copy would take them") {
  const folder f;
  const auto here = fs::current_path();
  CHECK(holds(refusal({{here / "out"}, false}, "copy t to 'out/x.csv'"), "would write"));
  CHECK(holds(refusal({{"out"}, false}, "copy t to '" + (here / "out").string() + "/x.csv'"), "would write"));
  if (const char* const home = std::getenv("HOME"))
    CHECK(holds(refusal({{fs::path(home) / "t"}, false}, "copy t to '~/t/x'"), "would write"));
}

TEST_CASE("a target that is no plain text is refused unless writing is asked for") {
  const duckdb::guard g{{"/t"}, false};
  CHECK(holds(refusal(g, "copy t to ('/' || 't/x')"), "must be a plain 'file'"));
  CHECK(refusal({{"/t"}, true}, "copy t to ('/' || 't/x')").empty());
}

TEST_CASE("what changes the set-up or writes files otherwise is refused, queries and own tables are not") {
  const duckdb::guard g{{"/t"}, true};
  const auto other = [](int kind) { return static_cast<duckdb_statement>(kind); };
  CHECK(holds(refusal(g, "set memory_limit = '1TB'", other(20)), "\"set\" is not for millrace sql"));
  CHECK(holds(refusal(g, "attach 'x.db'", other(25)), "\"attach\" is not for millrace sql"));
  CHECK(holds(refusal(g, "export database 'x'", other(16)), "\"export\" is not"));
  CHECK(holds(refusal(g, "prepare p as copy t to 'x'", other(6)), "\"prepare\" is not"));
  CHECK(holds(refusal(g, "load httpfs", other(21)), "\"load\" is not"));
  CHECK(holds(refusal(g, "explain analyze export database 'x'", duckdb_statement::explain),
              "\"export\" is not"));
  CHECK(refusal(g, "select 1", duckdb_statement::select).empty());
  CHECK(refusal(g, "explain (select 1)", duckdb_statement::explain).empty());
  CHECK(refusal(g, "create table x as select 1", duckdb_statement::create).empty());
  CHECK(refusal(g, "drop table x", duckdb_statement::drop).empty());
  CHECK(refusal(g, "set variable x = 1", duckdb_statement::set_variable).empty());
  CHECK(refusal(g, "set variable x = 1", duckdb_statement::set).empty());
  CHECK(holds(refusal(g, "set threads = 1", duckdb_statement::set), "\"set\" is not for millrace sql"));
}

TEST_CASE("of pragmas those that only tell may run, and no statement becomes a copy unseen") {
  const duckdb::guard g{{"/t"}, true};
  for (const std::string name : {"import_database('x')", "Import_Database('x')", "\"import_database\"('x')",
                                 "enable_profiling", "profile_output='x'", "threads=4", "", "(x)"}) {
    INFO(name);
    CHECK(holds(refusal(g, "pragma " + name, duckdb_statement::select), "is not for millrace sql"));
    CHECK_FALSE(duckdb::may_prepare(g, "explain pragma " + name));
  }
  for (const std::string name : {"table_info('t')", "show_tables", "version", "database_list"})
    CHECK(refusal(g, "pragma " + name, duckdb_statement::select).empty());
  CHECK(holds(refusal(g, "select 1", duckdb_statement::copy), "is not for"));
  CHECK(holds(refusal(g, "create or replace persistent secret s (type s3)", duckdb_statement::create),
              "secret"));
  CHECK(holds(refusal(g, "drop persistent secret s", duckdb_statement::drop), "secret"));
  CHECK(refusal(g, "create or replace temp table secret (x int)", duckdb_statement::create).empty());
}

TEST_CASE("a copy's options keep to its target, or are refused") {
  const folder f;
  const auto base = f.path().string();
  const duckdb::guard g{{f.path() / "table"}, false};
  const auto copy = [&](const std::string& options, bool writes = false) {
    return refusal({g.tables, writes}, "copy t to '" + base + "/other' " + options);
  };
  for (const std::string options :
       {"(per_thread_output, filename_pattern '../table/x')",
        "(format csv, FILENAME_PATTERN '../table/x{i}')",
        "(partition_by (a), \"filename_pattern\" '../../table/x')", "(file_extension '/../../table/x')",
        "(filename_pattern ('../' || 'table/x'))", "(filename_pattern E'\\x2e\\x2e\\x2ftable')",
        "(filename_pattern $$../table/x$$)"}) {
    INFO(options);
    CHECK(holds(copy(options), "must be a plain 'text' without \"/\""));
    CHECK(copy(options, true).empty());
  }
  for (const std::string options : {"(hive_file_pattern false)", "(nobody_knows 1)", "with (a_new_option)",
                                    "with force quote a", "(format csv) more"})
    CHECK(holds(copy(options), "is not known to keep to the target"));
  CHECK(holds(copy("(format 'duckdb')"), "format must be csv, json or parquet"));
  for (const std::string options :
       {"", "(format csv, header, delimiter ';')", "(format PARQUET, compression zstd, row_group_size 1000)",
        "(partition_by (a, \"b c\"), overwrite_or_ignore, filename_pattern 'part_{i}')", "with csv header",
        "(format json, array true)", "with (format 'csv', force_quote (a), nullstr 'NULL')"}) {
    INFO(options);
    CHECK(copy(options).empty());
  }
}

TEST_CASE("a copy is judged by the path that DuckDB makes of its words") {
  const folder f;
  const auto base = f.path().string();
  const duckdb::guard g{{f.path() / "table"}, false};
  CHECK(holds(refusal(g, "copy t to E'" + base + "/other/\\x2e\\x2e/table/x'"), "must be a plain 'file'"));
  CHECK(holds(refusal(g, "copy t to\u00a0'" + base + "/table/x'"), "such as a no-break space"));
  CHECK(holds(refusal(g, "copy t\u2003to '" + base + "/table/x'"), "such as a no-break space"));
  CHECK(holds(refusal(g, "copy t to '" + base + "/no\u00a0break'"), "must be a plain 'file'"));
  CHECK(refusal(g, "select 'no\u00a0break' as \"b\u00a0c\", 'a' /* \u00a0 */", duckdb_statement::select)
            .empty());
  // DuckDB fills tmp_x first where x is there, and renames it.
  const duckdb::guard file{{f.path() / "tmp_x.csv"}, false};
  CHECK(holds(refusal(file, "copy t to '" + base + "/x.csv'"), "would write into the table"));
  CHECK(refusal(file, "copy t to '" + base + "/y.csv'").empty());
}

TEST_CASE("of DuckDB's table functions those that only read may be called") {
  const duckdb::guard g{
      {}, true, {"enable_logging", "enable_profiling", "query", "read_csv", "range", "of_a_new_release"}};
  const auto select = [&](const std::string& from) {
    return refusal(g, "select * from " + from, duckdb_statement::select);
  };
  for (const std::string from :
       {"enable_logging(storage='file', storage_path='x')", "Enable_Logging ('a')",
        "\"ENABLE_logging\"/**/()", "system.main.enable_profiling(save_location='x')",
        "t, lateral query('from t')", "of_a_new_release()"}) {
    INFO(from);
    CHECK(holds(select(from), "is not one of those that are known only to read"));
    CHECK(holds(refusal(g, "create view v as from " + from, duckdb_statement::create), "known only to read"));
    CHECK(holds(refusal(g, "explain analyze from " + from, duckdb_statement::explain), "known only to read"));
    CHECK(holds(refusal(g, "copy (from " + from + ") to 'x'"), "known only to read"));
  }
  CHECK(select("read_csv('x'), range(3), (select count(query) from t where a in (1))").empty());
}
