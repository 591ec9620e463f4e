// Rows by a Protobuf schema of the user's: which types go together, which values fit, and which bytes come of it.
#include "actors/connectors/kafka/sink/record_encoder.hpp"

#include <catch2/catch.hpp>

#include <functional>
#include <limits>

using namespace millrace;
using Catch::Contains;
using data::type;
using data::type_id;
using namespace std::string_literals;

namespace {

struct filled_column {
  std::string name;
  data::type of;
  std::function<void(data::column_builder&)> append;
};

data::batch row_with(const std::vector<filled_column>& columns) {
  data::batch out;
  std::vector<data::field> fields;
  for (const auto& c : columns) {
    fields.push_back({c.name, c.of});
    data::column_builder b(c.of);
    c.append(b);
    out.columns.push_back(b.finish());
  }
  out.schema = std::make_shared<data::schema>(std::move(fields));
  out.rows = 1;
  return out;
}

filled_column no_value(data::type t, std::string name = "x") {
  return {std::move(name), t, [](auto& b) { b.append_null(); }};
}
filled_column number(std::int64_t v, std::string name = "x") {
  return {std::move(name), type_id::bigint, [v](auto& b) { b.append_int(v); }};
}
filled_column word(std::string v, type_id t = type_id::text, std::string name = "x") {
  return {std::move(name), t, [v](auto& b) { b.append_text(v); }};
}
filled_column digits(decimal v) {
  return {"x", type::numeric_of(20, 0), [v](auto& b) { b.append_decimal(v); }};
}
filled_column numbers(std::vector<std::int64_t> all) {
  return {"x", type::list_of(type_id::bigint), [all](auto& b) {
            for (const auto v : all)
              b.child(0).append_int(v);
            b.append_list();
          }};
}

/// The message, or what is wrong: with the plan, behind "plan: ", or with the row.
std::string message_of(const std::string& proto, const data::batch& row, const std::string& message = {}) {
  std::vector<std::size_t> columns;
  for (std::size_t i = 0; i < row.columns.size(); ++i)
    columns.push_back(i);
  auto made = sink::make_message_encoder(proto, message, {*row.schema, columns});
  if (!made)
    return "plan: " + made.error().message;
  std::string out = (*made)->head();
  return (*made)->append(out, row, 0) ? out.substr((*made)->head().size()) : (*made)->why();
}

std::string with_field(const std::string& field, const filled_column& c) {
  return message_of("syntax = \"proto3\"; import \"google/protobuf/timestamp.proto\"; import "
                    "\"google/protobuf/duration.proto\"; import \"google/protobuf/wrappers.proto\"; import "
                    "\"google/protobuf/struct.proto\"; message R { " +
                        field + " } enum K { A = 0; B = 5; }",
                    row_with({c}), "R");
}

/// The same of a field of the message R beside others, by that syntax.
std::string in_message(const std::string& schema, const std::vector<filled_column>& columns) {
  return message_of(schema, row_with(columns), "R");
}
filled_column json(std::string v, std::string name = "x") {
  return word(std::move(v), type_id::json, std::move(name));
}
filled_column json_list(std::vector<std::string> all) {
  return {"x", type::list_of(type_id::json), [all](auto& b) {
            for (const auto& v : all)
              b.child(0).append_text(v);
            b.append_list();
          }};
}

}  // namespace

