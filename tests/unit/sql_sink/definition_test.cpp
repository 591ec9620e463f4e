// `millrace table` prints what the sink makes: on a real server both give the same table.
#include "actors/connectors/sql/sink/definition.hpp"
#include "tests/unit/sql_sink/place.hpp"

using namespace sink_sql_test;
using data::type_id;

namespace {

const std::vector<data::field> columns{{"user-agent", type_id::text},
                                       {"se`lect\"", type_id::bigint},
                                       {"at", type_id::timestamp},
                                       {"length", type_id::float64},
                                       {"ok", type_id::boolean},
                                       {"raw", type_id::json},
                                       {"tags", data::type::list_of(type_id::text)}};

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
