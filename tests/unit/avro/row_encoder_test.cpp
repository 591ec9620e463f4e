// Rows by a schema of the user's: which types go together, which values fit, and which bytes come of it.
#include "runtime/avro/row_encoder.hpp"

#include <catch2/catch.hpp>

#include <limits>

using namespace millrace;
using Catch::Contains;
using data::type_id;

namespace {

struct column_of_one {
  data::type of;
  std::function<void(data::column_builder&)> append;
};

data::batch row_of(const std::vector<std::pair<std::string, column_of_one>>& columns) {
  data::batch out;
  std::vector<data::field> fields;
  for (const auto& [name, c] : columns) {
    fields.push_back({name, c.of});
    data::column_builder b(c.of);
    c.append(b);
    out.columns.push_back(b.finish());
  }
  out.schema = std::make_shared<data::schema>(std::move(fields));
  out.rows = 1;
  return out;
}

column_of_one null_of(data::type t) {
  return {t, [](auto& b) { b.append_null(); }};
}
column_of_one whole(std::int64_t v) {
  return {type_id::bigint, [v](auto& b) { b.append_int(v); }};
}
column_of_one real(double v) {
  return {type_id::float64, [v](auto& b) { b.append_double(v); }};
}
column_of_one text(std::string v) {
  return {type_id::text, [v](auto& b) { b.append_text(v); }};
}
column_of_one json(std::string v) {
  return {type_id::json, [v](auto& b) { b.append_text(v); }};
}
column_of_one time_at(std::int64_t v) {
  return {type_id::timestamp, [v](auto& b) { b.append_int(v); }};
}
column_of_one exact(decimal v, data::type t) {
  return {t, [v](auto& b) { b.append_decimal(v); }};
}

std::vector<std::size_t> all_of(const data::batch& b) {
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < b.columns.size(); ++i)
    out.push_back(i);
  return out;
}

/// The datum, or what is wrong: with the plan, behind "plan: ", or with the row.
std::string written(const std::string& schema, const data::batch& row, bool is_bare = false) {
  const auto parsed = avro::parse_schema(schema);
  REQUIRE(parsed);
  auto made = avro::row_encoder::of(*parsed, *row.schema, all_of(row), is_bare);
  if (!made)
    return "plan: " + made.error().front().message;
  std::string out;
  return made->append(out, row, 0) ? out : made->why();
}

/// The same of a record with one field x of that type.
std::string written_as(const std::string& field_type, const column_of_one& c) {
  return written(R"({"type":"record","name":"R","fields":[{"name":"x","type":)" + field_type + "}]}",
                 row_of({{"x", c}}));
}

using namespace std::string_literals;

constexpr auto least = std::numeric_limits<std::int64_t>::min();

}  // namespace

TEST_CASE("whole numbers are written as each type of number that has them") {
  CHECK(written_as(R"("long")", whole(-1)) == "\1");
  CHECK(written_as(R"("int")", whole(2147483647)) == "\xFE\xFF\xFF\xFF\x0F");
  CHECK(written_as(R"("double")", whole(2)) == "\0\0\0\0\0\0\0\x40"s);
  CHECK(written_as(R"("float")", whole(2)) == "\0\0\0\x40"s);
  CHECK(written_as(R"(["null","long"])", whole(1)) == "\2\2");
  CHECK(written_as(R"(["long","null"])", null_of(type_id::bigint)) == "\2");
  CHECK(written_as(R"({"type":"bytes","logicalType":"decimal","precision":4,"scale":2})", whole(1)) ==
        "\2\x64");
  // The branch without a loss, wherever it stands.
  CHECK(written_as(R"(["double","int","long"])", whole(1)) == "\4\2");
  CHECK_THAT(
      written_as(R"("int")", whole(2147483648)),
      Contains(
          "the column \"x\": 2147483648 does not fit the field \"x\" of record R, which is int of 32 bits"));
  CHECK_THAT(written_as(R"("int")", whole(least)), Contains("which is int of 32 bits"));
  CHECK_THAT(written_as(R"("double")", whole((1LL << 53) + 1)),
             Contains("9007199254740993 does not fit") && Contains("which is double"));
  CHECK(written_as(R"("double")", whole(least)).size() == 8);
  CHECK_THAT(written_as(R"("double")", whole(std::numeric_limits<std::int64_t>::max())),
             Contains("which is double"));
  CHECK_THAT(written_as(R"("float")", whole(16777217)), Contains("which is float"));
  CHECK_THAT(written_as(R"({"type":"bytes","logicalType":"decimal","precision":4,"scale":2})", whole(100)),
             Contains("which is decimal(4,2)"));
  CHECK_THAT(written_as(R"("long")", null_of(type_id::bigint)),
             Contains("the column \"x\": it is null, and the field \"x\" of record R takes no null"));
}