TEST_CASE(
    "JSON goes into its own field where names collide in JSON, and members that may be two are refused") {
  const std::string renamed = "syntax = \"proto3\"; message S { optional int32 a = 1 [json_name = \"b\"]; "
                              "optional int32 b = 2 [json_name = \"c\"]; } message R { S x = 1; } ";
  CHECK_THAT(
      in_message(renamed, {json("{}")}),
      Contains("plan: the column \"x\" is json, and the field \"b\" of the message S has the name that "
               "the field \"a\" of the message S has in JSON"));
  const std::string top = "syntax = \"proto3\"; message R { optional int32 a = 1 [json_name = \"b\"]; "
                          "optional int32 b = 2 [json_name = \"c\"]; }";
  CHECK(in_message(top, {json("7", "b")}) == "\x10\x07");
  CHECK(in_message(top, {json("7", "a")}) == "\x08\x07");
  const std::string old =
      "syntax = \"proto2\"; message R { optional int32 foo_bar = 1; optional int32 fooBar = 2; "
      "optional int32 i = 3; }";
  for (const std::string name : {"foo_bar", "fooBar"}) {
    CHECK_THAT(in_message(old, {json("7", name)}),
               Contains("plan: ") && Contains("so that it may be either"));
    CHECK(in_message(old, {number(7, name)}).size() == 2);
  }
  CHECK(in_message(old, {json("7", "i")}) == "\x18\x07");
  // Deeper, through a list, a map and a message within itself.
  CHECK_THAT(
      in_message("syntax = \"proto2\"; message R { map<string, N> x = 1; } message N { repeated N n = 1; "
                 "optional M m = 2; } message M { optional int32 foo_bar = 1; optional int32 fooBar = 2; }",
                 {json("{}")}),
      Contains("plan: ") && Contains("of the message M has in JSON"));
  const std::string camel =
      "syntax = \"proto3\"; message R { S x = 1; } message S { optional int32 foo_bar = 1; }";
  CHECK(in_message(camel, {json(R"({"foo_bar":7})")}) == "\x0A\x02\x08\x07");
  CHECK(in_message(camel, {json(R"({"fooBar":7})")}) == "\x0A\x02\x08\x07");
  CHECK_THAT(in_message(camel, {json(R"({"fooBar":7,"foo_bar":8})")}), Contains("another member is, too"));
  CHECK_THAT(in_message(camel, {json(R"({"foo":7})")}), Contains("the message S has no field \"foo\""));
}

TEST_CASE("nulls within JSON are never a default, and google.protobuf.Value keeps them") {
  for (const std::string of : {"int32", "string", "bool", "double", "bytes", "K",
                               "google.protobuf.Int64Value", "google.protobuf.Timestamp"}) {
    CHECK_THAT(with_field("repeated " + of + " x = 1;", json("[null]")),
               Contains("the column \"x[0]\": a list has a null among its elements"));
    CHECK_THAT(with_field("map<string, " + of + "> x = 1;", json(R"({"a":null})")),
               Contains("the column \"x.a\": a map has a null among its elements"));
    CHECK_THAT(with_field("repeated " + of + " x = 1; ", json_list({"null"})), Contains("the column \"x"));
    CHECK(with_field("repeated " + of + " x = 1;", json("null")).empty());
  }
  CHECK_THAT(with_field("repeated string x = 1;", json_list({"1", "null"})),
             Contains("\"x[1]\": a list has a null"));
  const std::string nested =
      "syntax = \"proto3\"; message R { S x = 1; } message S { int32 n = 1; optional int32 o "
      "= 2; repeated int32 l = 3; S s = 4; oneof c { int32 p = 5; int32 q = 6; } }";
  CHECK_THAT(
      in_message(nested, {json(R"({"s":{"n":null}})")}),
      Contains("the column \"x.s.n\": it is null, and the field \"n\" of the message S has no presence"));
  CHECK_THAT(in_message(nested, {json(R"({"l":[1,null,2]})")}), Contains("\"x.l[1]\": a list has a null"));
  CHECK(in_message(nested, {json(R"({"o":null,"l":null,"s":null,"p":null,"q":0})")}) == "\x0A\x02\x30\0"s);
  CHECK_THAT(in_message(nested, {json(R"({"p":1,"q":0})")}), Contains("another member of the oneof \"c\""));
  CHECK(with_field("google.protobuf.Value x = 1;", json("null")) == "\x0A\x02\x08\0"s);
  CHECK(with_field("google.protobuf.ListValue x = 1;", json("[null]")) == "\x0A\x04\x0A\x02\x08\0"s);
  CHECK(with_field("google.protobuf.Struct x = 1;", json(R"({"a":null})")) == "\x0A\x09\x0A\x07\x0A\x01"
                                                                              "a\x12\x02\x08\0"s);
  CHECK(with_field("repeated google.protobuf.Value x = 1;", json("[null]")) == "\x0A\x02\x08\0"s);
  CHECK(with_field("google.protobuf.Struct x = 1;", json("null")).empty());
}

