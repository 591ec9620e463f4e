// Many partitions at once: memory and open files stay within their limits, and every row gets into a file.
#include "actors/connectors/parquet/sink/open_files.hpp"
#include "tests/unit/parquet_sink/parquet_fixture.hpp"

#include <set>

namespace millrace::sink {
namespace {

struct place {
  explicit place(open_limits limits)
      : parts(partitioning::make(numbers(), {"name"}).value()), files(folder, parts, limits) {
    files.begin({"tag", 1, compression::snappy}, 1);
  }
  temp_folder at;
  work_folder folder{at.path(), false};
  partitioning parts;
  open_files files;
};

/// Rows of `partitions` names in turn.
data::batch spread(int rows, int partitions) {
  data::column_builder n(data::type_id::bigint);
  data::column_builder name(data::type_id::text);
  for (int i = 0; i < rows; ++i) {
    n.append_int(i);
    name.append_text(std::to_string(i % partitions));
  }
  return {numbers(), {n.finish(), name.finish()}, static_cast<std::size_t>(rows)};
}

std::size_t hidden_files(const temp_folder& at) {
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(at.path()), {}));
}

std::size_t rows_in(place& p, const std::vector<whole_file>& files) {
  std::size_t rows = 0;
  for (const auto& f : files)
    rows += test::parquet_rows(p.at.path() / f.hidden).size();
  return rows;
}

}  // namespace

TEST_CASE("Rows of a partition wait, and one that is used again gets one file") {
  place p({});
  REQUIRE(p.files.add(spread(1000, 10)));
  REQUIRE(p.files.add(spread(1000, 10)));
  CHECK(hidden_files(p.at) == 0);
  CHECK(p.files.files() == 10);
  const auto whole = p.files.finish().value();
  REQUIRE(whole.size() == 10);
  CHECK(whole[0].hidden == ".millrace-part-000001-1");
  CHECK(whole[0].visible == "name=0/part-000001-tag.snappy.parquet");
  CHECK(whole[9].visible == "name=9/part-000010-tag.snappy.parquet");
  CHECK(rows_in(p, whole) == 2000);
  CHECK(p.files.next_number() == 11);
  CHECK(p.files.bytes_written() > 1000);
}

TEST_CASE("Beyond the limit of what waits, the partitions with most get their files") {
  open_limits limits;
  limits.waiting = 200'000;
  place p(limits);
  for (int i = 0; i < 20; ++i)
    REQUIRE(p.files.add(spread(100, 20)));  // 20 batches a turn, each costs 4 KiB
  CHECK(hidden_files(p.at) > 5);
  const auto whole = p.files.finish().value();
  CHECK(rows_in(p, whole) == 2000);
}

TEST_CASE("Rows that come a few at a time wait for little more than they hold, and keep their order") {
  open_limits limits;
  limits.waiting = 400'000;  // less than a hundred of what a batch costs alone
  place p(limits);
  const auto all = spread(3000, 1);
  for (int i = 0; i < 3000; ++i)
    REQUIRE(p.files.add(data::slice(all, static_cast<std::size_t>(i), static_cast<std::size_t>(i) + 1)));
  CHECK(hidden_files(p.at) == 0);
  const auto whole = p.files.finish().value();
  REQUIRE(whole.size() == 1);
  const auto rows = test::parquet_rows(p.at.path() / whole[0].hidden);
  REQUIRE(rows.size() == 3000);
  for (std::size_t i = 0; i < rows.size(); ++i)
    REQUIRE(rows[i] == fmt::format("{{\"n\":{}}}", i));
}

TEST_CASE("Few files are open at a time; a partition whose file has ended gets another") {
  open_limits limits;
  limits.feed = 1;  // every row at once
  limits.files = 4;
  place p(limits);
  for (int i = 0; i < 3; ++i)
    REQUIRE(p.files.add(spread(10, 10)));
  const auto whole = p.files.finish().value();
  CHECK(whole.size() == 30);
  std::set<std::string> names;
  for (const auto& f : whole)
    names.insert(f.visible);
  CHECK(names.size() == 30);
  CHECK(rows_in(p, whole) == 30);
}

TEST_CASE("Row groups end by their size, and by that of all files together") {
  open_limits limits;
  limits.feed = 1;
  SECTION("one is large") { limits.row_group = 4000; }
  SECTION("all together are") { limits.held = 4000; }
  place p(limits);
  for (int i = 0; i < 10; ++i)
    REQUIRE(p.files.add(spread(200, 2)));
  const auto whole = p.files.finish().value();
  REQUIRE(whole.size() == 2);
  CHECK(rows_in(p, whole) == 2000);
  CHECK(test::row_groups(p.at.path() / whole[0].hidden) > 2);
}

TEST_CASE("Names of a state are told from others'") {
  const file_names zstd{"0a", 1, compression::zstd};
  CHECK(zstd.visible(3) == "part-000003-0a.zstd.parquet");
  CHECK(file_names{"0a", 1, compression::none}.visible(1'234'567) == "part-1234567-0a.parquet");
  for (const auto* name : {"part-000003-0a.zstd.parquet", "part-1234567-0a.parquet"})
    CHECK(is_named_by("0a", name));
  for (const auto* name : {"part-000003-0b.parquet", "part-000003-0ab.parquet", "part--0a.parquet",
                           "part-1-0a.csv", "part-1-x-0a.parquet", "part-1.parquet", "0a.parquet"})
    CHECK_FALSE(is_named_by("0a", name));
}

}  // namespace millrace::sink
