#include "actors/parsers/protobuf/wire_reader.hpp"
#include "runtime/data/text_encoding.hpp"
#include "tests/support/scratch.hpp"
#include "tests/unit/protobuf_parser/protobuf_fixture.hpp"

#include <algorithm>
#include <filesystem>
#include <google/protobuf/descriptor.pb.h>

using namespace millrace;
using namespace millrace::parser;
using namespace std::string_literals;
using Catch::Matchers::Contains;

namespace {

std::string with_id(std::uint32_t id, const std::string& rest) {
  std::string out(1, '\0');
  for (int shift = 24; shift >= 0; shift -= 8)
    out += static_cast<char>(id >> shift);
  return out + rest;
}

std::string error_of_source(const std::string& text) {
  const auto s = protobuf::schema::of_source(text, "x.proto");
  return s ? "" : s.error().message;
}

const std::string simple = R"(syntax = "proto3";
message M { int64 id = 1; string name = 2; M more = 3; optional bool b = 4; repeated int32 n = 5; oneof o { int32 x = 6; M y = 7; string z = 8; } })";

}  // namespace

TEST_CASE("a record of every type, which Python has written, becomes the columns of its schema") {
  const auto every = schema_of_file("every_type.proto");
  const auto row = row_of({every, "shop.Every"}, bytes_of_file(protobuf_folder + "golden/every.bin"));
  CHECK(
      row ==
      R"({"real":1.5,"small":0.25,"i32":-3,"i64":-9223372036854775808,"u32":4294967295,"u64":18446744073709551615,)"
      R"("s32":-2147483648,"s64":-5,"f32":7,"f64":18446744073709551614,"sf32":-8,"sf64":-9,"flag":true,)"
      R"("text":"Zoë","raw":"AP8=","color":"BLUE","maybe":0,"point":{"lat":52.5,"lon":0},"packed":[1,-1,300],)"
      R"("unpacked":[4,5],"words":["a",""],"lines":[{"sku":"x","count":2,"points":[{"lat":1,"lon":0}]},)"
      R"({"sku":"y","count":0,"points":[]}],"counts":{"a":1,"b":2},"places":{"-1":{"lat":3,"lon":0}},)"
      R"("by_name":null,"by_id":9,"by_place":null,"at":"2021-04-24T19:55:00.796Z","took":"-1.500s","wrapped":0,)"
      R"("wrapped_text":"w","details":{"k":[1,null,true,{"x":"y"}]},"any_value":2.5,"list":["one",2],)"
      R"("tree":{"name":"root","children":[{"name":"leaf","children":[]}]},"inner":{"id":1},"colors":["RED","5"],)"
      R"("times":["1970-01-01T00:00:01Z"],"far":12})");
  const auto empty = row_of({every, "shop.Every"}, "");
  CHECK_THAT(
      empty,
      Contains(R"("flag":false,"text":"","raw":"","color":"NONE","maybe":null,"point":null,"packed":[])"));
  CHECK_THAT(empty, Contains(R"("lines":[],"counts":{},"places":{},"by_name":null)"));
  CHECK_THAT(empty, Contains(R"("tree":null,"inner":null,"colors":[],"times":[],"far":0})"));
}

TEST_CASE(
    "proto2: unset fields are null, a required one that is missing is a dead letter, enums are closed") {
  const auto older = schema_of_file("older.proto");
  const protobuf_case c{older, "old.Order"};
  CHECK(row_of(c, bytes_of_file(protobuf_folder + "golden/older.bin")) ==
        R"({"id":1,"note":null,"kind":"SECOND","kinds":["FIRST","SECOND"],"item":[{"sku":"s","count":1}],)"
        R"("by_name":{"n":-1},"one":{"v":4},"raw":"cg==","numbers":[1,2]})");
  CHECK(
      row_of(c, field(1, 5) + field(3, 99) + field(4, 99) + field(4, 2)) ==
      R"({"id":5,"note":null,"kind":null,"kinds":["SECOND"],"item":[],"by_name":{},"one":null,"raw":null,"numbers":[]})");
  // An unknown number does not replace a known one.
  CHECK_THAT(row_of(c, field(1, 5) + field(3, 1) + field(3, 99)), Contains(R"("kind":"FIRST")"));
  CHECK_THAT(row_of(c, field(3, 1)), Contains("dead: column \"id\": it is required"));
  CHECK_THAT(row_of(c, field(1, 1) + "\x2b\x2c"s), Contains("dead: column \"item.sku\": it is required"));
  // Packed, although the schema says they are not.
  CHECK_THAT(row_of(c, field(1, 1) + field(9, "\1\2"s)), Contains(R"("numbers":[1,2])"));
}