TEST_CASE("doubles, texts and times are written as their types of the schema") {
  CHECK(written_as(R"("float")", real(1.5)) == "\0\0\xC0\x3F"s);
  CHECK_THAT(written_as(R"("float")", real(1e300)), Contains("which is float"));
  CHECK(written_as(R"("float")", real(std::numeric_limits<double>::infinity())).size() == 4);
  CHECK(written_as(R"("string")", text("ab")) == "\4ab");
  CHECK(written_as(R"("bytes")", text("AAE=")) == "\4\0\1"s);
  CHECK_THAT(written_as(R"("bytes")", text("??")), Contains("which is bytes, written as base64"));
  CHECK(written_as(R"({"type":"fixed","name":"F","size":2})", text("AAE=")) == "\0\1"s);
  CHECK_THAT(written_as(R"({"type":"fixed","name":"F","size":3})", text("AAE=")), Contains("has 2 bytes"));
  const std::string kinds = R"({"type":"enum","name":"K","symbols":["A","B"]})";
  CHECK(written_as(kinds, text("B")) == "\2");
  CHECK_THAT(written_as(kinds, text("C")), Contains("\"C\" is none of the symbols of enum K"));
  const std::string id = "01234567-89ab-cdef-0123-456789ABCDEF";
  CHECK(written_as(R"({"type":"string","logicalType":"uuid"})", text(id)) == "\x48" + id);
  CHECK(written_as(R"({"type":"fixed","name":"U","size":16,"logicalType":"uuid"})", text(id)) ==
        "\x01\x23\x45\x67\x89\xAB\xCD\xEF\x01\x23\x45\x67\x89\xAB\xCD\xEF");
  CHECK_THAT(written_as(R"({"type":"string","logicalType":"uuid"})", text("x")), Contains("which is a UUID"));
  CHECK(written_as(R"({"type":"int","logicalType":"time-millis"})", text("00:00:00.002999")) == "\4");
  CHECK(written_as(R"({"type":"long","logicalType":"time-micros"})", text("00:00:00.000002")) == "\4");
  for (const std::string wrong : {"24:00:00", "00:60:00", "1:00:00", "00:00:00.", "00:00:00.1234567", ""})
    CHECK_THAT(written_as(R"({"type":"int","logicalType":"time-millis"})", text(wrong)),
               Contains("time of day"));
  CHECK(written_as(R"({"type":"long","logicalType":"timestamp-micros"})", time_at(-1)) == "\1");
  CHECK(written_as(R"({"type":"long","logicalType":"timestamp-millis"})", time_at(1999)) == "\2");
  CHECK(written_as(R"({"type":"long","logicalType":"local-timestamp-millis"})", time_at(-1)) == "\1");
  CHECK(written_as(R"("string")", time_at(0)) == "\x28"
                                                 "1970-01-01T00:00:00Z");
}

TEST_CASE("exact numbers take the scale of the schema, or are refused") {
  const auto price = data::type::numeric_of(6, 3);
  const std::string cents = R"({"type":"bytes","logicalType":"decimal","precision":6,"scale":2})";
  CHECK(written_as(cents, exact({-1500, 3}, price)) == "\4\xFF\x6A");  // -150
  CHECK_THAT(written_as(cents, exact({1501, 3}, price)), Contains("1.501 does not fit"));
  CHECK(written_as(R"({"type":"fixed","name":"F","size":4,"logicalType":"decimal","precision":6,"scale":3})",
                   exact({-1, 3}, price)) == "\xFF\xFF\xFF\xFF");
  CHECK(
      written_as(R"({"type":"fixed","name":"F","size":20,"logicalType":"decimal","precision":40,"scale":3})",
                 exact({1, 3}, price)) == std::string(19, '\0') + "\1");
  CHECK_THAT(written_as(R"({"type":"bytes","logicalType":"decimal","precision":4,"scale":3})",
                        exact({10000, 3}, price)),
             Contains("10.000 does not fit"));
  CHECK(written_as(R"("string")", exact({-1500, 3}, price)) == "\x0C"
                                                               "-1.500");
  CHECK(written_as(R"("long")", exact({2000, 3}, price)) == "\4");
  CHECK_THAT(written_as(R"("int")", exact({2001, 3}, price)), Contains("2.001 does not fit"));
  CHECK_THAT(written_as(R"("double")", exact({1, 0}, price)),
             Contains("plan: ") && Contains("double precision"));
}

