// Parquet files as readers find them: every type read back with Arrow, statistics, dictionaries, codecs.
#include "actors/connectors/parquet/sink/arrow_array.hpp"
#include "actors/connectors/parquet/sink/local_folder.hpp"
#include "actors/connectors/parquet/sink/parquet_file.hpp"
#include "tests/unit/parquet_sink/parquet_fixture.hpp"

namespace millrace::sink {
namespace {

using data::type_id;

std::unique_ptr<parquet_file> open_file(const temp_folder& folder, const data::schema& columns,
                                        compression packed = compression::snappy,
                                        const std::vector<bool>& dictionary = std::vector<bool>(32, true)) {
  auto to = work_folder(folder.path(), false).create("f.parquet");
  return std::move(open_parquet_file(std::move(to.value()), columns, packed, dictionary).value());
}

expected<std::vector<std::string>> columns_in(const temp_folder& folder, const std::string& name) {
  return columns_of(*local_folder(folder.path(), false)->open(name).value(), name);
}

/// 600 rows: a text that repeats, one that does not, and a number.
data::batch some_texts() {
  const auto schema = std::make_shared<data::schema>(std::vector<data::field>{
      {"host", type_id::text}, {"user-agent", type_id::text}, {"a.b", type_id::bigint}});
  data::column_builder host(type_id::text);
  data::column_builder agent(type_id::text);
  data::column_builder n(type_id::bigint);
  for (int i = 0; i < 600; ++i) {
    host.append_text(i % 3 == 0 ? "user1.comcast.com" : "user2.att.com");
    agent.append_text(fmt::format("agent {:04}", i));
    n.append_int(i);
  }
  return {schema, {host.finish(), agent.finish(), n.finish()}, 600};
}

}  // namespace

TEST_CASE("Every type is read back as it was, with its nulls, also nested ones") {
  const auto schema = std::make_shared<data::schema>(std::vector<data::field>{
      {"t", type_id::text},
      {"i", type_id::bigint},
      {"d", type_id::float64},
      {"b", type_id::boolean},
      {"at", type_id::timestamp},
      {"j", type_id::json},
      {"tags", data::type::list_of(type_id::text)},
      {"venue", data::type::object_of({{"name", type_id::text}, {"lat", type_id::float64}})}});
  std::vector<data::column_builder> c;
  for (const auto& f : *schema)
    c.emplace_back(f.type);
  c[0].append_text("S\xc3\xa3o \"Paulo\"");
  c[1].append_int(std::numeric_limits<std::int64_t>::min());
  c[2].append_double(-0.1);
  c[3].append_boolean(true);
  c[4].append_int(1'619'294'100'796'123);
  c[5].append_text(R"({"x": 1})");
  c[6].child(0).append_text("a");
  c[6].child(0).append_null();
  c[6].append_list();
  c[7].child(0).append_text("hall");
  c[7].child(1).append_null();
  c[7].append_object();
  for (auto& column : c)
    column.append_null();
  c[0].append_text("");
  c[1].append_int(7);
  c[2].append_double(1e300);
  c[3].append_boolean(false);
  c[4].append_int(-1);
  c[5].append_text("[]");
  c[6].append_list();
  c[7].child(0).append_null();
  c[7].child(1).append_double(2.5);
  c[7].append_object();
  data::batch rows{schema, {}, 3};
  for (auto& column : c)
    rows.columns.push_back(column.finish());

  const temp_folder folder;
  auto f = open_file(folder, *schema);
  REQUIRE(f->write(rows));
  REQUIRE(f->finish());
  CHECK(
      test::parquet_rows(folder / "f.parquet") ==
      std::vector<std::string>{
          R"({"t":"São \"Paulo\"","i":-9223372036854775808,"d":-0.1,"b":true,"at":"2021-04-24T19:55:00.796123Z",)"
          R"("j":"{\"x\": 1}","tags":["a",null],"venue":{"name":"hall","lat":null}})",
          R"({"t":null,"i":null,"d":null,"b":null,"at":null,"j":null,"tags":null,"venue":null})",
          R"({"t":"","i":7,"d":1e+300,"b":false,"at":"1969-12-31T23:59:59.999999Z",)"
          R"("j":"[]","tags":[],"venue":{"name":null,"lat":2.5}})"});
  CHECK(columns_in(folder, "f.parquet").value() == columns_of(*schema).value());
}