TEST_CASE("a JSON null in a column is null") {
  CHECK_THAT(with_field("int32 x = 1;", json(" null")), Contains("it is null, and the field \"x\""));
  CHECK_THAT(with_field("string x = 1;", json("null")), Contains("it is null, and the field \"x\""));
  CHECK(with_field("optional int32 x = 1;", json("null")).empty());
  CHECK(with_field("optional string x = 1;", json("null")).empty());
  CHECK(with_field("google.protobuf.Int32Value x = 1;", json("null")).empty());
  CHECK(with_field("optional string x = 1;", json(R"("a\u0062")")) == "\x0A\x02"
                                                                      "ab");
  CHECK(with_field("string x = 1;", json(R"("")")).empty());
  const std::string choice =
      "syntax = \"proto3\"; message R { oneof o { int32 x = 1; int32 y = 2; string z = 3; } }";
  CHECK(in_message(choice, {json("null"), json("3", "y"), json("null", "z")}) == "\x10\x03");
  CHECK_THAT(in_message(choice, {json("1"), json("3", "y")}), Contains("another column of the oneof"));
  CHECK_THAT(in_message("syntax = \"proto2\"; message R { required int32 x = 1; }", {json("null")}),
             Contains("is required"));
}

TEST_CASE("JSON that readers would find too deep is refused") {
  const auto lists = [](std::size_t n) { return json(std::string(n, '[') + std::string(n, ']')); };
  const auto objects = [](std::size_t n) {
    std::string text = "1";
    for (std::size_t i = 0; i < n; ++i)
      text = R"({"n":)" + text + "}";
    return json(text);
  };
  const std::string refused = "messages that nest deeper than 100";
  // A Value is a message, a list within it two, an object three.
  CHECK(with_field("google.protobuf.Value x = 1;", lists(50)).front() == '\x0A');
  CHECK_THAT(with_field("google.protobuf.Value x = 1;", lists(51)), Contains(refused));
  CHECK_THAT(with_field("google.protobuf.ListValue x = 1;", lists(51)), Contains(refused));
  CHECK(with_field("google.protobuf.Value x = 1;", objects(33)).front() == '\x0A');
  CHECK_THAT(with_field("google.protobuf.Value x = 1;", objects(34)), Contains(refused));
  CHECK_THAT(with_field("google.protobuf.Struct x = 1;", objects(34)), Contains(refused));
  CHECK_THAT(with_field("map<string, google.protobuf.Value> x = 1;", objects(34)), Contains(refused));
  CHECK_THAT(with_field("google.protobuf.Value x = 1;", lists(20'000)), Contains("nested deeper"));
  const std::string own = "syntax = \"proto3\"; message R { N x = 1; } message N { N n = 1; }";
  const auto messages = [](std::size_t n) {
    std::string text = "{}";
    for (std::size_t i = 1; i < n; ++i)
      text = R"({"n":)" + text + "}";
    return json(text);
  };
  CHECK(in_message(own, {messages(95)}).front() == '\x0A');
  CHECK_THAT(in_message(own, {messages(101)}), Contains(refused));
}

TEST_CASE("whole numbers within JSON keep their digits") {
  CHECK_THAT(with_field("double x = 1;", json("9007199254740993")),
             Contains("9007199254740993 does not fit the field \"x\" of the message R, which is double"));
  CHECK_THAT(with_field("double x = 1;", json(R"("9007199254740993")")), Contains("does not fit"));
  CHECK(with_field("double x = 1;", json("9007199254740992")).size() == 9);
  CHECK_THAT(with_field("float x = 1;", json("16777217")), Contains("does not fit"));
  CHECK(with_field("float x = 1;", json("16777216")) == "\x0D\0\0\x80\x4B"s);
  CHECK(with_field("float x = 1;", json("0.1")).size() == 5);
  CHECK_THAT(with_field("float x = 1;", json("1e39")), Contains("does not fit"));
  CHECK_THAT(with_field("google.protobuf.Struct x = 1;", json(R"({"a":[1,9007199254740993]})")),
             Contains("the column \"x.a[1]\": 9007199254740993 is not a double"));
  CHECK(with_field("google.protobuf.Value x = 1;", json("9007199254740992")).size() == 11);
  CHECK_THAT(with_field("repeated float x = 1;", json("[1,16777217]")), Contains("\"x[1]\""));
  CHECK(with_field("int64 x = 1;", json("9007199254740993")) == "\x08\x81\x80\x80\x80\x80\x80\x80\x10");
  CHECK(with_field("int64 x = 1;", json("9007199254740993.0")) == "\x08\x81\x80\x80\x80\x80\x80\x80\x10");
  CHECK(with_field("uint64 x = 1;", json("18446744073709551615")) ==
        "\x08\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01");
  CHECK_THAT(with_field("uint64 x = 1;", json("18446744073709551616")), Contains("does not fit"));
  CHECK_THAT(with_field("int32 x = 1;", json("1.5")), Contains("does not fit"));
}

TEST_CASE("symbols within JSON are names, numbers, or digits of numbers without a name") {
  CHECK(with_field("K x = 1;", json(R"("B")")) == "\x08\x05");
  CHECK(with_field("K x = 1;", json("5")) == "\x08\x05");
  CHECK(with_field("K x = 1;", json(R"("7")")) == "\x08\x07");
  CHECK_THAT(with_field("K x = 1;", json(R"("C")")),
             Contains("\"C\" does not fit") && Contains("the enum K"));
  CHECK_THAT(with_field("K x = 1;", json("1.5")), Contains("1.5 does not fit"));
  const std::string closed = "syntax = \"proto2\"; enum K { B = 5; } message R { optional K x = 1; }";
  CHECK(in_message(closed, {json(R"("5")")}) == "\x08\x05");
  CHECK_THAT(in_message(closed, {json("7")}), Contains("7 does not fit"));
}

TEST_CASE("a key of JSON is a whole message, unless the message has a field of its name") {
  const std::string key = "syntax = \"proto3\"; message K { int64 id = 1; optional string z = 2; }";
  const auto written = [&](const std::string& v, const std::string& name = "_key") {
    const auto row = row_with({json(v, name)});
    auto made = sink::make_message_encoder(key, {}, {*row.schema, {0}, true});
    REQUIRE(made);
    std::string out;
    return (*made)->append(out, row, 0) ? out : (*made)->why();
  };
  CHECK(written(R"({"id":7})") == "\x08\x07");
  CHECK(written(R"({"id":7,"z":null})") == "\x08\x07");
  CHECK_THAT(written(R"({"id":null})"), Contains("the column \"_key.id\": it is null"));
  CHECK_THAT(written("7"), Contains("the column \"_key\": 7 is not a message K"));
  CHECK_THAT(written("null"), Contains("null is not a message K"));
  CHECK(written("7", "id") == "\x08\x07");
}

TEST_CASE("each type of whole number of Protobuf is written, in its range") {
  CHECK(with_field("int64 x = 2;", number(-1)) == "\x10\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01");
  CHECK(with_field("int32 x = 2;", number(-1)) == "\x10\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01");
  CHECK(with_field("sint32 x = 1;", number(-2)) == "\x08\x03");
  CHECK(with_field("sint64 x = 1;", number(std::numeric_limits<std::int64_t>::min())) ==
        "\x08\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01");
  CHECK(with_field("uint32 x = 1;", number(4294967295)) == "\x08\xFF\xFF\xFF\xFF\x0F");
  CHECK(with_field("fixed32 x = 1;", number(1)) == "\x0D\x01\0\0\0"s);
  CHECK(with_field("sfixed32 x = 1;", number(-1)) == "\x0D\xFF\xFF\xFF\xFF");
  CHECK(with_field("fixed64 x = 1;", number(1)) == "\x09\x01\0\0\0\0\0\0\0"s);
  CHECK(with_field("uint64 x = 1;", digits({static_cast<__int128>(18446744073709551615ULL), 0})) ==
        "\x08\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01");
  CHECK(with_field("float x = 1;", number(2)) == "\x0D\0\0\0\x40"s);
  CHECK_THAT(with_field("int32 x = 1;", number(2147483648)),
             Contains("the column \"x\": 2147483648 does not fit"));
  CHECK_THAT(with_field("uint32 x = 1;", number(-1)), Contains("-1 does not fit"));
  CHECK_THAT(with_field("uint64 x = 1;", number(-1)), Contains("-1 does not fit"));
  CHECK_THAT(with_field("uint64 x = 1;", digits({static_cast<__int128>(18446744073709551615ULL) + 1, 0})),
             Contains("18446744073709551616 does not fit"));
  CHECK_THAT(with_field("double x = 1;", number((1LL << 53) + 1)), Contains("which is double"));
  CHECK_THAT(with_field("float x = 1;", {"x", type_id::float64, [](auto& b) { b.append_double(1e300); }}),
             Contains("which is float"));
}

TEST_CASE("a default is left out where the field has no presence, and null only where it has") {
  CHECK(with_field("int64 x = 1;", number(0)).empty());
  CHECK(with_field("optional int64 x = 1;", number(0)) == "\x08\0"s);
  CHECK(with_field("string x = 1;", word("")).empty());
  CHECK(with_field("optional int64 x = 1;", no_value(type_id::bigint)).empty());
  CHECK(with_field("google.protobuf.Int64Value x = 1;", no_value(type_id::bigint)).empty());
  CHECK(with_field("google.protobuf.Int64Value x = 1;", number(0)) == "\x0A\0"s);
  CHECK(with_field("google.protobuf.Int64Value x = 1;", number(3)) == "\x0A\x02\x08\x03");
  CHECK_THAT(with_field("int64 x = 1;", no_value(type_id::bigint)),
             Contains("the column \"x\": it is null, and the field \"x\" of the message R has no presence"));
  const std::string old = "syntax = \"proto2\"; message R { required int32 x = 1; optional int32 y = 2; }";
  CHECK_THAT(message_of(old, row_with({no_value(type_id::bigint)})), Contains("is required"));
  CHECK_THAT(message_of(old, row_with({number(1, "y")})),
             Contains("plan: the field \"x\" of the message R is required"));
}

TEST_CASE("texts are strings, bytes, enums and durations, and times are timestamps") {
  CHECK(with_field("bytes x = 1;", word("AAE=")) == "\x0A\x02\0\1"s);
  CHECK_THAT(with_field("bytes x = 1;", word("?")), Contains("which is bytes, written as base64"));
  CHECK(with_field("K x = 1;", word("B")) == "\x08\x05");
  CHECK(with_field("K x = 1;", word("7")) == "\x08\x07");
  CHECK_THAT(with_field("K x = 1;", word("C")), Contains("\"C\" is none of the enum K"));
  CHECK(with_field("google.protobuf.Duration x = 1;", word("-1.5s")) ==
        "\x0A\x16\x08\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01\x10\x80\xB6\xCA\x91\xFE\xFF\xFF\xFF\xFF\x01");
  for (const std::string wrong : {"1", "s", ".5s", "1.s", "1.1234567891s", "400000000000s"})
    CHECK_THAT(with_field("google.protobuf.Duration x = 1;", word(wrong)), Contains("which is a duration"));
  CHECK(with_field("google.protobuf.Timestamp x = 1;",
                   {"x", type_id::timestamp, [](auto& b) { b.append_int(-1); }}) ==
        "\x0A\x11\x08\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01\x10\x98\x8C\xEB\xDC\x03");
  CHECK_THAT(with_field("int64 x = 1;", word("1")), Contains("plan: ") && Contains("\"x\"::bigint"));
  CHECK_THAT(with_field("google.protobuf.Timestamp x = 1;", number(1)), Contains("to_timestamp(\"x\")"));
}

TEST_CASE("lists are repeated fields, packed where the schema has it so") {
  CHECK(with_field("repeated int64 x = 1;", numbers({1, 300})) == "\x0A\x03\x01\xAC\x02");
  CHECK(with_field("repeated int64 x = 1 [packed = false];", numbers({1, 300})) == "\x08\x01\x08\xAC\x02");
  CHECK(with_field("repeated int64 x = 1;", numbers({})).empty());
  CHECK(with_field("repeated int64 x = 1;", numbers({0})) == "\x0A\x01\0"s);
  CHECK_THAT(with_field("repeated int32 x = 1;", numbers({1, 1LL << 40})), Contains("the column \"x[1]\": "));
  CHECK_THAT(with_field("int32 x = 1;", numbers({1})), Contains("plan: "));
  CHECK_THAT(with_field("repeated int32 x = 1;", number(1)),
             Contains("plan: ") && Contains("repeated int32"));
}

TEST_CASE("JSON becomes maps, values and messages") {
  CHECK(with_field("map<string, int64> x = 1;", word(R"({"a":1})", type_id::json)) == "\x0A\x05\x0A\x01"
                                                                                      "a\x10\x01");
  CHECK(with_field("google.protobuf.Value x = 1;", word("true", type_id::json)) == "\x0A\x02\x20\x01");
  CHECK(with_field("google.protobuf.Struct x = 1;", word("{}", type_id::json)) == "\x0A\0"s);
  CHECK(with_field("string x = 1;", word("[1]", type_id::json)) == "\x0A\x03[1]");
  CHECK_THAT(with_field("map<string, int64> x = 1;", word(R"({"a":"b"})", type_id::json)),
             Contains("the column \"x\": ") && Contains("does not fit the field \"x\""));
  CHECK_THAT(with_field("map<string, int64> x = 1;", word("{}")), Contains("plan: ") && Contains("a map"));
}

TEST_CASE("a message is found by its name, and its place in the file is in front of each record") {
  const std::string several =
      "syntax = \"proto3\"; package a; message R { int32 x = 1; message In { int32 x = 1; } } "
      "message S { message T { int32 x = 1; message U { int32 x = 1; } } int32 x = 1; }";
  const auto row = row_with({number(1)});
  const auto head = [&](const std::string& message) {
    return sink::make_message_encoder(several, message, {*row.schema, {0}}).value()->head();
  };
  CHECK(head("a.R") == std::string(1, '\0'));
  CHECK(head("a.R.In") == "\4\0\0"s);
  CHECK(head("a.S") == "\2\2");
  CHECK(head("a.S.T.U") == "\6\2\0\0"s);
  CHECK_THAT(message_of(several, row), Contains("several messages") && Contains("\"message\""));
  CHECK_THAT(message_of(several, row, "S"), Contains("did you mean \"a.S\"?"));
}

TEST_CASE("columns that the message has no field for are refused, and so are two of one oneof in a row") {
  CHECK_THAT(
      with_field("int32 xs = 1;", number(1)),
      Contains("plan: the column \"x\" has no field in the message R; a select before it leaves it out") &&
          Contains("did you mean \"xs\"?"));
  const std::string choice = "syntax = \"proto3\"; message R { oneof o { int32 x = 1; string y = 2; } }";
  CHECK(message_of(choice, row_with({number(0), no_value(type_id::text, "y")})) == "\x08\0"s);
  CHECK_THAT(message_of(choice, row_with({number(0), word("", type_id::text, "y")})),
             Contains("another column of the oneof \"o\""));
  CHECK_THAT(message_of("syntax = \"proto3\"; import \"other.proto\"; message R {}", row_with({number(0)})),
             Contains("in one file"));
}

TEST_CASE("a long nested message has its length in front") {
  const type inner = type::object_of({{"t", type_id::text}});
  const auto row = row_with({{"x", inner, [](auto& b) {
                                b.child(0).append_text(std::string(300, 'a'));
                                b.append_object();
                              }}});
  CHECK(message_of("syntax = \"proto3\"; message R { In x = 1; } message In { string t = 1; }", row, "R") ==
        "\x0A\xAF\x02\x0A\xAC\x02" + std::string(300, 'a'));
}

TEST_CASE("a JSON Schema is compared with the columns by `required` and `additionalProperties` alone") {
  const auto row = row_with({number(1)});
  const auto made = [&](const std::string& schema, bool is_bare = false) {
    auto out = sink::make_json_encoder(schema, {*row.schema, {0}, is_bare});
    if (!out)
      return "plan: " + out.error().message;
    std::string text;
    REQUIRE((*out)->append(text, row, 0));
    return text;
  };
  CHECK(made(R"({"type":"object"})") == R"({"x":1})");
  CHECK(made(R"({"type":"object"})", true) == R"({"x":1})");
  CHECK(made(R"({"type":"integer"})", true) == "1");
  CHECK_THAT(made(R"({"required":["x","y"]})"), Contains("plan: the JSON Schema requires \"y\""));
  CHECK_THAT(made(R"({"properties":{"xs":{}},"additionalProperties":false})"),
             Contains("plan: the column \"x\" is none") && Contains("did you mean \"xs\"?"));
  CHECK_THAT(made("[1]"), Contains("plan: it is not a JSON Schema"));
}