TEST_CASE("columns that a type never takes are refused with a remedy") {
  CHECK(written_as(R"("string")", whole(1)) == "plan: the column \"x\" is bigint, and the field \"x\" of "
                                               "record R is string, which cannot be written from "
                                               "it; a select before it casts it: \"x\"::text");
  CHECK_THAT(written_as(R"(["null","long"])", text("1")), Contains("\"x\"::bigint"));
  CHECK_THAT(written_as(R"({"type":"long","logicalType":"timestamp-millis"})", whole(1)),
             Contains("to_timestamp(\"x\")"));
  CHECK_THAT(written_as(R"({"type":"long","logicalType":"timestamp-millis"})", text("a")),
             Contains("::timestamptz"));
  CHECK_THAT(written_as(R"("int")", real(1)), Contains("plan: "));
  CHECK_THAT(written_as(R"("boolean")", whole(1)), Contains("plan: "));
  CHECK_THAT(written_as(R"("null")", whole(1)), Contains("plan: "));
  CHECK_THAT(written_as(R"({"type":"map","values":"long"})", text("{}")), Contains("plan: "));
  CHECK_THAT(
      written_as(R"("long")", {data::type::list_of(type_id::bigint), [](auto& b) { b.append_list(); }}),
      Contains("plan: "));
}

TEST_CASE("columns and fields go together by name or alias, and what is left has a default or null") {
  const std::string schema =
      R"({"type":"record","name":"a.R","fields":[{"name":"first","type":"string","default":"d"},)"
      R"({"name":"second","aliases":["n"],"type":"long"},{"name":"third","type":["string","null"]}]})";
  CHECK(written(schema, row_of({{"n", whole(1)}})) == "\2d\2\2");
  CHECK(written(schema, row_of({{"third", text("x")}, {"second", whole(1)}})) == "\2d\2\0\2x"s);
  CHECK_THAT(written(schema, row_of({{"first", text("x")}})),
             Contains("plan: the field \"second\" of record a.R has no column \"second\", no default, and "
                      "takes no null"));
  CHECK_THAT(
      written(schema, row_of({{"sekond", whole(1)}, {"n", whole(1)}})),
      Contains("plan: the column \"sekond\" has no field in record a.R; a select before it leaves it out"));
  CHECK_THAT(written(schema, row_of({{"second", whole(1)}, {"n", whole(1)}})), Contains("both the field"));
  CHECK_THAT(written(R"("long")", row_of({{"n", whole(1)}})), Contains("expected a record"));
}

TEST_CASE("one column is a value of its own, or a record's only field") {
  CHECK(written(R"("long")", row_of({{"n", whole(1)}}), true) == "\2");
  CHECK(
      written(
          R"({"type":"record","name":"K","fields":[{"name":"n","type":"int"},{"name":"m","type":"int","default":5}]})",
          row_of({{"n", whole(1)}}), true) == "\2\x0A");
  CHECK_THAT(written(R"("int")", row_of({{"n", whole(least)}}), true), Contains("the column \"n\": "));
}

