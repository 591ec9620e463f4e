#include "tests/support/scratch.hpp"
#include "tools/sql/sources.hpp"

#include <catch2/catch.hpp>

#include <filesystem>

using namespace millrace;
using data::type_id;
namespace fs = std::filesystem;

namespace {

struct tree : millrace::test::scratch {
  void add(const std::string& name, const std::string& text = "x") const { write(name, text); }
  [[nodiscard]] std::string at(const std::string& name) const { return *this / name; }
};

table::stage_table stage(const std::string& name, table::files kind, const std::string& path) {
  table::stage_table t{name, name, "parquet"};
  t.columns = {{"a", type_id::text}, {"n", type_id::bigint}};
  t.kind = kind;
  t.path = path;
  return t;
}

std::string one(const std::vector<duckdb::known_topology>& topologies,
                const std::vector<duckdb::table_argument>& arguments) {
  const auto found = duckdb::sources_of(topologies, arguments);
  return found ? found->front().select : "error: " + found.error().message;
}

}  // namespace

TEST_CASE("hidden files, and those in hidden folders, are not a table's") {
  const tree t;
  for (const char* const name : {"b.parquet", "p=1/a.parquet", ".millrace-x.parquet", "p=1/.tmp.parquet",
                                 "_spark_metadata/0", ".millrace-tmp/c.parquet", "_SUCCESS", "a.parquet"})
    t.add(name);
  const auto files = duckdb::visible_files(t.path());
  REQUIRE(files);
  CHECK(*files == std::vector<std::string>{t.at("a.parquet"), t.at("b.parquet"), t.at("p=1/a.parquet")});
  CHECK(duckdb::visible_files(t.path() / "nowhere")->empty());
}

TEST_CASE("the kind of a file is in its name") {
  using table::files;
  CHECK(duckdb::kind_of_file("a.parquet") == files::parquet);
  CHECK(duckdb::kind_of_file("a.jsonl") == files::json);
  CHECK(duckdb::kind_of_file("a.json.gz") == files::json);
  CHECK(duckdb::kind_of_file("a.csv.gz") == files::csv);
  CHECK(duckdb::kind_of_file("a.parquet.gz") == files::none);
  CHECK(duckdb::kind_of_file("a.txt") == files::none);
}

TEST_CASE("a stage's table is read from its visible files with its own columns") {
  const tree t;
  t.add("s/it's [1]/part.parquet");
  t.add("s/.millrace-open.parquet");
  CHECK(one({{"web", {stage("s", table::files::parquet, t.at("s"))}}}, {}) ==
        "select \"a\", \"n\"\nfrom read_parquet(['" + t.at("s") +
            "/it''s [[]1]/part.parquet'], hive_partitioning = false, "
            "union_by_name = true)");
}

TEST_CASE("a table without files, or with empty ones, has its columns") {
  const tree t;
  t.add("empty.csv", "");
  const auto none = "select cast(null as VARCHAR) as \"a\", cast(null as BIGINT) as \"n\" where false";
  CHECK(one({{"web", {stage("s", table::files::parquet, t.at("nowhere"))}}}, {}) == none);
  CHECK(one({{"web", {stage("s", table::files::csv, t.at("empty.csv"))}}}, {}) == none);
  CHECK(one({{"web", {stage("s", table::files::json, t.at("none.jsonl"))}}}, {}) == none);
}

TEST_CASE("of a sink that rolls, the numbered files are read and no others") {
  const tree t;
  for (const char* const name :
       {"out-000001.jsonl", "out-000002.jsonl", "out-x.jsonl", "other-000001.jsonl", "out.jsonl",
        ".millrace-out.000003", "deep/out-000001.jsonl", "out-000003.csv"})
    t.add(name);
  auto s = stage("s", table::files::json, t.at("out.jsonl"));
  s.rolled = true;
  const auto select = one({{"web", {s}}}, {});
  CHECK(select.find("['" + t.at("out-000001.jsonl") + "', '" + t.at("out-000002.jsonl") + "']") !=
        std::string::npos);
}

TEST_CASE("--table takes a folder, a file or a stage") {
  const tree t;
  t.add("f/x=1/a.parquet");
  t.add("one.csv");
  CHECK(one({}, {{"t", t.at("f")}}) ==
        "select * from read_parquet(['" + t.at("f/x=1/a.parquet") +
            "'], hive_partitioning = true, hive_types_autocast = false, union_by_name = true)");
  CHECK(one({}, {{"t", t.at("f/x=1")}}).find("hive_partitioning = false") != std::string::npos);
  CHECK(one({}, {{"t", t.at("one.csv")}}).starts_with("select * from read_csv_auto(["));
  const std::vector<duckdb::known_topology> web{{"web", {stage("s", table::files::csv, t.at("one.csv"))}}};
  const auto both = duckdb::sources_of(web, {{"other", "s"}});
  REQUIRE(both);
  REQUIRE(both->size() == 2);
  CHECK((*both)[0].name == "other");
  CHECK((*both)[1].name == "s");
  CHECK((*both)[0].select == (*both)[1].select);
  // It takes a stage's name from it.
  CHECK(duckdb::sources_of(web, {{"s", t.at("f")}})->size() == 1);
}

TEST_CASE("tables of one name in several topologies are told apart by the topology") {
  const tree t;
  const std::vector<duckdb::known_topology> two{{"a", {stage("s", table::files::csv, t.at("x"))}},
                                                {"b", {stage("s", table::files::csv, t.at("y"))}}};
  const auto found = duckdb::sources_of(two, {{"mine", "b.s"}});
  REQUIRE(found);
  REQUIRE(found->size() == 3);
  CHECK((*found)[0].places == std::vector<fs::path>{t.at("y")});
  CHECK((*found)[1].schema == "a");
  CHECK((*found)[2].schema == "b");
  CHECK(one(two, {{"mine", "s"}}) ==
        "error: --table mine=s: several topologies have such a stage; expected TOPOLOGY.STAGE");
}

TEST_CASE("arguments that mean nothing are errors with what could be meant") {
  const tree t;
  t.add("mixed/a.csv");
  t.add("mixed/b.json");
  t.add("none/a.txt");
  for (const char* const text : {"t", "=x", "t=", ""})
    CHECK(duckdb::parse_table_argument(text).error().message ==
          std::string("--table ") + text + ": expected NAME=FOLDER, NAME=FILE or NAME=STAGE");
  CHECK(duckdb::parse_table_argument("t=a=b")->what == "a=b");
  CHECK(one({}, {{"t", t.at("nowhere")}}) ==
        "error: --table t=" + t.at("nowhere") + ": there is no such folder or file");
  CHECK(one({{"web", {stage("sold", table::files::csv, "x")}}}, {{"t", "sol"}}) ==
        "error: --table t=sol: there is no such folder or file, and no such stage that writes a table's "
        "files; stages are "
        "\"sold\"; did you mean \"sold\"?");
  CHECK(one({}, {{"t", t.at("mixed")}}).find("it holds files of several kinds") != std::string::npos);
  CHECK(one({}, {{"t", t.at("none")}}).find("there is no visible file of a table in it; expected .parquet") !=
        std::string::npos);
  CHECK(one({}, {{"t", t.at("none/a.txt")}}).find("it is not a table's file; expected .parquet") !=
        std::string::npos);
  CHECK(one({}, {{"t", t.at("mixed/a.csv")}, {"t", t.at("mixed/b.json")}}) ==
        "error: --table t=" + t.at("mixed/b.json") + ": t is given twice");
}
