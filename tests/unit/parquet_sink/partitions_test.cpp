// Tests which folder a row belongs to.
#include "actors/connectors/parquet/sink/partitions.hpp"
#include "tests/unit/parquet_sink/parquet_fixture.hpp"

namespace millrace::sink {

TEST_CASE("Partition values are escaped as Hive escapes them") {
  CHECK(escape_partition("2018-10-01") == "2018-10-01");
  CHECK(escape_partition("a b,c.d_e~!@$&()+;<>|}`") == "a b,c.d_e~!@$&()+;<>|}`");
  CHECK(escape_partition("a/b=c:d%e\\f") == "a%2Fb%3Dc%3Ad%25e%5Cf");
  CHECK(escape_partition("\"#'*?{[]^") == "%22%23%27%2A%3F%7B%5B%5D%5E");
  CHECK(escape_partition(std::string_view("\0\n\x1f\x7f", 4)) == "%00%0A%1F%7F");
  CHECK(escape_partition("S\xc3\xa3o Paulo") == "S\xc3\xa3o Paulo");
}

TEST_CASE("Rows are split by partition, each keeps its order, and the columns are not in the files") {
  const auto schema = std::make_shared<data::schema>(std::vector<data::field>{
      {"a b", data::type_id::text}, {"n", data::type_id::bigint}, {"when", data::type_id::timestamp}});
  data::column_builder n(data::type_id::bigint);
  data::column_builder when(data::type_id::timestamp);
  for (const int i : {0, 1, 2, 3, 4}) {
    n.append_int(i);
    if (i == 4)
      when.append_null();
    else
      when.append_int(1'000'000 * (i / 2));
  }
  const data::batch rows{schema, {texts({"x", "x", "y", nullptr, ""}), n.finish(), when.finish()}, 5};

  const auto p = partitioning::make(schema, {"when", "a b"}).value();
  CHECK(*p.file_columns() == data::schema({{"n", data::type_id::bigint}}));
  const auto split = p.split(rows);
  CHECK(split.refused.empty());
  std::vector<std::string> seen;
  for (const auto& part : split.all) {
    REQUIRE(part.rows.columns.size() == 1);
    const auto ints = part.rows.columns[0]->ints();
    seen.push_back(fmt::format("{}: {}", part.folder, fmt::join(ints.begin(), ints.end(), " ")));
  }
  CHECK(seen == std::vector<std::string>{
                    "when=1970-01-01T00%3A00%3A00Z/a b=x/: 0 1", "when=1970-01-01T00%3A00%3A01Z/a b=y/: 2",
                    "when=1970-01-01T00%3A00%3A01Z/a b=__HIVE_DEFAULT_PARTITION__/: 3",
                    "when=__HIVE_DEFAULT_PARTITION__/a b=__HIVE_DEFAULT_PARTITION__/: 4"});
}

TEST_CASE("A partition by a numeric has the digits of its scale") {
  const auto schema = std::make_shared<data::schema>(
      std::vector<data::field>{{"price", data::type::numeric_of(10, 2)}, {"n", data::type_id::bigint}});
  data::column_builder price(schema->fields()[0].type);
  data::column_builder n(data::type_id::bigint);
  for (const int units : {150, -5, 150, 0}) {
    price.append_decimal({units, 2});
    n.append_int(units);
  }
  price.append_null();
  n.append_null();
  std::vector<std::string> folders;
  for (const auto& part :
       partitioning::make(schema, {"price"}).value().split({schema, {price.finish(), n.finish()}, 5}).all)
    folders.push_back(fmt::format("{}{}", part.folder, part.rows.rows));
  CHECK(folders == std::vector<std::string>{"price=1.50/2", "price=-0.05/1", "price=0.00/1",
                                            "price=__HIVE_DEFAULT_PARTITION__/1"});
}

TEST_CASE("Without partitions the rows are passed on as they are, without a copy") {
  const auto p = partitioning::make(numbers(), {}).value();
  const auto rows = numbered_rows(0, 5);
  const auto split = p.split(rows);
  REQUIRE(split.all.size() == 1);
  CHECK(split.all[0].folder.empty());
  CHECK(split.all[0].rows.columns[1] == rows.columns[1]);
  CHECK(p.split(numbered_rows(0, 0)).all.empty());
}

TEST_CASE("A value too long for a folder's name is refused, with its column and length") {
  const auto p = partitioning::make(numbers(), {"name"}).value();
  const auto fitting = std::string(250, 'x');
  const auto longer = fitting + "x";
  data::column_builder n(data::type_id::bigint);
  for (const int i : {0, 1, 2})
    n.append_int(i);
  const auto split =
      p.split({numbers(), {n.finish(), texts({longer.c_str(), fitting.c_str(), longer.c_str()})}, 3});
  REQUIRE(split.all.size() == 1);
  CHECK(split.all[0].folder == "name=" + fitting + "/");
  REQUIRE(split.refused.size() == 2);
  CHECK(split.refused[0].row == 0);
  CHECK(split.refused[1].row == 2);
  CHECK_THAT(split.refused[0].why, Catch::Contains("column 'name' holds a text of 251 bytes"));
}

TEST_CASE("A column that is not there is no partition") {
  CHECK(partitioning::make(numbers(), {"Name"}).error().message == "partition_by: there is no column 'Name'");
}

}  // namespace millrace::sink