TEST_CASE("nested columns are records and arrays, and errors name the place") {
  const auto place =
      data::type::object_of({{"lat", type_id::bigint}, {"tags", data::type::list_of(type_id::text)}});
  const column_of_one rows{data::type::list_of(place), [](auto& b) {
                             for (const std::int64_t v : {1LL, 5'000'000'000LL}) {
                               b.child(0).child(0).append_int(v);
                               b.child(0).child(1).append_list();
                               b.child(0).append_object();
                             }
                             b.append_list();
                           }};
  const auto schema = [](const std::string& lat) {
    return R"({"type":"array","items":{"type":"record","name":"P","fields":[{"name":"tags","type":{"type":"array",)"
           R"("items":"string"}},{"name":"lat","type":")" +
           lat + R"("}]}})";
  };
  CHECK(written_as(schema("long"), rows) == "\4\0\2\0\x80\xC8\xAF\xA0\x25\0"s);
  CHECK_THAT(written_as(schema("int"), rows), Contains("the column \"x[1].lat\": 5000000000"));
  CHECK_THAT(written_as(schema("string"), rows), Contains("plan: the column \"x.lat\""));
}

TEST_CASE("JSON becomes maps, records and unions as its values say") {
  const std::string map = R"({"type":"map","values":["null","long","double","string"]})";
  CHECK(written_as(map, json(R"({"a":1,"b":"x","c":null,"d":1.5})")) ==
        "\x08\2a\2\2\2b\6\2x\2c\0\2d\4\0\0\0\0\0\0\xF8\x3F\0"s);
  CHECK(written_as(map, json("{}")) == "\0"s);
  CHECK_THAT(written_as(map, json(R"({"a":[1]})")),
             Contains("\"x.a\": a list is not a value of the type union of null, long, double, string"));
  CHECK_THAT(written_as(map, json("[]")), Contains("a list is not a value of the type map"));
  const std::string record = R"({"type":"record","name":"Q","fields":[{"name":"n","type":"int"},)"
                             R"({"name":"next","type":["null","Q"],"default":null}]})";
  CHECK(written_as(record, json(R"({"next":{"n":2},"n":1})")) == "\2\2\4\0"s);
  CHECK_THAT(written_as(record, json(R"({"n":1,"o":2})")), Contains("has no field \"o\""));
  CHECK_THAT(written_as(record, json(R"({})")), Contains("the member \"n\" of the record Q is missing"));
  CHECK(written_as(R"(["null",{"type":"map","values":"int"}])", json("null")) == "\0"s);
  CHECK(written_as(R"(["null","string"])", json("[1]")) == "\2\6[1]");
  CHECK(written_as(R"({"type":"array","items":{"type":"long","logicalType":"timestamp-millis"}})",
                   json(R"(["1970-01-01T00:00:00.001Z"])")) == "\2\2\0"s);
  CHECK(written_as(
            R"({"type":"map","values":{"type":"bytes","logicalType":"decimal","precision":4,"scale":2}})",
            json(R"({"a":1.50})")) == "\2\2a\4\0\x96\0"s);
  CHECK_THAT(written_as(map, json(std::string(200, '[') + std::string(200, ']'))), Contains("nested deeper"));
}

TEST_CASE("JSON becomes a string as `#>> '{}'` gives it, and JSON null is null") {
  for (const std::string of : {R"(["null","string"])", R"(["null","long","string"])"}) {
    const char branch = of.size() < 20 ? '\2' : '\4';
    CHECK(written_as(of, json(R"( "h\u0069" )")) == branch + "\4hi"s);
    CHECK(written_as(of, json(R"("h")")) == branch + "\2h"s);
    CHECK(written_as(of, json(R"("")")) == branch + "\0"s);
    CHECK(written_as(of, json(" null ")) == "\0"s);
    CHECK(written_as(of, null_of(type_id::json)) == "\0"s);
  }
  CHECK(written_as(R"(["string","null"])", json("null")) == "\2");
  CHECK(written_as(R"(["string","null"])", json("2")) == "\0\2"
                                                         "2"s);
  CHECK(written_as(R"("string")", json(R"({"a":"b"})")) == "\x12{\"a\":\"b\"}");
  CHECK_THAT(written_as(R"("string")", json("null")),
             Contains("the column \"x\": it is null, and the field \"x\" of record R takes no null"));
  CHECK_THAT(written_as(R"("long")", json("null")), Contains("null is not a value of the type long"));
  CHECK_THAT(written_as(R"(["long","double"])", json("null")), Contains("of the type union of long, double"));
  CHECK_THAT(written_as(R"("string")", json(R"("a" "b")")), Contains("is not JSON"));
}

