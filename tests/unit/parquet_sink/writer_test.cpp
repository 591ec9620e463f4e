// The parquet sink's writer: rows become visible in whole files, once, also if others have the folder.
#include "actors/connectors/parquet/sink/parquet_writer.hpp"
#include "tests/unit/parquet_sink/parquet_fixture.hpp"

namespace millrace::sink {
namespace {

std::string tag_pattern() { return "part-0*(\\d+)-[0-9a-f]{10}\\.snappy\\.parquet"; }

}  // namespace

TEST_CASE("Nothing is visible before a file is whole; then all of it is, also behind a restart") {
  const temp_folder folder;
  const auto path = folder / "deep/er/table";
  {
    auto w = table_writer(path, {.rows = 5});
    CHECK_FALSE(w->open(life(1)).value());
    write_and_commit(*w, 0, 4);
    CHECK(test::table_files(path).empty());
    write_and_commit(*w, 4, 6);
    REQUIRE(test::table_files(path).size() == 1);
    CHECK_THAT(test::table_files(path)[0], Catch::Matches(tag_pattern()));
    CHECK(table_lines(path) == lines(0, 6));
    write_and_commit(*w, 6, 8);
    CHECK(table_lines(path) == lines(0, 6));
  }  // the end in order publishes
  CHECK(table_lines(path) == lines(0, 8));
  auto w = table_writer(path, {.rows = 5});
  const auto p = w->open(life(2, true)).value();
  REQUIRE(p);
  CHECK(position_of(p) == 8);
  CHECK(p->batch == 8);
  write_and_commit(*w, 8, 20);
  CHECK(table_lines(path) == lines(0, 20));
  CHECK(test::table_files(path).size() == 3);
}

TEST_CASE("Rows that were written but not committed are gone after the next open; committed ones are not") {
  const temp_folder folder;
  auto w = open_table(folder / "t", 1);
  write_and_commit(*w, 0, 3);
  REQUIRE(w->write(numbered_rows(3, 100'000)));  // more than waits in memory
  CHECK(position_of(w->open(life(1)).value()) == 3);
  write_and_commit(*w, 3, 5);
  REQUIRE(w->write(numbered_rows(100, 200)));
  w.reset();  // no orderly end: committed rows stay staged
  CHECK(table_lines(folder / "t").empty());
  w = open_table(folder / "t", 2);
  w.reset();
  CHECK(table_lines(folder / "t") == lines(0, 5));
}

TEST_CASE("Files that are old enough become visible although nothing more comes") {
  const temp_folder folder;
  fake_clock clock(1'000'000);
  auto w = table_writer(folder / "t", {.age = "10 s"}, numbers(), clock);
  REQUIRE(w->open(life(1)));
  CHECK_FALSE(w->keep_alive_in());
  write_and_commit(*w, 0, 2);
  CHECK(w->keep_alive_in() == micros(10'000'000));
  clock.set(6'000'000);
  CHECK(w->keep_alive_in() == micros(5'000'000));
  CHECK(w->keep_alive());
  CHECK(table_lines(folder / "t").empty());
  clock.set(11'000'000);
  CHECK(w->keep_alive());
  CHECK(table_lines(folder / "t") == lines(0, 2));
  CHECK_FALSE(w->keep_alive_in());
  write_and_commit(*w, 2, 3);
  clock.set(20'000'000);
  write_and_commit(*w, 3, 4);
  CHECK(table_lines(folder / "t") == lines(0, 2));
  clock.set(21'000'000);
  write_and_commit(*w, 4, 5);  // a commit does it, too
  CHECK(table_lines(folder / "t") == lines(0, 5));
}

TEST_CASE("Rows that a crash left staged are read again, also by a writer with other limits") {
  const temp_folder folder;
  const auto path = folder / "t";
  {
    auto w = open_table(path, 1);
    write_and_commit(*w, 0, 5'000);
    write_and_commit(*w, 5'000, 5'001);
    REQUIRE(w->write(numbered_rows(9'000, 9'001)));
  }
  auto w = open_table(path, 2, {.rows = 6'000});
  write_and_commit(*w, 5'001, 6'000);
  CHECK(table_lines(path) == lines(0, 6'000));
  CHECK(test::table_files(path).size() == 1);
}

TEST_CASE("Partitions become folders, and their column is in no file") {
  const temp_folder folder;
  auto w = open_table(folder / "t", 1, {.partition_by = {"name"}, .rows = 9});
  write_and_commit(*w, 0, 9);
  const auto files = test::table_files(folder / "t");
  REQUIRE(files.size() == 8);  // 0 and 7 have no name
  CHECK_THAT(files[0], Catch::Matches("name=__HIVE_DEFAULT_PARTITION__/" + tag_pattern()));
  CHECK_THAT(files[1], Catch::Matches("name=row 1/" + tag_pattern()));
  CHECK(test::parquet_rows(folder / "t" / files[0]) == std::vector<std::string>{R"({"n":0})", R"({"n":7})"});
  write_and_commit(*w, 9, 18);
  CHECK(test::table_rows(folder / "t").size() == 18);
}

TEST_CASE(
    "A row whose partition can have no name is refused with its commit, and told until it is forgotten") {
  const temp_folder folder;
  auto w = open_table(folder / "t", 1, {.partition_by = {"name"}});
  const std::string endless(300, 'x');
  data::column_builder n(data::type_id::bigint);
  n.append_int(1);
  n.append_int(2);
  REQUIRE(w->write({numbers(), {n.finish(), texts({endless.c_str(), "b"})}, 2}));
  CHECK(w->commit(at(2)).value() == 1);
  const auto told = w->rejected(0, 10).value();
  REQUIRE(told.size() == 1);
  CHECK(told[0].sequence == 1);
  CHECK(told[0].record == "{\"n\":1,\"name\":\"" + endless + "\"}");
  CHECK_THAT(told[0].error, Catch::Contains("too long for the name of a partition's folder"));
  w = open_table(folder / "t", 2, {.partition_by = {"name"}});
  CHECK(w->rejected(0, 10).value().size() == 1);
  CHECK(w->rejected(1, 10).value().empty());
  w->forget_rejected(1);
  REQUIRE(w->commit(at(3)));
  w = open_table(folder / "t", 3, {.partition_by = {"name"}});
  CHECK(w->rejected(0, 10).value().empty());
  w.reset();
  CHECK(test::table_rows(folder / "t") == std::vector<std::string>{R"({"n":2,"name":"b"})"});
}

TEST_CASE("A newer life fences the older one, which then changes nothing") {
  const temp_folder folder;
  auto old = open_table(folder / "t", 1, {.rows = 4});
  write_and_commit(*old, 0, 3);
  REQUIRE(old->write(numbered_rows(3, 7)));
  auto newer = open_table(folder / "t", 2, {.rows = 4});
  const auto refused = old->commit(at(7));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ec::fenced);
  CHECK(old->open(life(1)).error().code == ec::fenced);
  old.reset();
  CHECK(table_lines(folder / "t").empty());
  write_and_commit(*newer, 3, 8);
  CHECK(table_lines(folder / "t") == lines(0, 8));
}

TEST_CASE("A zombie with a megabyte of rows under way is fenced before it stages them") {
  const temp_folder folder;
  auto old = open_table(folder / "t", 1);
  auto newer = open_table(folder / "t", 2);
  const auto refused = old->write(numbered_rows(0, 100'000));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ec::fenced);
  CHECK(std::filesystem::file_size(folder / "t/.millrace-staged") == 0);
}

TEST_CASE(
    "Progress that the state folder expects and that is not there is an error, never a start from zero") {
  const temp_folder folder;
  const auto p = table_writer(folder / "t", {})->open(life(2, true));
  REQUIRE_FALSE(p);
  CHECK(p.error().code == ec::mismatch);
}

TEST_CASE("Staged rows that are missing or damaged are an error with its remedy") {
  const temp_folder folder;
  const auto staged = folder / "t/.millrace-staged";
  {
    auto w = open_table(folder / "t", 1);
    write_and_commit(*w, 0, 100);
    REQUIRE(w->write(numbered_rows(100, 101)));
  }
  const auto finds = [&](ec code, const std::string& part) {
    const auto p = table_writer(folder / "t", {})->open(life(2, true));
    REQUIRE_FALSE(p);
    CHECK(p.error().code == code);
    CHECK_THAT(p.error().message, Catch::Contains(part) && Catch::Contains("--fresh"));
  };
  SECTION("gone") {
    std::filesystem::remove(staged);
    finds(ec::not_found, "it has vanished");
  }
  SECTION("shorter") {
    std::filesystem::resize_file(staged, 50);
    finds(ec::mismatch, "has only 50");
  }
  SECTION("damaged") {
    auto bytes = content(staged);
    bytes[40] = static_cast<char>(bytes[40] + 1);
    std::ofstream(staged, std::ios::binary) << bytes;
    finds(ec::corrupt, "damaged at byte 0");
  }
  SECTION("of other columns") {
    const auto other = std::make_shared<data::schema>(std::vector<data::field>{{"m", data::type_id::bigint}});
    const auto p = table_writer(folder / "t", {}, other)->open(life(2, true));
    REQUIRE_FALSE(p);
    CHECK_THAT(p.error().message, Catch::Contains("100 committed rows") && Catch::Contains("SIGTERM"));
  }
}

TEST_CASE("A name that is taken is never written over") {
  const temp_folder folder;
  auto w = open_table(folder / "t", 1, {.rows = 2});
  write_and_commit(*w, 0, 2);
  const auto first = test::table_files(folder / "t").at(0);
  const auto second = std::string(first).replace(first.find("000001"), 6, "000002");
  append_to(folder / "t" / second, "theirs");
  REQUIRE(w->write(numbered_rows(2, 4)));
  const auto refused = w->commit(at(4));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ec::already_exists);
  CHECK(content(folder / "t" / second) == "theirs");
  std::filesystem::remove(folder / "t" / second);
  CHECK(position_of(w->open(life(1)).value()) == 4);
  CHECK(table_lines(folder / "t") == lines(0, 4));
}

TEST_CASE("A path that is a file, or may not be written to, is the user's to mend") {
  const temp_folder folder;
  append_to(folder / "plain", "x");
  const auto p = table_writer(folder / "plain", {})->open(life(1));
  REQUIRE_FALSE(p);
  CHECK(p.error().whose == fault::user);
  CHECK_THAT(p.error().message, Catch::Contains((folder / "plain").string()));
  if (::geteuid() == 0) {
    WARN("SKIPPED: root may write everywhere; a folder that is not writable is not tested");
    return;
  }
  std::filesystem::create_directory(folder / "locked");
  std::filesystem::permissions(folder / "locked", std::filesystem::perms::owner_read);
  const auto locked = table_writer(folder / "locked/t", {})->open(life(1));
  REQUIRE_FALSE(locked);
  CHECK(locked.error().whose == fault::user);
}

}  // namespace millrace::sink
