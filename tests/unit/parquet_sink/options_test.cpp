// The parquet sink's options: what `check` says.
#include "tests/unit/parquet_sink/parquet_fixture.hpp"

namespace millrace::sink {
namespace {

std::vector<std::string> findings(const config::values& o, const data::schema* input) {
  std::vector<std::string> said;
  parquet_sink_declaration().check({o, input}, [&](std::string_view option, std::string m) {
    said.push_back(std::string(option) + ": " + m);
  });
  return said;
}

}  // namespace

TEST_CASE("Good options pass the check") {
  CHECK(findings(parquet_values("t"), numbers().get()).empty());
  CHECK(findings(parquet_values("t/", {.partition_by = {"name"}, .rows = 1}), numbers().get()).empty());
  CHECK(findings(parquet_values("t", {.partition_by = {"any"}}), nullptr).empty());
}

TEST_CASE("Numerics of one scale are columns and partitions") {
  const data::schema columns(
      {{"n", data::type::numeric_of(38, 38)}, {"l", data::type::list_of(data::type::numeric_of(3, 0))}});
  CHECK(findings(parquet_values("t"), &columns).empty());
  CHECK(findings(parquet_values("t", {.partition_by = {"n"}}), &columns).empty());
}

TEST_CASE("Each wrong option is found") {
  const data::schema columns({{"n", data::type_id::bigint},
                              {"name", data::type_id::text},
                              {"tags", data::type::list_of(data::type_id::text)},
                              {"_topic", data::type_id::text}});
  const auto finds = [&](const config::values& o, const std::string& part, const data::schema& input) {
    const auto said = findings(o, &input);
    INFO(part);
    REQUIRE(said.size() == 1);
    CHECK_THAT(said[0], Catch::Contains(part));
  };
  finds(parquet_values(""), "path: is empty", columns);
  finds(parquet_values("t", {.partition_by = {"Name"}}), "partition_by: there is no column \"Name\"",
        columns);
  finds(parquet_values("t", {.partition_by = {"n", "n"}}), "names column 'n' twice", columns);
  finds(parquet_values("t", {.partition_by = {"tags"}}), "column 'tags' is [text]", columns);
  finds(parquet_values("t", {.partition_by = {"_topic"}}), "would be hidden", columns);
  finds(parquet_values("t", {.partition_by = {"n", "name"}}), "names every column", *numbers());
  finds(parquet_values("t", {.age = "0 s"}), "an age of nothing", columns);
  finds(parquet_values("t"), "column 'o' is an object without members",
        data::schema({{"o", data::type::object_of({})}, {"n", data::type_id::bigint}}));
  finds(parquet_values("t"),
        "column 'total' is numeric, of any number of digits behind the point, and a decimal of Parquet has a "
        "fixed one; "
        "expected a cast in `columns`, such as \"total\": \"(...)::numeric(38, 2)\"",
        data::schema({{"n", data::type::numeric_of(38, 2)}, {"total", data::type_id::numeric}}));
  finds(parquet_values("t"), "column 'l' is [{n numeric}], with a numeric of any number of digits",
        data::schema({{"l", data::type::list_of(data::type::object_of({{"n", data::type_id::numeric}}))}}));
}

TEST_CASE("The columns of partition_by are named for projection") {
  const auto c = parquet_sink_declaration();
  CHECK(c.sink(parquet_values("t", {.partition_by = {"a", "b"}})).columns_named ==
        std::vector<std::string>{"a", "b"});
  CHECK(c.sink(parquet_values("t")).columns_named.empty());
}

}  // namespace millrace::sink