TEST_CASE("whole numbers of JSON are not rounded, and other numbers are as doubles are") {
  CHECK_THAT(written_as(R"("double")", json("9007199254740993")),
             Contains("9007199254740993 is not a value of the type double"));
  CHECK(written_as(R"("double")", json("9007199254740992")).size() == 8);
  CHECK(written_as(R"("double")", json("1180591620717411303424")).size() == 8);  // 2^70
  CHECK_THAT(written_as(R"("double")", json("1180591620717411303425")),
             Contains("is not a value of the type"));
  CHECK_THAT(written_as(R"("double")", json("1" + std::string(400, '0'))),
             Contains("is not a value of the type"));
  CHECK(written_as(R"("double")", json("9007199254740993.0")).size() == 8);
  CHECK(written_as(R"("double")", json("0.1")).size() == 8);
  CHECK_THAT(written_as(R"("float")", json("16777217")),
             Contains("16777217 is not a value of the type float"));
  CHECK(written_as(R"("float")", json("-16777216")).size() == 4);
  CHECK(written_as(R"("float")", json("0.1")).size() == 4);
  CHECK_THAT(written_as(R"("float")", json("1e39")), Contains("is not a value of the type float"));
  CHECK_THAT(written_as(R"(["null","int","float"])", json("3000000001")),
             Contains("3000000001 is not a value of the type union of null, int, float"));
  // Branches that have the number without a loss come first.
  CHECK(written_as(R"(["float","double"])", json("0.1")).size() == 9);
  CHECK(written_as(R"(["float","double"])", json("16777217")).size() == 9);
}

TEST_CASE("a key of JSON is a whole record, unless the record has a field of its name") {
  const std::string key = R"({"type":"record","name":"K","fields":[{"name":"id","type":"long"}]})";
  CHECK(written(key, row_of({{"_key", json(R"({"id":7})")}}), true) == "\x0E");
  CHECK_THAT(written(key, row_of({{"_key", json(R"({"id":"a"})")}}), true),
             Contains("the column \"_key.id\": \"a\" is not a value of the type long"));
  CHECK_THAT(written(key, row_of({{"_key", json("7")}}), true),
             Contains("the column \"_key\": 7 is not a value of the type record K"));
  CHECK(written(key, row_of({{"id", json("7")}}), true) == "\x0E");
  CHECK(written("[\"null\"," + key + "]", row_of({{"_key", json(R"({"id":7})")}}), true) == "\2\x0E");
  CHECK_THAT(written(key, row_of({{"_key", json("{}")}})), Contains("plan: ") && Contains("has no field"));
}

TEST_CASE("what a type cannot take says what is wrong with it") {
  const auto price = data::type::numeric_of(6, 3);
  const auto of_fixed =
      written_as(R"({"type":"fixed","name":"F","size":2,"logicalType":"decimal","precision":6,"scale":3})",
                 exact({1, 3}, price));
  CHECK_THAT(of_fixed, Contains("fixed F (no decimal: 6 digits do not fit its 2 bytes)"));
  CHECK_THAT(of_fixed, !Contains("::"));
  CHECK_THAT(written_as(R"("bytes")", whole(1)), Contains("plan: ") && !Contains("::"));
  CHECK_THAT(written_as(R"({"type":"fixed","name":"F","size":2})", whole(1)), !Contains("::"));
  CHECK_THAT(written_as(R"({"type":"string","logicalType":"uuid"})", whole(1)), !Contains("::"));
  const std::string great = R"({"type":"record","name":"R","fields":[{"name":"x","type":"long"},)"
                            R"({"name":"f","type":"float","default":1e39}]})";
  CHECK_THAT(written(great, row_of({{"x", whole(1)}})), Contains("no default that fits"));
}

TEST_CASE("a value whose unions nest takes no more steps than its bytes allow") {
  // Each record tries both branches, and the innermost value fits neither.
  std::string schema = R"({"type":"record","name":"R","fields":[{"name":"x","type":["null",)";
  schema +=
      R"({"type":"record","name":"A","fields":[{"name":"v","type":["null","A",{"type":"record","name":"B",)"
      R"("fields":[{"name":"v","type":["null","B","A"]}]}]}]},"B"]}]})";
  std::string value = "1";
  for (int i = 0; i < 60; ++i)
    value = R"({"v":)" + value + "}";
  CHECK_THAT(written(schema, row_of({{"x", json(value)}})),
             Contains("too many steps") || Contains("not a value of"));
}
