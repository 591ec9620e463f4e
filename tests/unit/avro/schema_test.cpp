#include "runtime/avro/schema.hpp"
#include "runtime/avro/skip.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <limits>

using namespace millrace;
using Catch::Matchers::Contains;

namespace {

avro::schema_ptr schema_of(std::string_view text) {
  auto s = avro::parse_schema(text);
  if (!s)
    FAIL(s.error().message);
  return *s;
}

std::string error_of(std::string_view text) {
  const auto s = avro::parse_schema(text);
  if (s)
    return "no error";
  CHECK(s.error().code == ec::invalid_argument);
  CHECK(s.error().whose == fault::user);
  return s.error().message;
}

std::string record_of(std::string_view type) {
  return fmt::format(R"({{"type":"record","name":"r","fields":[{{"name":"f","type":{}}}]}})", type);
}

std::optional<std::size_t> length(std::string_view schema, std::string_view bytes) {
  return avro::length_of(*schema_of(schema), bytes);
}

using namespace std::string_view_literals;

}  // namespace

TEST_CASE("a schema is a tree of types whose names are resolved by their namespace") {
  const auto s = schema_of(
      R"({"type":"record","name":"Order","namespace":"org.shop","doc":"x","aliases":["Old","a.b.Older"],
    "fields":[{"name":"money","type":{"type":"fixed","name":"Money","size":8}},
              {"name":"other","type":["null","Money","org.shop.Order"],"aliases":["former"]},
              {"name":"kind","type":{"type":"enum","name":"in.Kind","symbols":["A","B"],"default":"B"}},
              {"name":"again","type":{"type":"array","items":"in.Kind"}},
              {"name":"nested","type":{"type":{"type":"map","values":"long"}}}]})");
  const auto& root = s->root();
  CHECK(root.name == "org.shop.Order");
  CHECK(root.aliases == std::vector<std::string>{"org.shop.Old", "a.b.Older"});
  REQUIRE(root.fields.size() == 5);
  const auto& other = (*s)[root.fields[1].of];
  REQUIRE(other.of.size() == 3);
  CHECK(other.of[1] == root.fields[0].of);
  CHECK(other.of[2] == s->root_index());
  CHECK(root.fields[1].aliases == std::vector<std::string>{"former"});
  const auto& kind = (*s)[root.fields[2].of];
  CHECK(kind.name == "in.Kind");
  CHECK(kind.other == 1);
  CHECK((*s)[root.fields[3].of].of.front() == root.fields[2].of);
  CHECK((*s)[root.fields[4].of].is == avro::kind::map);
  CHECK(avro::describe(*s, root.fields[1].of) ==
        "union of null, fixed org.shop.Money, record org.shop.Order");
}

TEST_CASE("logical types count where they fit their type, and are none where they do not") {
  const auto meaning = [](std::string_view type) {
    const auto s = schema_of(record_of(type));
    return (*s)[s->root().fields[0].of].means;
  };
  using avro::meaning;
  CHECK(meaning(R"({"type":"int","logicalType":"date"})") == meaning::date);
  CHECK(meaning(R"({"type":"long","logicalType":"date"})") == meaning::none);
  CHECK(meaning(R"({"type":"int","logicalType":"time-millis"})") == meaning::time_millis);
  CHECK(meaning(R"({"type":"long","logicalType":"time-micros"})") == meaning::time_micros);
  CHECK(meaning(R"({"type":"long","logicalType":"timestamp-millis"})") == meaning::timestamp_millis);
  CHECK(meaning(R"({"type":"long","logicalType":"local-timestamp-micros"})") == meaning::timestamp_micros);
  CHECK(meaning(R"({"type":"string","logicalType":"uuid"})") == meaning::uuid);
  CHECK(meaning(R"({"type":"fixed","name":"u","size":16,"logicalType":"uuid"})") == meaning::uuid);
  CHECK(meaning(R"({"type":"bytes","logicalType":"decimal","precision":4,"scale":2})") == meaning::decimal);
  CHECK(meaning(R"({"type":"bytes","logicalType":"decimal","precision":4,"scale":5})") == meaning::none);
  CHECK(meaning(R"({"type":"bytes","logicalType":"decimal"})") == meaning::none);
  CHECK(meaning(R"({"type":"fixed","name":"u","size":2,"logicalType":"decimal","precision":4})") ==
        meaning::decimal);
  CHECK(meaning(R"({"type":"fixed","name":"u","size":2,"logicalType":"decimal","precision":5})") ==
        meaning::none);
  CHECK(meaning(R"({"type":"fixed","name":"u","size":16,"logicalType":"decimal","precision":38})") ==
        meaning::decimal);
  CHECK(meaning(R"({"type":"long","logicalType":"of our own"})") == meaning::none);
}