TEST_CASE("fields that come twice: the last scalar counts, messages are merged, a oneof has one member") {
  const protobuf_case c{schema_of(simple), "M"};
  const auto more = [](const std::string& m) { return field(3, m); };
  CHECK_THAT(row_of(c, field(1, 1) + field(1, 2)), Contains(R"("id":2)"));
  CHECK_THAT(row_of(c, more(field(1, 7) + field(5, 1)) + more(field(2, "n"s) + field(5, 2))),
             Contains(R"("more":{"id":7,"name":"n","n":[1,2]})"));
  CHECK_THAT(row_of(c, field(6, 1) + field(8, "z"s)), Contains(R"("x":null,"y":null,"z":"z")"));
  // The first y was replaced by x, so that nothing of it is left.
  CHECK_THAT(row_of(c, field(7, field(1, 9)) + field(6, 1) + field(7, field(2, "q"s))),
             Contains(R"("x":null,"y":{"id":0,"name":"q","n":[]},"z":null)"));
  CHECK_THAT(row_of(c, more(field(7, field(1, 9)) + field(6, 1) + field(7, field(2, "q"s)))),
             Contains(R"("more":{"id":0,"name":"","n":[],"y":{"id":0,"name":"q","n":[]}})"));
}

TEST_CASE("declared columns are a part of the message, and of other types") {
  const auto every = schema_of_file("every_type.proto");
  protobuf_case c{every, "shop.Every"};
  c.columns = {{"i32", data::type_id::float64},
               {"u64", data::type_id::text},
               {"lines", data::type::list_of(data::type::object_of({{"count", data::type_id::bigint}}))},
               {"point", data::type_id::json},
               {"words", data::type_id::json},
               {"text", data::type_id::json}};
  CHECK(
      row_of(c, bytes_of_file(protobuf_folder + "golden/every.bin")) ==
      R"({"i32":-3,"u64":"18446744073709551615","lines":[{"count":2},{"count":0}],"point":{"lat":52.5,"lon":0},)"
      R"("words":["a",""],"text":"Zoë"})");
  c.used = {false, true, false, true, false, true};
  CHECK(row_of(c, bytes_of_file(protobuf_folder + "golden/every.bin")) ==
        R"({"u64":"18446744073709551615","point":{"lat":52.5,"lon":0},"text":"Zoë"})");
}

TEST_CASE("declared columns that the message cannot fill are told with a remedy") {
  const auto every = schema_of_file("every_type.proto");
  protobuf::message_shapes shapes;
  const auto& shape = shapes.of(**every->find("shop.Every"));
  const auto why = [&](const std::string& name, const data::type& type) {
    const std::vector<data::field> declared{{name, type}};
    const std::vector<parser_options::timestamp_format> formats(1);
    const auto p = protobuf::plan_of(shape, declared, formats, false);
    return p.unfit.empty() ? std::string() : p.unfit[0].message;
  };
  using data::type_id;
  CHECK(why("i32", type_id::bigint).empty());
  CHECK_THAT(why("txet", type_id::text), Contains("did you mean \"text\"?"));
  CHECK_THAT(why("text", type_id::bigint), Contains("declare it text"));
  CHECK_THAT(why("counts", type_id::text), Contains("the field is a map; declare it json"));
  CHECK_THAT(why("words", type_id::text), Contains("the field is repeated; declare it json"));
  CHECK_THAT(why("point", type_id::text), Contains("the message shop.Point; declare it json"));
  CHECK_THAT(why("point", data::type::object_of({{"lan", type_id::float64}})),
             Contains("its member \"lan\""));
  CHECK_THAT(why("details", type_id::text), Contains("declare it json"));
  CHECK_THAT(why("i64", type_id::timestamp), Contains("format"));
}