TEST_CASE("Dates are dates of Parquet, also within lists, with their nulls") {
  const auto schema = std::make_shared<data::schema>(
      std::vector<data::field>{{"d", type_id::date}, {"l", data::type::list_of(type_id::date)}});
  data::column_builder d(type_id::date), l(data::type::list_of(type_id::date));
  for (const std::int64_t days : {std::int64_t{18'741}, std::int64_t{-1}, first_date, last_date}) {
    d.append_int(days);
    l.child(0).append_int(days);
    l.child(0).append_null();
    l.append_list();
  }
  d.append_null();
  l.append_null();
  const data::batch rows{schema, {d.finish(), l.finish()}, 5};

  const temp_folder folder;
  auto f = open_file(folder, *schema);
  REQUIRE(f->write(rows));
  REQUIRE(f->finish());
  CHECK(test::parquet_rows(folder / "f.parquet") ==
        std::vector<std::string>{R"({"d":"2021-04-24","l":["2021-04-24",null]})",
                                 R"({"d":"1969-12-31","l":["1969-12-31",null]})",
                                 R"({"d":"0001-01-01","l":["0001-01-01",null]})",
                                 R"({"d":"9999-12-31","l":["9999-12-31",null]})", R"({"d":null,"l":null})"});
  CHECK(columns_in(folder, "f.parquet").value() == columns_of(*schema).value());
}

TEST_CASE("Numerics are decimals of Parquet with every digit, also within lists and objects") {
  const auto schema = std::make_shared<data::schema>(
      std::vector<data::field>{{"n", data::type::numeric_of(38, 9)},
                               {"w", data::type::numeric_of(38, 0)},
                               {"z", data::type::numeric_of(38, 38)},
                               {"l", data::type::list_of(data::type::numeric_of(5, 2))},
                               {"o", data::type::object_of({{"m", data::type::numeric_of(1, 1)}})}});
  std::vector<data::column_builder> c;
  for (const auto& f : *schema)
    c.emplace_back(f.type);
  const auto all_digits = static_cast<__int128>(power_of_ten(38) - 1);
  c[0].append_decimal({all_digits, 9});
  c[1].append_decimal({-all_digits, 0});
  c[2].append_decimal({-1, 38});
  c[3].child(0).append_decimal({-150, 2});
  c[3].child(0).append_null();
  c[3].append_list();
  c[4].child(0).append_decimal({-9, 1});
  c[4].append_object();
  for (auto& column : c)
    column.append_null();
  c[0].append_decimal({1'500'000'000, 9});
  c[1].append_decimal({0, 0});
  c[2].append_decimal({0, 38});
  c[3].append_list();
  c[4].child(0).append_null();
  c[4].append_object();
  data::batch rows{schema, {}, 3};
  for (auto& column : c)
    rows.columns.push_back(column.finish());

  const temp_folder folder;
  auto f = open_file(folder, *schema, compression::snappy, repeating({rows}, schema->size()));
  REQUIRE(f->write(rows));
  REQUIRE(f->finish());
  CHECK(test::parquet_rows(folder / "f.parquet") ==
        std::vector<std::string>{
            R"({"n":99999999999999999999999999999.999999999,"w":-99999999999999999999999999999999999999,)"
            R"("z":-0.00000000000000000000000000000000000001,"l":[-1.50,null],"o":{"m":-0.9}})",
            R"({"n":null,"w":null,"z":null,"l":null,"o":null})",
            R"({"n":1.500000000,"w":0,"z":0.00000000000000000000000000000000000000,"l":[],"o":{"m":null}})"});
  const auto facts = test::facts_of(folder / "f.parquet");
  CHECK(facts[0].type == "decimal128(38, 9)");
  // A table is compared so with one of older data beside it.
  CHECK(columns_in(folder, "f.parquet").value() == columns_of(*schema).value());
}

TEST_CASE("Columns keep their names; repeated text has a dictionary, text that never repeats has none") {
  const temp_folder folder;
  const auto rows = some_texts();
  auto f = open_file(folder, *rows.schema, compression::snappy, repeating({rows}, 3));
  REQUIRE(f->write(rows));
  REQUIRE(f->finish());
  const auto facts = test::facts_of(folder / "f.parquet");
  REQUIRE(facts.size() == 3);
  CHECK(facts[0].name == "host");
  CHECK(facts[1].name == "user-agent");
  CHECK(facts[2].name == "a.b");
  CHECK(facts[0].dictionary);
  CHECK_FALSE(facts[1].dictionary);
  CHECK_FALSE(facts[2].dictionary);
  for (const auto& c : facts) {
    CHECK(c.statistics);
    CHECK(c.codec == "snappy");
  }
  CHECK(facts[0].least == "user1.comcast.com");
  CHECK(facts[1].least == "agent 0000");
}

TEST_CASE("Whether values repeat is told from a few thousand of them") {
  const auto rows = some_texts();
  CHECK(repeating({rows}, 3) == std::vector<bool>{true, false, false});
  CHECK(repeating({data::slice(rows, 0, 100)}, 3) ==
        std::vector<bool>{true, true, true});  // too few rows to tell
  CHECK(repeating({rows, rows}, 3) == std::vector<bool>{true, true, true});
  CHECK(repeating({}, 2) == std::vector<bool>{true, true});
}

TEST_CASE("zstd and none are codecs, too") {
  for (const auto& [packed, name] :
       {std::pair{compression::zstd, "zstd"}, std::pair{compression::none, "uncompressed"}}) {
    const temp_folder folder;
    const auto rows = some_texts();
    auto f = open_file(folder, *rows.schema, packed);
    REQUIRE(f->write(rows));
    REQUIRE(f->finish());
    CHECK(test::facts_of(folder / "f.parquet")[0].codec == name);
    CHECK(test::parquet_rows(folder / "f.parquet").size() == 600);
  }
}

TEST_CASE("Row groups end when asked, and what is held is told") {
  const temp_folder folder;
  auto f = open_file(folder, *numbers());
  REQUIRE(f->write(numbered_rows(0, 1000)));
  CHECK(f->held() > 8000);
  const auto before = f->written();
  REQUIRE(f->end_row_group());
  CHECK(f->held() == 0);
  CHECK(f->written() > before + 2000);
  REQUIRE(f->write(numbered_rows(1000, 1010)));
  REQUIRE(f->finish());
  CHECK(test::row_groups(folder / "f.parquet") == 2);
  CHECK(test::parquet_rows(folder / "f.parquet").size() == 1010);
}

TEST_CASE("A file that is dropped before its end is none that a reader takes for whole") {
  const temp_folder folder;
  {
    auto f = open_file(folder, *numbers());
    REQUIRE(f->write(numbered_rows(0, 1000)));
  }
  CHECK_THROWS(test::parquet_rows(folder / "f.parquet"));
  CHECK(columns_in(folder, "f.parquet").error().code == ec::corrupt);
}

TEST_CASE("An error of the disk is told as it is, and nothing is written behind it") {
  struct full_disk final : new_file {
    std::size_t* calls;
    explicit full_disk(std::size_t* c) : calls(c) {}
    expected<void> write(std::string_view) override {
      return ++*calls == 1 ? expected<void>{} : outside_error(ec::io, "no space left");
    }
    expected<void> finish() override { return {}; }
  };
  std::size_t calls = 0;
  {
    auto f =
        open_parquet_file(std::make_unique<full_disk>(&calls), *numbers(), compression::snappy, {true, true});
    REQUIRE(f);
    REQUIRE((*f)->write(numbered_rows(0, 1000)));
    const auto ended = (*f)->finish();
    REQUIRE_FALSE(ended);
    CHECK(ended.error().message == "no space left");
    CHECK(ended.error().retry);
  }
  CHECK(calls == 2);
}

TEST_CASE("Exported rows are read in place and live until they are released") {
  auto rows = numbered_rows(0, 10);
  const auto* bytes = rows.columns[1]->bytes().data();
  const std::weak_ptr<const data::column> column = rows.columns[1];
  auto exported = export_rows(rows);
  rows = {};
  REQUIRE(exported.n_children == 2);
  CHECK(exported.length == 10);
  CHECK(exported.children[1]->null_count == 2);
  CHECK(exported.children[1]->buffers[2] == bytes);
  CHECK_FALSE(column.expired());
  exported.release(&exported);
  CHECK(column.expired());
  CHECK(exported.release == nullptr);
}

}  // namespace millrace::sink