TEST_CASE("a default is kept as the datum that a writer would have written") {
  const auto datum = [](std::string_view type, std::string_view value) {
    const auto s = schema_of(fmt::format(
        R"({{"type":"record","name":"r","fields":[{{"name":"f","type":{},"default":{}}}]}})", type, value));
    const auto& f = s->root().fields[0];
    CHECK(f.default_datum.has_value() == f.default_problem.empty());
    return f.default_datum.value_or(f.default_problem);
  };
  CHECK(datum(R"("int")", "-3") == "\x05");
  CHECK(datum(R"("int")", "3000000000") == "the default 3000000000 does not fit its type, int");
  CHECK(datum(R"("long")", "300") == "\xD8\x04");
  CHECK(datum(R"("double")", "1.50") == "\0\0\0\0\0\0\xF8\x3F"sv);
  CHECK(datum(R"("float")", "1") == "\0\0\x80\x3F"sv);
  CHECK(datum(R"("boolean")", "true") == "\1");
  CHECK(datum(R"("string")", R"("ab")") == "\4ab");
  CHECK(datum(R"("bytes")", R"("\u00FFa")") == "\4\xFF"
                                               "a");
  CHECK(datum(R"("bytes")", R"("\u0100")") == "the default \"\u0100\" does not fit its type, bytes");
  CHECK(datum(R"(["null","string"])", "null") == "\0"sv);
  CHECK(datum(R"(["string","null"])", "null") == "\2");
  CHECK(datum(R"({"type":"array","items":"int"})", "[1,2]") == "\4\2\4\0"sv);
  CHECK(datum(R"({"type":"array","items":"int"})", "[]") == "\0"sv);
  CHECK(datum(R"({"type":"map","values":"int"})", R"({"a":1})") == "\2\2a\2\0"sv);
  CHECK(datum(R"({"type":"enum","name":"e","symbols":["A","B"]})", R"("B")") == "\2");
  CHECK(
      datum(
          R"({"type":"record","name":"n","fields":[{"name":"a","type":"int"},{"name":"b","type":"int","default":7}]})",
          R"({"a":1})") == "\2\x0E");
  CHECK(datum(R"({"type":"record","name":"n","fields":[{"name":"a","type":"int"}]})", "{}") ==
        "the default (an object) does not fit its type, record");
}

TEST_CASE("defaults that would grow without end are none") {
  const auto s = schema_of(
      R"({"type":"record","name":"r","fields":[{"name":"f","type":"r","default":{}},{"name":"g","type":"r","default":{}}]})");
  CHECK_THAT(s->root().fields[0].default_problem, Contains("nested deeper than 64 levels"));
  std::string chain = R"({"type":"record","name":"r0","fields":[{"name":"v","type":"long","default":1}]})";
  std::string fields = fmt::format(R"({{"name":"f0","type":{}}})", chain);
  for (int i = 1; i < 60; ++i)
    fields += fmt::format(
        R"(,{{"name":"f{0}","type":{{"type":"record","name":"r{0}","fields":[{{"name":"a","type":"r{1}","default":{{}}}},{{"name":"b","type":"r{1}","default":{{}}}}]}},"default":{{}}}})",
        i, i - 1);
  const auto many = schema_of(fmt::format(R"({{"type":"record","name":"r","fields":[{}]}})", fields));
  CHECK(many->root().fields[3].default_datum == std::string(8, '\2'));
  CHECK_THAT(many->root().fields[59].default_problem, Contains("more than 1048576 bytes"));
}

