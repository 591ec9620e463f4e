// A folder may hold these already: another state's table, an older one's files, what others have put there.
#include "actors/connectors/parquet/sink/old_data.hpp"
#include "tests/unit/parquet_sink/parquet_fixture.hpp"

namespace millrace::sink {
namespace {

claim state_b(bool fresh = false) {
  claim c{"state-b", "topology", "out", 1};
  c.fresh = fresh;
  return c;
}

}  // namespace

TEST_CASE(
    "A table of another sink or state is refused; a fresh state replaces the files of that state alone") {
  const temp_folder folder;
  const auto path = folder / "t";
  {
    auto w = open_table(path, 1, {.rows = 4});
    write_and_commit(*w, 0, 4);
    write_and_commit(*w, 4, 6);  // published at the end
  }
  for (auto other :
       {state_b(), claim{"state-a", "topology", "second", 1}, claim{"state-a", "else", "out", 9}}) {
    const auto p = table_writer(path, {})->open(other);
    REQUIRE_FALSE(p);
    CHECK(p.error().code == ec::mismatch);
    CHECK(p.error().whose == fault::user);
  }
  CHECK(table_lines(path) == lines(0, 6));
  std::filesystem::copy_file(path / test::table_files(path)[1], path / "theirs.parquet");
  auto w = table_writer(path, {.rows = 2});
  CHECK_FALSE(w->open(state_b(true)).value());
  CHECK(test::table_files(path) == std::vector<std::string>{"theirs.parquet"});
  write_and_commit(*w, 10, 12);
  CHECK(position_of(w->open(state_b(true)).value()) == 12);  // its own files are not replaced
  CHECK(table_lines(path) == lines(10, 12) + lines(4, 6));
}

TEST_CASE("A fresh state forgets what the old one had staged") {
  const temp_folder folder;
  {
    auto w = open_table(folder / "t", 1);
    write_and_commit(*w, 0, 4);
    REQUIRE(w->write(numbered_rows(4, 5)));
  }
  auto w = table_writer(folder / "t", {.rows = 1});
  CHECK_FALSE(w->open(state_b(true)).value());
  write_and_commit(*w, 7, 8);
  CHECK(table_lines(folder / "t") == lines(7, 8));
}

TEST_CASE("With at_start empty a state that begins drops the table's data, once, and nothing else") {
  const temp_folder folder;
  const auto path = folder / "t";
  const table_options options{.partition_by = {"name"}, .rows = 2, .at_start = "empty"};
  std::filesystem::create_directories(path / "name=old/deeper=1");
  std::filesystem::create_directories(path / "other");
  append_to(path / "name=old/deeper=1/x.parquet", "from long ago");
  append_to(path / "y.parquet", "from long ago");
  append_to(path / "_SUCCESS", "kept");
  append_to(path / "readme.txt", "kept");
  append_to(path / "other/z.parquet", "kept");
  auto w = table_writer(path, options);
  CHECK_FALSE(w->open(life(1)).value());
  CHECK(test::table_files(path) == std::vector<std::string>{"other/z.parquet", "readme.txt"});
  CHECK_FALSE(std::filesystem::exists(path / "name=old"));
  CHECK(std::filesystem::exists(path / "_SUCCESS"));
  std::filesystem::remove_all(path / "other");
  std::filesystem::remove(path / "readme.txt");
  write_and_commit(*w, 1, 3);
  write_and_commit(*w, 3, 4);
  w = table_writer(path, options);
  CHECK(position_of(w->open(life(2, true)).value()) == 4);
  w.reset();
  CHECK(test::table_rows(path).size() == 3);

  // Another state of the same sink begins: its folder is new.
  w = table_writer(path, options);
  CHECK_FALSE(w->open(state_b()).value());
  CHECK(test::table_rows(path).empty());
  // Nobody else's table is emptied.
  write_and_commit(*w, 8, 10);
  CHECK_FALSE(table_writer(path, options)->open({"state-c", "topology", "second", 1}));
  CHECK(test::table_rows(path).size() == 2);
}

TEST_CASE("--adopt goes on with what is there, under names that do not clash") {
  const temp_folder folder;
  {
    auto w = open_table(folder / "t", 1, {.rows = 2});
    write_and_commit(*w, 0, 2);
    write_and_commit(*w, 2, 3);
    REQUIRE(w->write(numbered_rows(3, 4)));
  }
  auto adopting = state_b();
  adopting.adopt = true;
  auto w = table_writer(folder / "t", {.rows = 2});
  CHECK(position_of(w->open(adopting).value()) == 3);
  write_and_commit(*w, 3, 5);
  CHECK(table_lines(folder / "t") == lines(0, 5));
}

TEST_CASE("Rows are added to an older table only where they fit") {
  const temp_folder folder;
  const auto path = folder / "t";
  { write_and_commit(*open_table(path, 1), 0, 3); }
  std::filesystem::remove(path / ".millrace-table");  // another program leaves a table so
  const auto finds = [&](const table_options& o, const data::schema_ptr& rows, const std::string& part) {
    const auto p = table_writer(path, o, rows)->open(life(1));
    REQUIRE_FALSE(p);
    CHECK(p.error().code == ec::mismatch);
    CHECK(p.error().whose == fault::user);
    CHECK_THAT(p.error().message, Catch::Contains(part) && Catch::Contains("\"at_start\": \"empty\""));
  };
  const auto renamed = std::make_shared<data::schema>(
      std::vector<data::field>{{"n", data::type_id::float64}, {"name", data::type_id::text}});
  finds({}, renamed, "other columns (n int64, name string; this one's are n double, name string)");
  finds({.partition_by = {"name"}}, numbers(), "is partitioned by (), this one by (name)");
  {
    auto w = table_writer(path);
    CHECK_FALSE(w->open(state_b()).value());
    write_and_commit(*w, 3, 5);
  }
  CHECK(test::table_rows(path).size() == 5);
}

TEST_CASE("A file that calls itself Parquet and is none is told") {
  const temp_folder folder;
  std::filesystem::create_directories(folder / "t");
  append_to(folder / "t/broken.parquet", "no");
  const auto p = table_writer(folder / "t", {})->open(life(1));
  REQUIRE_FALSE(p);
  CHECK_THAT(p.error().message, Catch::Contains("broken.parquet is not a Parquet file"));
}

}  // namespace millrace::sink