TEST_CASE("bytes that are no message are dead letters, and leave nothing behind") {
  const protobuf_case c{schema_of(simple), "M"};
  const auto whole =
      field(1, 1) + field(2, "name"s) + field(3, field(1, 2) + field(5, 3)) + field(5, "\1\2"s);
  const auto good = row_of(c, whole);
  std::vector<std::string> records;
  for (std::size_t size = 0; size <= whole.size(); ++size)
    records.push_back(whole.substr(0, size));
  const auto rows = rows_of(c, records);
  CHECK(rows.back() == good);
  for (std::size_t i = 0; i < rows.size(); ++i)
    CHECK(rows[i] == row_of(c, records[i]));
  CHECK_THAT(row_of(c, whole.substr(0, whole.size() - 1)),
             Contains("dead: column \"n\": its bytes are cut off"));
  CHECK_THAT(row_of(c, field(1, "text"s)),
             Contains("dead: column \"id\": the record has bytes with a length as field 1"));
  CHECK_THAT(row_of(c, field(2, "\xff"s)), Contains("dead: column \"name\": the text is not UTF-8"));
  CHECK_THAT(row_of(c, field(3, field(3, field(2, "\xff"s)))), Contains("dead: column \"more"));
  CHECK_THAT(row_of(c, "\0"s), Contains("dead: the record: its bytes are cut off"));
  CHECK_THAT(row_of(c, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"s), Contains("dead: "));
  CHECK_THAT(row_of(c, field(2, "x"s) + varint(1 << 3 | 4)), Contains("dead: "));
  // Fields that the schema does not have are passed over, groups too.
  CHECK_THAT(
      row_of(c, field(900, "x"s) + varint(901 << 3 | 3) + field(1, 8) + varint(901 << 3 | 4) + field(1, 3)),
      Contains("\"id\":3"));
}

TEST_CASE("hostile records: deep ones, and ones of many small parts, stay small and fast") {
  const protobuf_case c{schema_of(simple), "M"};
  const auto nested = [](int depth) {
    auto out = field(1, 1);
    for (int i = 0; i < depth; ++i)
      out = field(3, out);
    return out;
  };
  CHECK_THAT(row_of(c, nested(100)), Contains("{\"id\""));
  CHECK_THAT(row_of(c, nested(101)), Contains("nest deeper than 100"));
  CHECK_THAT(row_of(c, nested(5'000)), Contains("nest deeper than 100"));
  CHECK_THAT(row_of(c, std::string(5'000, '\x1b')), Contains("dead: "));
  std::string merged;  // half a million parts of one message
  for (int i = 0; i < 300'000; ++i)
    merged += field(3, field(1, static_cast<std::uint64_t>(i)));
  CHECK_THAT(row_of(c, merged), Contains("\"more\":{\"id\":299999"));
  const auto map =
      schema_of("syntax=\"proto3\"; message M { map<string, int32> m = 1; map<int32, M> n = 2; }");
  CHECK_THAT(row_of({map, "M"}, field(2, field(1, static_cast<std::uint64_t>(-7)) + field(2, "\n"s))),
             Contains("column \"n[-7]"));
  std::string entries;
  for (int i = 0; i < 1'000'000; ++i)
    entries += field(1, field(1, std::to_string(i % 700'000)) + field(2, static_cast<std::uint64_t>(i)));
  const auto row = row_of({map, "M"}, entries);
  CHECK(std::count(row.begin(), row.end(), ':') == 700'002);
  CHECK_THAT(row.substr(0, 40), Contains(R"({"m":{"0":700000,"1":700001,"10":700010)"));
  // Two bytes that stand for a thousand values each.
  std::string wide = "syntax=\"proto3\"; message W { ";
  for (int i = 1; i <= 1'000; ++i)
    wide += "int64 f" + std::to_string(i) + " = " + std::to_string(i) + "; ";
  wide += "} message M { repeated W w = 1; }";
  std::string elements;
  for (int i = 0; i < 100'000; ++i)
    elements += field(1, ""s);
  CHECK_THAT(row_of({schema_of(wide), "M"}, elements), Contains("more than 256 times the record's bytes"));
  CHECK_THAT(row_of({schema_of(wide), "M", prefix_form::none, {{"w", data::type_id::json}}}, elements),
             Contains("more than 256 times the record's bytes"));
}

TEST_CASE("Confluent's indexes choose the message, which must be the one of the option") {
  const auto s =
      schema_of(R"(syntax = "proto3"; package p; message A { int32 a = 1; message N { int32 n = 1; } }
                              message B { message C { message D { int32 d = 1; } } int32 b = 1; })");
  const auto read = [&](const std::string& message, const std::string& indexes, const std::string& body,
                        const std::string& column) {
    return row_of({s, message, prefix_form::confluent, {{column, data::type_id::bigint}}},
                  with_id(7, indexes + body));
  };
  CHECK(read("", "\0"s, field(1, 5), "a") == R"({"a":5})");
  CHECK(read("p.A", "\2\0"s, field(1, 5), "a") == R"({"a":5})");
  CHECK(read("", "\2\2"s, field(1, 6), "b") == R"({"b":6})");
  CHECK(read("", "\4\0\0"s, field(1, 7), "n") == R"({"n":7})");
  CHECK(read("p.B.C.D", "\6\2\0\0"s, field(1, 8), "d") == R"({"d":8})");
  CHECK(read("p.A", "\2\2"s, "", "a") == R"(dead: the record is the message p.B, and "message" says p.A)");
  CHECK_THAT(read("", "\2\4"s, "", "a"), Contains("ask for message 2 of the schema, which has 2"));
  CHECK_THAT(read("", "\2\1"s, "", "a"), Contains("ask for message"));
  CHECK_THAT(read("", "\1"s, "", "a"), Contains("message indexes"));
  CHECK_THAT(read("", "\6\2"s, "", "a"), Contains("ends within the message indexes"));
  CHECK_THAT(row_of({s, "p.A", prefix_form::confluent}, "\1x"s), Contains("dead: "));
}

TEST_CASE("Apicurio's reference names the message") {
  const auto s =
      schema_of(R"(syntax = "proto3"; package p; message A { int32 a = 1; } message B { int32 a = 1; })");
  const auto read = [&](const std::string& message, const std::string& reference) {
    return row_of({s, message, prefix_form::apicurio, {{"a", data::type_id::bigint}}},
                  "\0\0\0\0\0\0\0\0\7"s + reference + field(1, 5));
  };
  const auto named = [](const std::string& name) { return varint(name.size() + 2) + field(1, name); };
  CHECK(read("", named("B")) == R"({"a":5})");
  CHECK(read("p.B", named("p.B")) == R"({"a":5})");
  CHECK(read("p.B", "\0"s) == R"({"a":5})");
  CHECK_THAT(read("", "\0"s), Contains("nothing says which message the record is"));
  CHECK(read("p.B", named("A")) == R"(dead: the record is the message p.A, and "message" says p.B)");
  CHECK_THAT(read("", named("C")), Contains("there is no message \"C\""));
}

TEST_CASE("each record is read by the schema of its own id") {
  auto registered = std::make_shared<source::record_schemas>();
  const auto text = [](const char* t) { return std::make_shared<const std::string>(t); };
  registered->by_id[1] = text("syntax=\"proto3\"; message M { int32 a = 1; }");
  registered->by_id[2] = text("syntax=\"proto3\"; message M { string b = 1; int64 a = 2; }");
  registered->by_id[3] = text("syntax=\"proto3\"; message M { int32 a = 1 }");
  registered->by_id[4] = text("syntax=\"proto3\"; import \"other.proto\"; message M { int32 a = 1; }");
  registered->by_id[5] = text("syntax=\"proto3\"; message M { string a = 1; }");
  registered->unknown[6] = "the registry has no schema of id 6";
  protobuf_case c{nullptr,
                  "",
                  prefix_form::confluent,
                  {{"a", data::type_id::bigint}, {"b", data::type_id::text}},
                  registered};
  const auto rows = rows_of(c, {with_id(1, "\0"s + field(1, 5)),
                                with_id(2, "\0"s + field(1, "x"s) + field(2, 6)), with_id(3, "\0"s),
                                with_id(4, "\0"s), with_id(5, "\0"s), with_id(6, "\0"s), with_id(7, "\0"s)});
  CHECK(rows[0] == R"({"a":5,"b":null})");
  CHECK(rows[1] == R"({"a":6,"b":"x"})");
  CHECK_THAT(rows[2], Contains("dead: the schema of id 3:1:42: "));
  CHECK_THAT(rows[3], Contains("dead: the schema of id 4:") && Contains("other.proto"));
  CHECK_THAT(rows[4], Contains("dead: column \"a\": it holds text"));
  CHECK(rows[5] == "dead: the registry has no schema of id 6");
  CHECK_THAT(rows[6], Contains("the schema of id 7 is not known"));
  // With a schema file, fields go by their numbers in it.
  c.schema = schema_of("syntax=\"proto3\"; message M { int32 renamed = 1; }");
  c.message = "M";
  c.columns = {{"renamed", data::type_id::bigint}};
  CHECK(row_of(c, with_id(1, "\0"s + field(1, 5))) == R"({"renamed":5})");
}

TEST_CASE("schemas: errors have a place, names are suggested, hostile text is bounded") {
  CHECK_THAT(error_of_source("syntax = \"proto3\";\nmessage M {\n  int32 a = 1\n}"),
             Contains("x.proto:4:1: Expected \";\"."));
  CHECK_THAT(error_of_source("syntax = \"proto3\";\nmessage M {\n  Nowhere a = 1;\n}"),
             Contains("x.proto:3:3: M.a: \"Nowhere\" is not defined"));
  CHECK_THAT(error_of_source("// new\nedition = \"2023\";\nmessage M { int32 a = 1; }"),
             Contains("x.proto:2:1: it is written in the edition \"2023\"") &&
                 Contains("syntax = \"proto3\""));
  CHECK_THAT(error_of_source("syntax = \"proto3\";\nimport \"b.proto\";"), Contains("x.proto:2:1: b.proto"));
  std::string deep = "syntax = \"proto3\";";
  for (int i = 0; i < 100'000; ++i)
    deep += "message M {";
  CHECK_THAT(error_of_source(deep), Contains("nested deeper than 100"));
  CHECK_THAT(error_of_source(std::string(protobuf::most_schema_bytes + 1, ' ')),
             Contains("more than 5000000 bytes"));
  CHECK(protobuf::schema::of_descriptors("\1\2\3", "x").error().message.starts_with("x: it is neither"));
  const auto every = schema_of_file("every_type.proto");
  CHECK_THAT(every->find("shop.Everyx").error().message, Contains("did you mean \"shop.Every\"?"));
  CHECK_THAT(every->find("Every").error().message, Contains("did you mean \"shop.Every\"?"));
  CHECK(every->only_message() == nullptr);
  // Two fields of each of thirty messages within one another.
  std::string wide = "syntax = \"proto3\"; message M30 { int32 a = 1; }";
  for (int i = 29; i >= 0; --i)
    wide += "message M" + std::to_string(i) + " { M" + std::to_string(i + 1) + " a = 1; M" +
            std::to_string(i + 1) + " b = 2; }";
  const auto columns = protobuf::columns_of(**schema_of(wide)->find("M0"));
  REQUIRE_FALSE(columns);
  CHECK_THAT(columns.error().message, Contains("more than 10000 fields"));
  // A message of somebody else's that is called as a well-known one.
  const protobuf_case c{schema_of("syntax=\"proto3\"; package google.protobuf; message Value { int32 a = 1; "
                                  "} message M { Value v = 1; }"),
                        "google.protobuf.M"};
  CHECK(row_of(c, field(1, field(1, 3))) == R"({"v":{"a":3}})");
}

TEST_CASE("a schema is also a descriptor of its file in base64, as some serializers give it to a registry") {
  const auto source = protobuf::schema::of_source(
      "syntax = \"proto3\"; package a; import \"google/protobuf/timestamp.proto\"; "
      "message M { google.protobuf.Timestamp t = 1; int32 n = 2; }",
      "x");
  REQUIRE(source);
  google::protobuf::FileDescriptorProto file;
  (*source)->file().CopyTo(&file);
  const auto again = protobuf::schema::of_source(data::base64(file.SerializeAsString()), "y");
  REQUIRE(again);
  CHECK((*again)->bytes() == (*source)->bytes());
  CHECK_FALSE(protobuf::schema::of_source(data::base64("no descriptor"), "y"));
  file.set_name("google/protobuf/any.proto");
  const auto none = protobuf::schema::of_source(data::base64(file.SerializeAsString()), "y");
  REQUIRE_FALSE(none);
  CHECK(none.error().message == "y: it has the well-known types alone");
}

TEST_CASE("the bytes of a schema are the same wherever its files lie, and give the same schema") {
  const auto every = schema_of_file("every_type.proto");
  const auto bytes = every->bytes();
  const auto again = protobuf::schema::of_descriptors(bytes, "again");
  REQUIRE(again);
  CHECK((*again)->bytes() == bytes);
  const test::scratch folder;
  const auto& root = folder.path();
  std::filesystem::create_directories(root / "a" / "b");
  const auto write = [&](const std::string& name, const std::string& text) {
    std::ofstream(root / name) << text;
  };
  write("a/b/main.proto", "syntax=\"proto3\"; import \"beside.proto\"; import \"b/beside.proto\"; import "
                          "\"a/above.proto\"; message M { B b = 1; A a = 2; }");
  write("a/b/beside.proto", "syntax=\"proto3\"; import \"google/protobuf/timestamp.proto\"; message B { "
                            "google.protobuf.Timestamp at = 1; }");
  write("a/above.proto", "syntax=\"proto3\"; message A { int32 a = 1; }");
  const auto main = protobuf::schema::of_file((root / "a/b/main.proto").string());
  CHECK_FALSE(main);  // one file is imported twice, by two names
  write("a/b/main.proto", "syntax=\"proto3\"; import \"beside.proto\"; import \"a/above.proto\"; message M { "
                          "B b = 1; A a = 2; }");
  const auto good = protobuf::schema::of_file((root / "a/b/main.proto").string());
  INFO((good ? std::string() : good.error().message));
  REQUIRE(good);
  CHECK((*good)->only_message()->full_name() == "M");
  write("set.bin", (*good)->bytes());
  const auto set = protobuf::schema::of_file((root / "set.bin").string());
  REQUIRE(set);
  CHECK((*set)->bytes() == (*good)->bytes());
  write("a/above.proto", "syntax=\"proto3\"; import \"missing.proto\"; message A { int32 a = 1; }");
  CHECK_THAT(protobuf::schema::of_file((root / "a/b/main.proto").string()).error().message,
             Contains("above.proto:1:18: import \"missing.proto\": there is no such file"));
  write("a/above.proto", "syntax=\"proto3\"; import \"b/main.proto\"; message A { int32 a = 1; }");
  CHECK_THAT(protobuf::schema::of_file((root / "a/b/main.proto").string()).error().message,
             Contains("imports itself"));
}
