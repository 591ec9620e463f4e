// `millrace table` prints what the sink makes: on a real server both give the same table.
#include "actors/connectors/sql/sink/definition.hpp"
#include "tests/unit/sql_sink/place.hpp"

using namespace sink_sql_test;
using data::type_id;

namespace {

const std::vector<data::field> columns{
    {"user-agent", type_id::text}, {"se`lect\"", type_id::bigint},
    {"at", type_id::timestamp},    {"length", type_id::float64},
    {"ok", type_id::boolean},      {"total", data::type::numeric_of(12, 2)},
    {"raw", type_id::json},        {"tags", data::type::list_of(type_id::text)},
    {"day", type_id::date}};

sink::sql::table_shape shape_of(place& at, const std::string& table) {
  auto db = sink::sql::make_database(must(sink::sql::parse_connection(at.connection)));
  must(db->connect(true));
  auto found = db->describe(table);
  REQUIRE(found);
  REQUIRE(*found);
  return **found;
}

}  // namespace

EVERY_SERVER(same_table, "the printed definition makes the table that the sink makes") {
  for (const auto& key : {std::vector<std::string>{}, std::vector<std::string>{"user-agent", "se`lect\""}}) {
    const std::string name = key.empty() ? "appended" : "upserted";
    auto w = at.writer(columns, key, true, name + "`by sink\"");
    must(w->open(life(1)));
    const auto statement =
        must(sink::sql::table_definition(at.kind, name + "`by hand\"", data::schema(columns), key));
    INFO(statement);
    at.execute(statement);
    const auto by_sink = shape_of(at, name + "`by sink\"");
    const auto by_hand = shape_of(at, name + "`by hand\"");
    CHECK(by_hand.columns == by_sink.columns);
    REQUIRE(by_hand.unique.size() == by_sink.unique.size());
    CHECK(by_hand.unique.size() == (key.empty() ? 0 : 1));
    for (std::size_t i = 0; i < by_hand.unique.size(); ++i) {
      CHECK(by_hand.unique[i].columns == by_sink.unique[i].columns);
      CHECK(by_hand.unique[i].nulls_equal == by_sink.unique[i].nulls_equal);
    }
  }
}

TEST_CASE("a definition with columns that the product takes for the same is refused") {
  const data::schema twice({{"a", type_id::text}, {"A", type_id::text}});
  CHECK(sink::sql::table_definition(sink::sql::product::postgresql, "t", twice, {}));
  const auto refused = sink::sql::table_definition(sink::sql::product::mysql, "t", twice, {});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message.find("takes the columns \"a\" and \"A\" for the same") != std::string::npos);
}

TEST_CASE("a numeric becomes the product's decimal; without a scale it has one in PostgreSQL alone, and is a "
          "text in SQLite") {
  using sink::sql::product;
  const data::schema fixed(
      {{"total", data::type::numeric_of(38, 2)}, {"whole", data::type::numeric_of(5, 0)}});
  CHECK(must(sink::sql::table_definition(product::postgresql, "t", fixed, {})) ==
        "create table if not exists \"t\" (\"total\" numeric(38,2), \"whole\" numeric(5,0));\n");
  CHECK_THAT(must(sink::sql::table_definition(product::mysql, "t", fixed, {})),
             Catch::Contains("(`total` decimal(38,2), `whole` decimal(5,0))"));
  const data::schema plain({{"n", type_id::bigint}, {"total", type_id::numeric}});
  CHECK(must(sink::sql::table_definition(product::postgresql, "t", plain, {})) ==
        "create table if not exists \"t\" (\"n\" bigint, \"total\" numeric);\n");
  CHECK(must(sink::sql::table_definition(product::sqlite, "t", plain, {"total"})) ==
        "create table if not exists \"t\" (\"n\" integer, \"total\" text, unique (\"total\"));\n");
  const auto refused = sink::sql::table_definition(product::mysql, "t", plain, {});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message == "column \"total\" is numeric, of any number of digits behind the point, "
                                   "for which MySQL and MariaDB have no "
                                   "type; expected a cast in `columns` to a scale that no value exceeds, "
                                   "such as \"total\": \"(...)::numeric(38, 2)\"");
  // A json has it as digits.
  CHECK(sink::sql::table_definition(product::mysql, "t",
                                    data::schema({{"l", data::type::list_of(type_id::numeric)}}), {}));
}
