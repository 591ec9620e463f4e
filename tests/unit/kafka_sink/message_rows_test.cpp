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

}  // namespace

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
             Contains("the column \"x\": 2147483648 is no int32"));
  CHECK_THAT(with_field("uint32 x = 1;", number(-1)), Contains("-1 is no uint32"));
  CHECK_THAT(with_field("uint64 x = 1;", number(-1)), Contains("-1 is no uint64"));
  CHECK_THAT(with_field("uint64 x = 1;", digits({static_cast<__int128>(18446744073709551615ULL) + 1, 0})),
             Contains("18446744073709551616 is no uint64"));
  CHECK_THAT(with_field("double x = 1;", number((1LL << 53) + 1)), Contains("is no double"));
  CHECK_THAT(with_field("float x = 1;", {"x", type_id::float64, [](auto& b) { b.append_double(1e300); }}),
             Contains("is no float"));
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
  CHECK_THAT(with_field("bytes x = 1;", word("?")), Contains("is no base64"));
  CHECK(with_field("K x = 1;", word("B")) == "\x08\x05");
  CHECK(with_field("K x = 1;", word("7")) == "\x08\x07");
  CHECK_THAT(with_field("K x = 1;", word("C")), Contains("\"C\" is none of the enum K"));
  CHECK(with_field("google.protobuf.Duration x = 1;", word("-1.5s")) ==
        "\x0A\x16\x08\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01\x10\x80\xB6\xCA\x91\xFE\xFF\xFF\xFF\xFF\x01");
  for (const std::string wrong : {"1", "s", ".5s", "1.s", "1.1234567891s", "400000000000s"})
    CHECK_THAT(with_field("google.protobuf.Duration x = 1;", word(wrong)), Contains("is no duration"));
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
  CHECK_THAT(made("[1]"), Contains("plan: it is no JSON Schema"));
}