TEST_CASE("an error of a schema says where it is and what is expected") {
  CHECK_THAT(error_of("{"), Contains("is not JSON"));
  CHECK_THAT(error_of(std::string(6 << 20, ' ')), Contains("expected at most 5242880"));
  CHECK(error_of("5") ==
        "the Avro schema, at its root: found 5, expected a type: a name, an object with \"type\", or "
        "a list (a union)");
  CHECK_THAT(error_of(R"("strin")"), Contains("there is no type strin; expected null, boolean"));
  CHECK_THAT(error_of("{}"), Contains("\"type\" is missing"));
  CHECK_THAT(error_of(R"({"type":"record","fields":[]})"),
             Contains("\"name\" is missing; expected the name of the record"));
  CHECK_THAT(error_of(R"({"type":"record","name":"r"})"), Contains("\"fields\" is missing"));
  CHECK(error_of(record_of(R"({"type":"array","items":"x"})"))
            .starts_with("the Avro schema, at /fields/0/type/items: there is no type x"));
  CHECK_THAT(error_of(record_of(R"(["int","int"])")), Contains("the union has int twice"));
  CHECK_THAT(error_of(record_of(R"(["int",["null"]])")),
             Contains("at /fields/0/type/1: a union stands directly in a union"));
  CHECK_THAT(error_of(record_of("[]")), Contains("the union has no branch"));
  CHECK_THAT(error_of(record_of(R"({"type":"fixed","name":"x","size":-1})")), Contains("/size: found -1"));
  CHECK_THAT(error_of(record_of(R"({"type":"enum","name":"x","symbols":["a","a"]})")),
             Contains("has a twice"));
  CHECK_THAT(error_of(record_of(R"({"type":"enum","name":"x","symbols":["a"],"default":"b"})")),
             Contains("one of the enum's symbols"));
  CHECK_THAT(error_of(record_of(R"({"type":"fixed","name":"r","size":1})")), Contains("the name r is taken"));
  CHECK_THAT(
      error_of(
          R"({"type":"record","name":"r","fields":[{"name":"f","type":"int"},{"name":"f","type":"int"}]})"),
      Contains("has a field f already"));
  CHECK_THAT(
      error_of(record_of(fmt::format(R"({{"type":"fixed","name":"{}","size":1}})", std::string(1001, 'x')))),
      Contains("more than 1000 bytes"));
  std::string deep = "\"int\"";
  for (int i = 0; i < 300; ++i)
    deep = fmt::format(R"({{"type":"array","items":{}}})", deep);
  CHECK_THAT(error_of(deep), Contains("nested deeper than 256 levels"));
}

TEST_CASE("the length of a datum is known without reading it") {
  CHECK(length(R"("null")", "") == 0);
  CHECK(length(R"("long")", "\x80\x01rest") == 2);
  CHECK(length(R"("long")", "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01") == 10);
  CHECK(length(R"("long")", "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x02") == std::nullopt);
  CHECK(length(R"("long")", "\x80") == std::nullopt);
  CHECK(length(R"("string")", "\6abcd") == 4);
  CHECK(length(R"("string")", "\6ab") == std::nullopt);
  CHECK(length(R"("bytes")", "\1") == std::nullopt);
  CHECK(length(R"(["null","long"])", "\2\2") == 2);
  CHECK(length(R"(["null","long"])", "\4\2") == std::nullopt);
  // A value that is none has an end all the same, behind which the next record begins.
  CHECK(length(R"("int")", "\x80\x80\x80\x80\x10") == 5);
  CHECK(length(R"({"type":"enum","name":"e","symbols":["a"]})", "\2") == 1);
  CHECK(length(R"({"type":"array","items":"double"})", "\2"
                                                       "12345678\0x"sv) == 10);
  CHECK(length(R"({"type":"array","items":"string"})", "\2\2a\4\2b\2c\0"sv) == 9);
  // a block of two items with its bytes in front, which nobody reads
  CHECK(length(R"({"type":"array","items":"string"})", "\3\6xyz\0"sv) == 6);
  CHECK(length(R"({"type":"array","items":"string"})", "\3\x10xyz\0"sv) == std::nullopt);
  CHECK(length(R"({"type":"map","values":"long"})", "\2\2k\2\0"sv) == 5);
  CHECK(length(record_of(R"({"type":"fixed","name":"x","size":3})"), "abcd") == 3);
}

TEST_CASE("hostile bytes end soon") {
  const std::string giant = "\xFE\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01";
  const std::string least = "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01";
  for (const auto& bytes : {giant, least, giant + std::string(100, '\2'), least + giant}) {
    CHECK(length(R"("bytes")", bytes) == std::nullopt);
    CHECK(length(R"({"type":"array","items":"null"})", bytes) == std::nullopt);
    CHECK(length(R"({"type":"array","items":"double"})", bytes) == std::nullopt);
    CHECK(length(R"({"type":"array","items":{"type":"fixed","name":"x","size":2147483647}})", bytes) ==
          std::nullopt);
    CHECK(length(R"({"type":"map","values":"null"})", bytes) == std::nullopt);
    CHECK(length(R"({"type":"array","items":{"type":"record","name":"e","fields":[]}})", bytes) ==
          std::nullopt);
  }
  const auto list = record_of(R"(["null","r"])");
  CHECK(length(list, std::string(100'000, '\2')) == std::nullopt);
  CHECK(length(list, std::string(200, '\2') + std::string(1, '\0')) == 201);
  CHECK(length(R"({"type":"record","name":"r","fields":[{"name":"f","type":"r"},{"name":"g","type":"r"}]})",
               "") == std::nullopt);
  // 64 nulls are taken, and no more, in how many blocks whatsoever
  CHECK(length(R"({"type":"array","items":"null"})", "\x80\x01\0"sv) == 3);
  CHECK(length(R"({"type":"array","items":"null"})", "\x80\x01\2\0"sv) == std::nullopt);
}
